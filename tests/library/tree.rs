use serde_json::json;

use sifhub::{
    config::{NamespaceCreation, Visibility},
    registry::Scope,
};

use super::{container, id, make, refused};
use crate::support::{SifBuilder, TestApp, on_each_database};

on_each_database! {
    async fn a_first_push_finds_nothing_and_makes_the_tree(app) {
        let alice = app.user("alice").await;
        refused(&alice.get("/v1/collections/alice/tools").await, 404);
        refused(&alice.get("/v1/containers/alice/tools/alpine").await, 404);
        let container = container(&alice, "alice/tools/alpine").await;
        assert_eq!(container.len(), 24);
        let found = alice.get("/v1/containers/alice/tools/alpine").await.expect(200);
        assert_eq!(id(&found), container);
    }

    async fn the_tree_is_described_truthfully(app) {
        let alice = app.user("alice").await;
        let image = SifBuilder::new("amd64");
        let size = SifBuilder::new("amd64").build().len();
        alice.push("alice/tools/alpine", "1", image).await;

        let entity = alice.get("/v1/entities/alice").await.expect(200).json()["data"].clone();
        let collection = alice.get("/v1/collections/alice/tools").await.expect(200).json()["data"].clone();
        let container = alice.get("/v1/containers/alice/tools/alpine").await.expect(200).json()["data"].clone();
        let image = alice.get("/v1/images/alice/tools/alpine:1").await.expect(200).json()["data"].clone();
        for thing in [&entity, &collection, &container, &image] {
            assert_eq!(thing["size"], size, "{thing:#}");
            assert_eq!(thing["owner"], entity["owner"]);
            assert_eq!(thing["id"].as_str().expect("text").len(), 24);
            let time = thing["createdAt"].as_str().expect("text");
            chrono::DateTime::parse_from_rfc3339(time).expect("a time with a zone");
        }
        assert_eq!(entity["collections"], json!([collection["id"]]));
        assert_eq!(entity["defaultPrivate"], false);
        assert_eq!(collection["containers"], json!([container["id"]]));
        assert_eq!((&collection["entity"], &collection["entityName"]), (&entity["id"], &json!("alice")));
        assert_eq!(container["collection"], collection["id"]);
        assert_eq!(container["collectionName"], "tools");
        assert_eq!(container["entityName"], "alice");
        assert_eq!(container["images"], json!([image["id"]]));
        assert_eq!(container["imageTags"], json!({"1": image["id"]}));
        assert_eq!(container["archTags"], json!({"amd64": {"1": image["id"]}}));
        assert_eq!(image["container"], container["id"]);
        assert_eq!(image["containerName"], "alpine");
        assert_eq!(image["createdBy"], entity["owner"]);
    }

    async fn two_first_pushes_at_once_make_one_tree(app) {
        let alice = app.user("alice").await;
        let entity = id(&alice.get("/v1/entities/alice").await.expect(200));
        let new = json!({"name": "tools", "entity": entity});
        let made = futures::future::join_all((0..8).map(|_| make(&alice, "collections", new.clone()))).await;
        assert!(made.iter().all(|id| *id == made[0]), "{made:?}");
        let new = json!({"name": "alpine", "collection": made[0]});
        let made = futures::future::join_all((0..8).map(|_| make(&alice, "containers", new.clone()))).await;
        assert!(made.iter().all(|id| *id == made[0]), "{made:?}");
    }

    async fn a_stranger_is_told_to_log_in_or_to_ask(app) {
        let alice = app.user("alice").await;
        container(&alice, "alice/tools/alpine").await;
        let entity = id(&alice.get("/v1/entities/alice").await);
        let collection = id(&alice.get("/v1/collections/alice/tools").await);
        let bob = app.user("bob").await;
        let reader = app.holding("alice", Scope::Read).await;
        let attempts = [
            ("/v1/entities", json!({"name": "carol"})),
            ("/v1/collections", json!({"name": "x", "entity": entity})),
            ("/v1/containers", json!({"name": "x", "collection": collection})),
        ];
        for (path, new) in attempts {
            let answer = app.anonymous().post(path, new.clone()).await;
            assert!(refused(&answer, 401).contains("apptainer remote login"));
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            refused(&bob.post(path, new.clone()).await, 403);
            assert!(refused(&reader.post(path, new).await, 403).contains("scope write"));
        }
    }

    async fn what_is_private_is_not_there_for_others(app) {
        let alice = app.user("alice").await;
        let entity = id(&alice.get("/v1/entities/alice").await);
        let new = json!({"name": "secret", "entity": entity, "private": true});
        let collection = make(&alice, "collections", new).await;
        make(&alice, "containers", json!({"name": "plan", "collection": collection})).await;
        let bob = app.user("bob").await;
        for path in ["entities/alice", "collections/alice/secret", "containers/alice/secret/plan"] {
            alice.get(&format!("/v1/{path}")).await.expect(200);
            refused(&bob.get(&format!("/v1/{path}")).await, 404);
            refused(&app.anonymous().get(&format!("/v1/{path}")).await, 404);
        }
        let shown = alice.get("/v1/collections/alice/secret").await.json();
        assert_eq!(shown["data"]["private"], true);
        // The clients take 404 for "not there yet" and go on to create, which must tell more than that.
        let words = refused(&bob.post("/v1/entities", json!({"name": "alice"})).await, 403);
        let remedy = "you may not push to the namespace alice; push to your own, bob, or ask its owner or an administrator";
        assert_eq!(words, remedy);
    }
}

#[tokio::test]
async fn short_paths_are_in_the_defaults_of_the_site() {
    let app = TestApp::sqlite().await;
    let admin = app.admin("root").await;
    let made = container(&admin, "library/default/alpine").await;
    for path in ["alpine", "default/alpine", "library/default/alpine"] {
        let found = app.anonymous().get(&format!("/v1/containers/{path}")).await;
        assert_eq!(id(&found.expect(200)), made);
    }
}

#[tokio::test]
async fn false_means_the_default_of_the_site() {
    let app =
        TestApp::configured(|config| config.registry.default_visibility = Visibility::Private)
            .await;
    let alice = app.user("alice").await;
    let entity = id(&alice.get("/v1/entities/alice").await.expect(200));
    make(
        &alice,
        "collections",
        json!({"name": "tools", "entity": entity, "private": false}),
    )
    .await;
    let shown = alice.get("/v1/collections/alice/tools").await.json();
    assert_eq!(shown["data"]["private"], true);
    let shown = alice.get("/v1/entities/alice").await.json();
    assert_eq!(shown["data"]["defaultPrivate"], true);
}

#[tokio::test]
async fn a_name_that_somebody_has_is_a_conflict() {
    let app =
        TestApp::configured(|config| config.registry.namespace_creation = NamespaceCreation::Users)
            .await;
    app.user("alice").await;
    let bob = app.user("bob").await;
    refused(
        &bob.post("/v1/entities", json!({"name": "alice"})).await,
        409,
    );
    let entity = make(&bob, "entities", json!({"name": "free"})).await;
    assert_eq!(
        make(&bob, "entities", json!({"name": "free"})).await,
        entity
    );
    make(
        &bob,
        "collections",
        json!({"name": "open", "entity": entity}),
    )
    .await;
    let private = json!({"name": "open", "entity": entity, "private": true});
    refused(&bob.post("/v1/collections", private).await, 409);
}

#[tokio::test]
async fn names_outside_the_grammar_are_refused() {
    let app = TestApp::sqlite().await;
    let admin = app.admin("root").await;
    let entity = make(&admin, "entities", json!({"name": "lab"})).await;
    let collection = make(
        &admin,
        "collections",
        json!({"name": "col", "entity": entity}),
    )
    .await;
    let long = "x".repeat(129);
    for name in [
        "",
        "Upper",
        "a/b",
        "-a",
        "a..b",
        "a b",
        "ü",
        "a\u{0}b",
        "tags",
        "imagefile",
        "..",
        &*long,
    ] {
        let attempts = [
            ("/v1/entities", json!({"name": name})),
            ("/v1/collections", json!({"name": name, "entity": entity})),
            (
                "/v1/containers",
                json!({"name": name, "collection": collection}),
            ),
        ];
        for (path, new) in attempts {
            refused(&admin.post(path, new).await, 400);
        }
    }
    make(
        &admin,
        "containers",
        json!({"name": "x".repeat(128), "collection": collection}),
    )
    .await;
    refused(&admin.get("/v1/containers/a/b/c/d").await, 400);
    refused(&admin.get("/v1/entities/Upper").await, 400);
}

#[tokio::test]
async fn ids_that_do_not_exist_are_not_found() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let absent = "000000000000000000000001";
    refused(
        &alice
            .post("/v1/collections", json!({"name": "x", "entity": absent}))
            .await,
        404,
    );
    refused(
        &alice
            .post("/v1/containers", json!({"name": "x", "collection": absent}))
            .await,
        404,
    );
    refused(
        &alice
            .post(
                "/v1/containers",
                json!({"name": "x", "collection": "alice"}),
            )
            .await,
        400,
    );
}

#[tokio::test]
async fn bodies_are_read_whatever_else_is_in_them() {
    let app = TestApp::sqlite().await;
    let admin = app.admin("root").await;
    let whole = json!({"deleted": false, "createdBy": "", "createdAt": "0001-01-01T00:00:00Z",
        "updatedAt": "0001-01-01T00:00:00Z", "deletedAt": "0001-01-01T00:00:00Z", "id": "", "name": "ent",
        "description": "No description", "collections": null, "size": 0, "quota": 0, "defaultPrivate": false,
        "customData": "", "a field of tomorrow": [1, 2]});
    let made = admin.post("/v1/entities", whole).await.expect(200).json();
    assert_eq!(made["data"]["description"], "No description");
    refused(&admin.send("POST", "/v1/entities", "{").await, 400);
    refused(&admin.send("POST", "/v1/entities", "").await, 400);
    refused(&admin.post("/v1/entities", json!({"nom": "x"})).await, 400);
    refused(&admin.post("/v1/entities", json!("x")).await, 400);
    let large = json!({"name": "x", "description": "y".repeat(2 << 20)});
    refused(&admin.post("/v1/entities", large).await, 413);
}
