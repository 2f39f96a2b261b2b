use serde_json::json;
use sifhub::registry::Scope;

use super::{id, refused};
use crate::support::{Client, SifBuilder, TestApp, on_each_database};

/// Alice with a collection `staff` that is internal, with a container `hello` of one image.
async fn alice(app: &TestApp) -> Client {
    let alice = app.user("alice").await;
    let input = json!({"namespace": "alice", "name": "staff", "visibility": "INTERNAL"});
    assert_eq!(refused(&alice, "createCollection", input).await, "");
    let image = SifBuilder::new("amd64").payload(4096, 1);
    alice.push("alice/staff/hello", "1.0", image).await;
    alice
}

on_each_database! {
    async fn internal_collection_is_seen_by_whoever_is_signed_in(app) {
        alice(&app).await;
        app.user("bob").await;
        let lists = r#"{ collection(path: "alice/staff") { visibility imageCount } namespaces { totalCount }
            containers { totalCount } images { totalCount } search(text: "hello") { nodes { container { path } } } }"#;
        app.indexed().await;
        for scope in [Scope::Read, Scope::Write] {
            let bob = app.holding("bob", scope).await;
            let seen = bob.graphql(lists, json!({})).await;
            assert_eq!(seen, json!({
                "collection": {"visibility": "INTERNAL", "imageCount": 1}, "namespaces": {"totalCount": 2},
                "containers": {"totalCount": 1}, "images": {"totalCount": 1},
                "search": {"nodes": [{"container": {"path": "alice/staff/hello"}}]},
            }), "{scope:?}");
        }
    }

    async fn internal_collection_is_hidden_from_nobody_in_particular_and_in_every_count(app) {
        let alice = alice(&app).await;
        let collection = id(&alice, r#"collection(path: "alice/staff")"#).await;
        app.indexed().await;
        let seen = app.anonymous().graphql(r#"query($id: ID!) { node(id: $id) { id }
            namespace(name: "alice") { id } collection(path: "alice/staff") { id } container(path: "alice/staff/hello") { id }
            namespaces { totalCount nodes { name } } collections { totalCount } containers { totalCount } images { totalCount }
            search(text: "hello") { totalCount nodes { container { path } } } }"#, json!({"id": collection})).await;
        assert_eq!(seen, json!({
            "node": null, "namespace": null, "collection": null, "container": null,
            "namespaces": {"totalCount": 0, "nodes": []}, "collections": {"totalCount": 0},
            "containers": {"totalCount": 0}, "images": {"totalCount": 0}, "search": {"totalCount": 0, "nodes": []},
        }));
    }

    async fn internal_image_is_pulled_at_every_door_by_whoever_is_signed_in_and_by_nobody_else(app) {
        let alice = alice(&app).await;
        let bob = app.user("bob").await;
        let nobody = app.anonymous();
        for (path, refusal) in [
            ("/v1/images/alice/staff/hello:1.0?arch=amd64", 404),
            ("/v1/imagefile/alice/staff/hello:1.0?arch=amd64", 404),
            ("/v2/alice/staff/hello/manifests/1.0", 401),
            ("/v2/alice/staff/hello/tags/list", 401),
            ("/sif/alice/staff/hello:1.0", 401),
            ("/alice/api/container/staff/hello:1.0", 404),
            ("/library/alice/staff/hello", 404),
        ] {
            assert_eq!(bob.get(path).await.status, 200, "{path}");
            assert_eq!(nobody.get(path).await.status, refusal, "{path}");
        }
        for path in ["/v1/collections/alice/staff", "/v1/containers/alice/staff/hello"] {
            let shown = alice.get(path).await.expect(200).json();
            assert_eq!(shown["data"]["private"], true, "{path}");
        }
        assert!(bob.get("/v2/_catalog").await.text().contains("alice/staff/hello"));
        assert!(bob.get("/library/alice").await.text().contains("staff</a> (internal)"));
    }

    async fn internal_collection_is_pushed_to_by_its_owner_alone(app) {
        alice(&app).await;
        let bob = app.user("bob").await;
        let rename = json!({"id": "alice/staff/hello", "name": "bye"});
        assert_eq!(refused(&bob, "updateContainer", rename.clone()).await, "FORBIDDEN");
        assert_eq!(refused(&bob, "createContainer", json!({"collection": "alice/staff", "name": "c"})).await, "FORBIDDEN");
        assert_eq!(refused(&app.anonymous(), "updateContainer", rename).await, "NOT_FOUND");
    }

    async fn collections_are_internal_where_the_namespace_says_so(app) {
        let alice = app.user("alice").await;
        assert_eq!(refused(&alice, "updateNamespace", json!({"id": "alice", "defaultVisibility": "INTERNAL"})).await, "");
        alice.push("alice/new/hello", "1.0", SifBuilder::new("amd64")).await;
        let made = alice.graphql(r#"{ collection(path: "alice/new") { visibility } collections(visibility: INTERNAL) { totalCount } }"#, json!({})).await;
        assert_eq!(made, json!({"collection": {"visibility": "INTERNAL"}, "collections": {"totalCount": 1}}));
        let entity = alice.get("/v1/entities/alice").await.expect(200).json();
        assert_eq!(entity["data"]["defaultPrivate"], true);
    }
}

#[tokio::test]
async fn collections_are_internal_where_the_site_says_so() {
    let internal = |config: &mut sifhub::config::Config| {
        config.registry.default_visibility = sifhub::config::Visibility::Internal;
    };
    let app = TestApp::configured(internal).await;
    let alice = app.user("alice").await;
    alice
        .push("alice/new/hello", "1.0", SifBuilder::new("amd64"))
        .await;
    let made = alice
        .graphql(
            r#"{ collection(path: "alice/new") { visibility } }"#,
            json!({}),
        )
        .await;
    assert_eq!(made["collection"]["visibility"], "INTERNAL");
}
