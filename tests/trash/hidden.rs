//! What is in the trash is not there.
use serde_json::json;
use sifhub::registry::Scope;

use super::{BOX, delete, does, entry, refused, restore, trash};
use crate::{
    support::{Client, on_each_database},
    usage::image,
};

/// Lists, counts and sums in which something could be seen.
const LISTS: &str = r#"query($id: ID!, $image: ID!) {
    node(id: $id) { id } nodes(ids: [$id, $image]) { id }
    container(path: "alice/tools/box") { id } image(path: "alice/tools/box", reference: "1") { id }
    namespaces { totalCount nodes { name size containerCount imageCount } }
    collections(orderBy: {field: STARS}) { totalCount nodes { path size stored containerCount imageCount containers { totalCount nodes { path } } } }
    containers { totalCount nodes { path } } images { totalCount nodes { digest } }
    topics { nodes { name } } search(text: "box") { totalCount nodes { container { path } } facets { topics { value } } }
    searchSuggestions(prefix: "bo") sizeTree { name path bytes }
    webhooks { totalCount nodes { id } }
    viewer { stars { totalCount } bookmarks { totalCount } }
}"#;

async fn lists(who: &Client, container: &str, image: &str) -> String {
    let told = who
        .graphql(LISTS, json!({"id": container, "image": image}))
        .await;
    told.to_string()
}

on_each_database! {
    async fn what_is_in_the_trash_is_on_no_door(app) {
        let (alice, root) = (app.user("alice").await, app.admin("root").await);
        alice.push("alice/tools/other", "1", image(4096, 1)).await;
        let digest = alice.push(BOX, "1", image(4096, 2)).await;
        let found = alice.graphql(r#"{ container(path: "alice/tools/box") { id } image(path: "alice/tools/box", reference: "1") { id } }"#, json!({})).await;
        let id = |what: &str| found[what]["id"].as_str().expect("an id").to_owned();
        let (container, image) = (id("container"), id("image"));
        let shared = alice.graphql("mutation($image: ID!) { createShareLink(input: {image: $image}) { secret } }", json!({"image": image})).await;
        let share = format!("/share/{}/box.sif", shared["createShareLink"]["secret"].as_str().expect("a secret"));
        does(&alice, "setTopics", json!({"container": BOX, "topics": ["boxing"]})).await;
        does(&alice, "createWebhook", json!({"container": BOX, "url": "https://8.8.8.8/"})).await;
        for who in [&alice, &root] {
            does(who, "star", json!({"id": BOX})).await;
            does(who, "bookmark", json!({"id": BOX})).await;
        }
        app.indexed().await;
        let doors = [
            "/v1/containers/alice/tools/box".to_owned(), "/v1/images/alice/tools/box:1?arch=amd64".to_owned(),
            "/v1/imagefile/alice/tools/box:1?arch=amd64".to_owned(), format!("/v1/imagefile/alice/tools/box:{}", digest.replace(':', ".")),
            "/v2/alice/tools/box/manifests/1".to_owned(), "/v2/alice/tools/box/tags/list".to_owned(), format!("/v2/alice/tools/box/blobs/{digest}"),
            "/sif/alice/tools/box:1".to_owned(), "/library/alice/tools/box".to_owned(), share,
            format!("/v2/tags/{}", container.trim_start_matches("container:")),
        ];
        for door in &doors {
            assert_eq!(alice.get(door).await.status, 200, "{door}");
        }
        delete(&alice, BOX).await;
        let scoped = app.holding("root", Scope::Admin).await;
        for who in [&alice, &root, &scoped, &app.anonymous()] {
            for door in &doors {
                let answer = who.get(door).await;
                assert!(matches!(answer.status, 401 | 404), "{door} {}", answer.status);
            }
            for list in ["/v2/_catalog", "/v1/search?value=box", "/library/alice", "/library/alice/tools", "/", "/v1/collections/alice/tools"] {
                assert!(!who.get(list).await.text().contains("box"), "{list}");
            }
        }
        for who in [&alice, &root] {
            let told = lists(who, &container, &image).await;
            for hint in ["tools/box", "boxing", &digest, "8.8.8.8", &container, &image, "~"] {
                assert!(!told.contains(hint), "{hint} in {told}");
            }
            assert!(told.contains(r#""viewer":{"bookmarks":{"totalCount":0},"stars":{"totalCount":0}}"#), "{told}");
            assert!(told.contains(r#""webhooks":{"nodes":[],"totalCount":0}"#), "{told}");
            for (mutation, input) in [
                ("updateContainer", json!({"id": container, "description": "d"})), ("star", json!({"id": container})),
                ("deleteContainer", json!({"id": container})), ("updateImage", json!({"id": image, "description": "d"})),
                ("setTag", json!({"container": container, "name": "2", "image": image})), ("deleteImage", json!({"id": image})),
                ("setTopics", json!({"container": container, "topics": []})), ("freeze", json!({"id": container})),
                ("setGrant", json!({"container": container, "user": "root", "level": "READ"})),
                ("promoteImage", json!({"image": image, "container": "alice/tools/other", "tags": ["2"]})),
            ] {
                assert_eq!(refused(who, mutation, input).await.0, "NOT_FOUND", "{mutation}");
            }
        }
    }

    async fn collection_in_the_trash_hides_its_containers_and_its_namespace_if_there_is_nothing_else(app) {
        let (alice, root, bob) = (app.user("alice").await, app.admin("root").await, app.user("bob").await);
        alice.push(BOX, "1", image(4096, 1)).await;
        let shown = r#"{ namespaces { nodes { name } } containers { totalCount } images { totalCount } namespace(name: "alice") { name } }"#;
        let before = bob.graphql(shown, json!({})).await;
        assert_eq!(before["namespace"]["name"], "alice");
        delete(&alice, "alice/tools").await;
        let after = bob.graphql(shown, json!({})).await;
        assert_eq!(after["namespace"], json!(null));
        for who in [&alice, &root, &bob] {
            let told = who.graphql(shown, json!({})).await;
            assert_eq!((&told["containers"]["totalCount"], &told["images"]["totalCount"]), (&json!(0), &json!(0)));
            assert_eq!(who.get("/v2/alice/tools/box/manifests/1").await.status, 404);
        }
        restore(&alice, "alice/tools").await;
        assert_eq!(bob.graphql(shown, json!({})).await, before);
    }

    async fn trash_is_seen_by_those_who_administer_what_is_in_it(app) {
        let (alice, root) = (app.user("alice").await, app.admin("root").await);
        let (bob, carol, dave) = (app.user("bob").await, app.user("carol").await, app.user("dave").await);
        alice.push(BOX, "1", image(4096, 1)).await;
        alice.push("alice/more/box", "1", image(4096, 2)).await;
        does(&alice, "setGrant", json!({"container": BOX, "user": "bob", "level": "ADMIN"})).await;
        does(&alice, "setGrant", json!({"namespace": "alice", "user": "carol", "level": "WRITE"})).await;
        delete(&alice, BOX).await;
        delete(&alice, "alice/more").await;
        let paths = async |who: &Client| trash(who).await.iter().map(|entry| entry["path"].as_str().expect("a path").to_owned()).collect::<Vec<_>>();
        assert_eq!(paths(&alice).await, ["alice/more", BOX]);
        assert_eq!(paths(&root).await, ["alice/more", BOX]);
        assert_eq!(paths(&bob).await, [BOX]);
        let id = entry(&alice, BOX).await;
        let reader = app.holding("alice", Scope::Read).await;
        for who in [&carol, &dave, &app.anonymous(), &reader] {
            assert_eq!(paths(who).await, Vec::<String>::new());
            for mutation in ["restore", "purge"] {
                assert_eq!(refused(who, mutation, json!({"id": id})).await.0, "NOT_FOUND");
            }
        }
        assert_eq!(refused(&carol, "emptyTrash", json!({"namespace": "alice"})).await.0, "FORBIDDEN");
        let told = &trash(&bob).await[0];
        assert_eq!((&told["kind"], &told["name"], &told["reason"], &told["deletedBy"]["name"]), (&json!("CONTAINER"), &json!("box"), &json!("no longer needed"), &json!("alice")));
        restore(&bob, BOX).await;
        assert_eq!(alice.get("/v2/alice/tools/box/manifests/1").await.status, 200);
    }
}
