//! How each root field is tried.
use serde_json::{Value, json};

use super::{Outcome, world::World};
use crate::support::Client;

pub async fn query(field: &str, world: &World, client: &Client) -> Option<Outcome> {
    let World {
        name, path, key, ..
    } = world;
    let (collection, container) = (
        format!("collection:{}", world.collection),
        format!("container:{}", world.container),
    );
    // Lists are counted by what they show of this world.
    let list =
        |field: &str, selection: &str| format!("{field}(first: 100) {{ nodes {{ {selection} }} }}");
    let selection = match field {
        "viewer" => "viewer { id }".into(),
        "server" => "server { version }".into(),
        "node" => format!("node(id: {collection:?}) {{ id }}"),
        "nodes" => format!("nodes(ids: [{container:?}]) {{ id }}"),
        "namespace" => format!("namespace(name: {name:?}) {{ id }}"),
        "collection" => format!("collection(path: \"{name}/tools\") {{ id }}"),
        "container" => format!("container(path: {path:?}) {{ id }}"),
        "image" => format!("image(path: {path:?}, reference: \"1.0\") {{ id }}"),
        "namespaces" => list(field, "name"),
        "collections" | "containers" => list(field, "path"),
        "images" => list(field, "digest"),
        "topics" => list(field, "name"),
        "users" => list(field, "name"),
        "storage" => "storage { blobs }".into(),
        "key" => format!("key(fingerprint: {key:?}) {{ fingerprint }}"),
        "keys" => format!("keys(search: \"0x{key}\") {{ fingerprint }}"),
        "search" => "search(text: \"hello\") { containers { path } }".into(),
        _ => return None,
    };
    let answer = client
        .try_graphql(&format!("{{ {selection} }}"), json!({}))
        .await;
    Some(read(&answer, field, world))
}

/// `ok`, `null`, `nothing` for a list without anything of this world, or the error's code.
fn read(answer: &Value, field: &str, world: &World) -> Outcome {
    if let Some(code) = answer
        .pointer("/errors/0/extensions/code")
        .and_then(Value::as_str)
    {
        return code.to_owned();
    }
    let data = &answer["data"][field];
    let lists = [
        "namespaces",
        "collections",
        "containers",
        "images",
        "users",
        "topics",
        "search",
        "keys",
    ];
    let told = data.to_string();
    let ours = [world.name.as_str(), &world.digest, &world.key, &world.topic];
    match data {
        Value::Null => "null".into(),
        Value::Array(items) if items.iter().all(Value::is_null) && !items.is_empty() => {
            "null".into()
        }
        _ if lists.contains(&field) && !ours.iter().any(|word| told.contains(word)) => {
            "nothing".into()
        }
        _ => "ok".into(),
    }
}

pub async fn mutation(field: &str, world: &World, client: &Client) -> Option<Outcome> {
    let id = |noun: &str, id: &str| format!("{noun}:{id}");
    let (namespace, collection) = (
        id("namespace", &world.namespace),
        id("collection", &world.collection),
    );
    let (container, image) = (id("container", &world.container), id("image", &world.image));
    let input = match field {
        "createNamespace" => json!({"name": "newcomer"}),
        "updateNamespace" => json!({"id": namespace, "description": "new"}),
        "deleteNamespace" => {
            let all = json!({"input": {"id": collection, "withContent": true}});
            let delete = "mutation($input: DeleteCollectionInput!) { deleteCollection(input: $input) { __typename } }";
            // Somebody else's answer must not depend on whether the namespace is empty.
            world.owner.graphql(delete, all).await;
            json!({"id": namespace})
        }
        "createCollection" => json!({"namespace": namespace, "name": "new"}),
        "updateCollection" => json!({"id": collection, "description": "new"}),
        "deleteCollection" => json!({"id": collection, "withContent": true}),
        "createContainer" => json!({"collection": collection, "name": "new"}),
        "updateContainer" => json!({"id": container, "description": "new"}),
        "deleteContainer" => json!({"id": container, "withContent": true}),
        "updateImage" => json!({"id": image, "description": "new"}),
        "deleteImage" => json!({"id": image}),
        "setTag" => json!({"container": container, "name": "new", "image": image}),
        "setTags" => json!({"container": container, "names": ["new", "newer"], "image": image}),
        "promoteImage" => json!({"image": image, "container": container, "tags": ["new"]}),
        "setImmutableTags" => json!({"id": container, "immutableTags": ["v*"]}),
        "freeze" | "unfreeze" => json!({"id": collection}),
        "describe" => json!({"id": container, "licence": "Apache-2.0"}),
        "deprecate" => json!({"id": collection, "message": "old"}),
        "undeprecate" => json!({"id": image}),
        "setTopics" => json!({"container": container, "topics": ["genomics"]}),
        "deleteTag" => json!({"id": world.tag}),
        "createToken" => json!({"name": "new", "scope": "WRITE"}),
        "revokeToken" => json!({"id": world.token}),
        "disableUser" | "enableUser" => json!({"id": world.user}),
        "createUser" => json!({"name": "newcomer", "password": "a long password", "admin": false}),
        "setPassword" => json!({"id": world.user, "password": "a longer password"}),
        "setUserRole" => json!({"id": world.user, "role": "ADMIN"}),
        "deleteUser" => json!({"id": world.user}),
        "updateServer" => json!({"name": "new"}),
        "setBanner" => json!({"message": "new"}),
        "setReadOnly" => json!({"on": false}),
        "publishTerms" => json!({"text": null}),
        // There are none, which whoever may agree hears: CONFLICT.
        "agreeToTerms" => json!({"version": 1}),
        "deleteKey" => json!({"id": id("key", &world.key)}),
        _ => return None,
    };
    let kind = match field {
        "disableUser" | "enableUser" => "UserInput".to_owned(),
        _ => format!("{}{}Input", field[..1].to_uppercase(), &field[1..]),
    };
    let text = format!("mutation($input: {kind}!) {{ {field}(input: $input) {{ __typename }} }}");
    let answer = client.try_graphql(&text, json!({"input": input})).await;
    match answer
        .pointer("/errors/0/extensions/code")
        .and_then(Value::as_str)
    {
        Some(code) => Some(code.to_owned()),
        None if answer.get("errors").is_some() => Some(answer["errors"][0]["message"].to_string()),
        None => Some("ok".into()),
    }
}
