use serde_json::{Value, json};

use super::{alice, refused};
use crate::support::{Client, SifBuilder, on_each_database};

const HISTORY: &str = "query($path: ContainerPath!) { container(path: $path) { history(first: 100) { totalCount nodes {
    kind actor { name } tags arch digest image { digest } previousImage { digest } name previousName } } } }";

async fn history(who: &Client, path: &str) -> Value {
    let data = who.graphql(HISTORY, json!({"path": path})).await;
    data["container"]["history"].clone()
}

fn kinds(history: &Value) -> Vec<&str> {
    let entries = history["nodes"].as_array().expect("entries");
    entries
        .iter()
        .map(|entry| entry["kind"].as_str().expect("a kind"))
        .collect()
}

on_each_database! {
    async fn history_tells_of_pushes_tags_and_names_in_order(app) {
        let alice = alice(&app).await;
        let path = "alice/tools/hello";
        let first = history(&alice, path).await["nodes"][0]["image"]["digest"].clone();
        let second = alice.push(path, "1.0", SifBuilder::new("amd64").payload(4096, 99)).await;
        assert_eq!(refused(&alice, "updateContainer", json!({"id": path, "description": "waves"})).await, "");
        assert_eq!(refused(&alice, "updateContainer", json!({"id": path, "name": "bye"})).await, "");
        let told = history(&alice, "alice/tools/bye").await;
        assert_eq!(kinds(&told), ["RENAMED", "DESCRIBED", "TAG_MOVED", "IMAGE_PUSHED", "TAG_CREATED", "IMAGE_PUSHED", "CREATED"]);
        assert_eq!(told["totalCount"], 7);
        let nodes = &told["nodes"];
        assert_eq!((&nodes[0]["previousName"], &nodes[0]["name"]), (&json!("hello"), &json!("bye")));
        assert_eq!(nodes[2]["tags"], json!(["1.0"]));
        assert_eq!((&nodes[2]["image"]["digest"], &nodes[2]["previousImage"]["digest"]), (&json!(second), &first));
        assert_eq!(nodes[3]["digest"], json!(second));
    }

    async fn history_tells_whatever_changes_what_is_pulled_and_names_nothing_hidden(app) {
        let alice = alice(&app).await;
        let bob = app.user("bob").await;
        let path = "alice/tools/hello";
        let secret = super::id(&alice, r#"image(path: "alice/secret/hello", reference: "1.0")"#).await;
        assert_eq!(refused(&alice, "promoteImage", json!({"image": secret, "container": path, "tags": ["2.0", "2"]})).await, "");
        let copy = super::id(&alice, r#"image(path: "alice/tools/hello", reference: "2.0")"#).await;
        assert_eq!(refused(&alice, "createCollection", json!({"namespace": "alice", "name": "open", "visibility": "PUBLIC"})).await, "");
        for (mutation, input) in [
            ("describe", json!({"id": path, "readme": "# Hello"})),
            ("setTopics", json!({"container": path, "topics": ["greetings"]})),
            ("deprecate", json!({"id": path, "message": "old"})),
            ("undeprecate", json!({"id": path})),
            ("deprecate", json!({"id": copy, "message": "old"})),
            ("undeprecate", json!({"id": copy})),
            ("setImmutableTags", json!({"id": path, "immutableTags": []})),
            ("freeze", json!({"id": path})),
            ("unfreeze", json!({"id": path})),
            ("moveContainer", json!({"id": path, "collection": "alice/open"})),
        ] {
            assert_eq!(refused(&alice, mutation, input).await, "", "{mutation}");
        }
        let query = HISTORY.replace("kind ", "kind promotedFrom { container { path } } ");
        let told = async |who: &Client| who.graphql(&query, json!({"path": "alice/open/hello"})).await["container"]["history"].clone();
        let seen = told(&alice).await;
        assert_eq!(kinds(&seen)[..11], ["MOVED", "UNFROZEN", "FROZEN", "PROTECTED", "IMAGE_UNDEPRECATED", "IMAGE_DEPRECATED",
            "UNDEPRECATED", "DEPRECATED", "TOPICS_CHANGED", "ABOUT_CHANGED", "IMAGE_PROMOTED"]);
        let promoted = &seen["nodes"][10];
        assert_eq!((&promoted["tags"], &promoted["promotedFrom"]), (&json!(["2", "2.0"]), &json!({"container": {"path": "alice/secret/hello"}})));
        assert!(promoted["digest"].is_string());
        let seen = told(&bob).await;
        assert_eq!(seen["nodes"][10]["kind"], "IMAGE_PROMOTED");
        assert!(!seen.to_string().contains("secret"), "{seen}");
    }

    async fn viewers_read_history_and_only_those_signed_in_read_names(app) {
        alice(&app).await;
        let bob = app.user("bob").await;
        let read = history(&bob, "alice/tools/hello").await;
        assert_eq!(read["nodes"][0]["actor"]["name"], "alice");
        let read = history(&app.anonymous(), "alice/tools/hello").await;
        assert_eq!(read["nodes"][0]["actor"], Value::Null);
        assert_eq!(history(&bob, "alice/secret/hello").await, Value::Null);
    }

    async fn images_that_are_announced_and_never_arrive_are_not_told(app) {
        let alice = alice(&app).await;
        let found = alice.get("/v1/containers/alice/tools/hello").await.expect(200).json();
        let new = json!({"hash": format!("sha256.{}", "0".repeat(64)), "container": found["data"]["id"]});
        alice.post("/v1/images", new).await.expect(200);
        let told = history(&alice, "alice/tools/hello").await;
        assert_eq!(kinds(&told), ["TAG_CREATED", "IMAGE_PUSHED", "CREATED"]);
        assert!(!told.to_string().contains(&"0".repeat(64)));
    }
}
