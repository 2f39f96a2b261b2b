use serde_json::json;

use super::{alice, field, mutate, refused};
use crate::support::on_each_database;

on_each_database! {
    async fn user_finds_their_own_namespace(app) {
        let alice = app.user("alice").await;
        let data = alice.graphql("{ viewer { name namespaces { totalCount nodes { name owner { name } } } } }", json!({})).await;
        assert_eq!(data["viewer"]["namespaces"], json!({"totalCount": 1, "nodes": [{"name": "alice", "owner": {"name": "alice"}}]}));
    }

    async fn administrator_makes_renames_describes_and_deletes_a_namespace(app) {
        let root = app.admin("root").await;
        let made = root.graphql(
            r#"mutation { createNamespace(input: {name: "lab", description: "the lab", defaultVisibility: PUBLIC})
                { namespace { name description defaultVisibility owner { name } } } }"#, json!({})).await;
        assert_eq!(made["createNamespace"]["namespace"],
            json!({"name": "lab", "description": "the lab", "defaultVisibility": "PUBLIC", "owner": {"name": "root"}}));
        let changed = root.graphql(
            r#"mutation { updateNamespace(input: {id: "lab", name: "labs", defaultVisibility: null})
                { namespace { name description defaultVisibility } } }"#, json!({})).await;
        assert_eq!(changed["updateNamespace"]["namespace"], json!({"name": "labs", "description": "the lab", "defaultVisibility": null}));
        let gone = root.graphql(r#"mutation { deleteNamespace(input: {id: "labs"}) { deletedId } }"#, json!({})).await;
        let gone = gone["deleteNamespace"]["deletedId"].as_str().expect("an id").to_owned();
        assert!(gone.starts_with("namespace:"), "{gone}");
        let data = root.graphql(r#"{ namespace(name: "labs") { id } }"#, json!({})).await;
        assert_eq!(data["namespace"], json!(null));
    }

    async fn names_of_others_are_refused(app) {
        let alice = alice(&app).await;
        let bob = app.user("bob").await;
        assert_eq!(refused(&app.anonymous(), "createNamespace", json!({"name": "anybody"})).await, "UNAUTHENTICATED");
        assert_eq!(refused(&bob, "updateNamespace", json!({"id": "alice", "description": "mine"})).await, "FORBIDDEN");
        assert_eq!(refused(&app.anonymous(), "updateNamespace", json!({"id": "alice", "description": "x"})).await, "UNAUTHENTICATED");
        assert_eq!(refused(&alice, "updateNamespace", json!({"id": "bob", "description": "x"})).await, "NOT_FOUND");
        assert_eq!(refused(&bob, "deleteNamespace", json!({"id": "alice"})).await, "FORBIDDEN");
    }

    async fn namespace_with_collections_is_not_deleted(app) {
        let alice = alice(&app).await;
        assert_eq!(refused(&alice, "deleteNamespace", json!({"id": "alice"})).await, "CONFLICT");
    }

    async fn namespace_without_anything_public_is_null_to_strangers(app) {
        app.user("alice").await;
        let bob = app.user("bob").await;
        for who in [&bob, &app.anonymous()] {
            let data = who.graphql(r#"{ hidden: namespace(name: "alice") { id } absent: namespace(name: "nobody") { id } }"#, json!({})).await;
            assert_eq!(data, json!({"hidden": null, "absent": null}));
        }
    }

    async fn name_outside_the_grammar_is_an_invalid_input(app) {
        let root = app.admin("root").await;
        for name in ["", "Upper", "two words", &"n".repeat(129)] {
            let answer = mutate(&root, "createNamespace", json!({"name": name})).await;
            assert_eq!((super::code(&answer), field(&answer)), ("INVALID", "input.name"), "{name}");
        }
        let answer = mutate(&root, "createNamespace", json!({"name": "lab", "description": "d".repeat(65_537)})).await;
        assert_eq!((super::code(&answer), field(&answer)), ("INVALID", "input.description"));
    }
}
