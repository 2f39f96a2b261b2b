//! How each root field is tried.
use serde_json::{Value, json};

use super::{Outcome, world::World};
use crate::support::{Client, Sent};

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
        "_service" => "_service { sdl }".into(),
        "_entities" => format!(
            "_entities(representations: [{{ __typename: \"Container\", path: {path:?} }}]) {{ __typename }}"
        ),
        "viewer" => "viewer { id }".into(),
        "server" => "server { version }".into(),
        "sizeTree" => format!("sizeTree(root: {collection:?}) {{ bytes }}"),
        "node" => format!("node(id: {collection:?}) {{ id }}"),
        "nodes" => format!("nodes(ids: [{container:?}]) {{ id }}"),
        "namespace" => format!("namespace(name: {name:?}) {{ id }}"),
        "collection" => format!("collection(path: \"{name}/tools\") {{ id }}"),
        "container" => format!("container(path: {path:?}) {{ id }}"),
        "image" => format!("image(path: {path:?}, reference: \"1.0\") {{ id }}"),
        "compareImages" => {
            format!(
                "compareImages(from: \"{path}:1.0\", to: \"image:{}\") {{ identical }}",
                world.image
            )
        }
        "namespaces" => list(field, "name"),
        "collections" | "containers" => list(field, "path"),
        "images" => list(field, "digest"),
        "users" | "teams" | "topics" => list(field, "name"),
        "labels" => list(field, "key"),
        "labelValues" => format!("labelValues(key: \"label-of-{name}\") {{ nodes {{ value }} }}"),
        "team" => format!("team(name: \"team-{name}\") {{ id }}"),
        "storage" => "storage { blobs }".into(),
        "key" => format!("key(fingerprint: {key:?}) {{ fingerprint }}"),
        "keys" => format!("keys(search: \"0x{key}\") {{ fingerprint }}"),
        "search" => "search(text: \"hello\") { nodes { container { path } } }".into(),
        "searchSuggestions" => format!("searchSuggestions(prefix: \"{name}\")"),
        "events" => format!(
            "events(first: 100, filter: {{container: {container:?}}}) {{ nodes {{ targetName }} }}"
        ),
        "trash" => {
            trash(world).await;
            list(field, "path")
        }
        "jobs" => {
            job(world).await;
            list(field, "kind")
        }
        "webhooks" => {
            webhook(world).await;
            list(field, "place { ... on Container { path } }")
        }
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
        "webhooks",
        "trash",
        "teams",
        "topics",
        "labels",
        "labelValues",
        "search",
        "searchSuggestions",
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

#[expect(clippy::too_many_lines, reason = "a table, a line or two for each")]
pub async fn mutation(field: &str, world: &World, client: &Client) -> Option<Outcome> {
    let id = |noun: &str, id: &str| format!("{noun}:{id}");
    let (namespace, collection) = (
        id("namespace", &world.namespace),
        id("collection", &world.collection),
    );
    let (container, image) = (id("container", &world.container), id("image", &world.image));
    let input = match field {
        "createNamespace" => json!({"name": format!("new-{}", world.name)}),
        "updateNamespace" => json!({"id": namespace, "description": "new"}),
        "deleteNamespace" => {
            let all = json!({"input": {"id": collection, "withContent": true}});
            let delete = "mutation($input: DeleteCollectionInput!) { deleteCollection(input: $input) { __typename } }";
            // Somebody else's answer must not depend on whether the namespace is empty.
            world.owner.try_graphql(delete, all).await;
            let empty = "mutation($id: ID!) { emptyTrash(input: {namespace: $id}) { purged } }";
            world
                .owner
                .try_graphql(empty, json!({ "id": namespace }))
                .await;
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
        "restore" | "purge" => json!({"id": trash(world).await}),
        "bulkDelete" => json!({"images": {"container": container}}),
        "emptyTrash" => json!({"namespace": namespace}),
        "createToken" => json!({"name": "new", "scope": "WRITE"}),
        "revokeToken" => json!({"id": world.token}),
        "disableUser" | "enableUser" => json!({"id": world.user}),
        "createUser" => {
            json!({"name": format!("new-{}", world.name), "password": "a long password", "admin": false})
        }
        "setPassword" => json!({"id": world.user, "password": "a longer password"}),
        "createWebhook" => json!({"container": container, "url": "https://8.8.8.8/"}),
        "updateWebhook" => json!({"id": webhook(world).await, "active": false}),
        "deleteWebhook" | "pingWebhook" => json!({"id": webhook(world).await}),
        "redeliver" => {
            let ping = "mutation($id: ID!) { pingWebhook(input: {id: $id}) { delivery { id } } }";
            let made = world
                .owner
                .graphql(ping, json!({"id": webhook(world).await}))
                .await;
            json!({"id": made["pingWebhook"]["delivery"]["id"]})
        }
        "createShareLink" => json!({"image": image}),
        "revokeShareLink" => json!({"id": shared(world).await.0}),
        "star" | "unstar" | "bookmark" | "removeBookmark" => json!({"id": container}),
        "setUserRole" => json!({"id": world.user, "role": "ADMIN"}),
        "setUserQuota" => json!({"id": world.user, "quota": {"limitImages": null}}),
        "setNamespaceQuota" => json!({"id": namespace, "quota": {"limitImages": null}}),
        "setServerQuota" => json!({"quota": {"limitImages": null}}),
        "deleteUser" => json!({"id": world.user}),
        "updateServer" => json!({"name": "new"}),
        "setBanner" => json!({"message": "new"}),
        "setReadOnly" => json!({"on": false}),
        "publishTerms" => json!({"text": null}),
        // There are none, which whoever may agree hears: CONFLICT.
        "agreeToTerms" => json!({"version": 1}),
        "createTeam" => json!({"name": format!("new-{}", world.name)}),
        "updateTeam" => json!({"id": world.team, "description": "new"}),
        "deleteTeam" => json!({"id": world.team}),
        "addTeamMember" => json!({"team": world.team, "user": "stranger"}),
        "setTeamRole" => json!({"team": world.team, "user": world.user, "role": "MAINTAINER"}),
        "removeTeamMember" => json!({"team": world.team, "user": world.user}),
        "joinTeam" => {
            let open =
                "mutation($id: ID!) { updateTeam(input: {id: $id, open: true}) { __typename } }";
            world.admin.graphql(open, json!({"id": world.team})).await;
            json!({"team": world.team})
        }
        "leaveTeam" => json!({"team": world.team}),
        "inviteToTeam" => json!({"team": world.team}),
        "revokeInvitation" | "declineInvitation" => json!({"id": world.invitation}),
        "acceptInvitation" => json!({"secret": world.secret}),
        "setGrant" => json!({"user": "stranger", "container": container, "level": "READ"}),
        "removeGrant" => json!({"id": world.grant}),
        "transferNamespace" => json!({"id": namespace, "team": world.team}),
        // To where they are already, which changes nothing.
        "moveContainer" => json!({"id": container, "collection": collection}),
        "moveCollection" => json!({"id": collection, "namespace": namespace}),
        "startJob" => {
            cancelled_jobs(world).await;
            json!({"kind": "RECOUNT"})
        }
        "cancelJob" => json!({"id": job(world).await}),
        "deleteKey" => json!({"id": id("key", &world.key)}),
        _ => return None,
    };
    let kind = match field {
        "disableUser" | "enableUser" => "UserInput".to_owned(),
        "star" | "unstar" | "bookmark" | "removeBookmark" => "StarInput".to_owned(),
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

/// `ok` where a subscription stands, or the code with which it is refused.
pub async fn subscription(field: &str, world: &World, client: &Client) -> Option<Outcome> {
    let container = format!("container:{}", world.container);
    let selection = match field {
        "events" | "tagMoved" | "imagePushed" => {
            format!("{field}(container: {container:?}) {{ id }}")
        }
        "jobProgress" => format!("jobProgress(id: {}) {{ id }}", job(world).await),
        _ => return None,
    };
    let operation = format!("subscription {{ {selection} }}");
    let mut listening = client.listen(&operation, json!({})).await;
    match listening.ready() {
        None => Some("ok".into()),
        Some(Sent::Next(answer)) => Some(
            answer["errors"][0]["extensions"]["code"]
                .as_str()?
                .to_owned(),
        ),
        Some(Sent::Complete) => None,
    }
}

/// The global id of a new job, which waits.
async fn job(world: &World) -> Value {
    cancelled_jobs(world).await;
    let start = "mutation { startJob(input: {kind: RECOUNT}) { job { id } } }";
    let made = world.admin.graphql(start, json!({})).await;
    made["startJob"]["job"]["id"].clone()
}

/// None waits any more.
async fn cancelled_jobs(world: &World) {
    let waiting = "{ jobs(state: WAITING) { nodes { id } } }";
    let waiting = world.admin.graphql(waiting, json!({})).await;
    for job in waiting["jobs"]["nodes"].as_array().expect("nodes") {
        let cancel = "mutation($id: ID!) { cancelJob(input: {id: $id}) { job { state } } }";
        world.admin.graphql(cancel, json!({"id": job["id"]})).await;
    }
}

/// A new webhook of the owner's container.
async fn webhook(world: &World) -> Value {
    let make =
        "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } } }";
    let input = json!({"container": world.path, "url": "https://8.8.8.8/"});
    let made = world.owner.graphql(make, json!({"input": input})).await;
    made["createWebhook"]["webhook"]["id"].clone()
}

/// The global id of a new link to the image of a world, and its path.
pub async fn shared(world: &World) -> (String, String) {
    let text = "mutation($input: CreateShareLinkInput!) { createShareLink(input: $input) { url shareLink { id } } }";
    let input = json!({"image": format!("image:{}", world.image)});
    let made = world.owner.graphql(text, json!({ "input": input })).await;
    let made = &made["createShareLink"];
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let url = text(&made["url"]);
    let path = url.strip_prefix("http://hub.test");
    let path = path.expect("an address of this server").to_owned();
    (text(&made["shareLink"]["id"]), path)
}

/// An entry of the trash of this world, which is put there if there is none.
async fn trash(world: &World) -> String {
    let make = "mutation($collection: ID!) {
        createContainer(input: {collection: $collection, name: \"waste\"}) { container { id } } }";
    let collection = format!("collection:{}", world.collection);
    let made = world
        .owner
        .try_graphql(make, json!({ "collection": collection }))
        .await;
    if let Some(id) = made["data"]["createContainer"]["container"]["id"].as_str() {
        let delete = "mutation($id: ID!) { deleteContainer(input: {id: $id}) { deletedId } }";
        world.owner.graphql(delete, json!({ "id": id })).await;
    }
    let list = "query($namespace: ID!) { trash(first: 1, namespace: $namespace) { nodes { id } } }";
    let namespace = format!("namespace:{}", world.namespace);
    let found = world
        .owner
        .graphql(list, json!({ "namespace": namespace }))
        .await;
    let id = found["trash"]["nodes"][0]["id"].as_str();
    id.expect("an entry").to_owned()
}
