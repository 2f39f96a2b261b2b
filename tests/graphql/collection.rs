use serde_json::json;
use sifhub::registry::Scope;

use super::{alice, code, field, id, mutate, refused};
use crate::support::on_each_database;

on_each_database! {
    async fn owner_makes_renames_describes_hides_and_deletes_a_collection(app) {
        let alice = app.user("alice").await;
        let made = alice.graphql(
            r#"mutation { createCollection(input: {namespace: "alice", name: "tools", visibility: PUBLIC})
                { collection { id name path visibility namespace { name } size imageCount containerCount } } }"#, json!({})).await;
        let made = &made["createCollection"]["collection"];
        assert_eq!((&made["path"], &made["visibility"], &made["size"]), (&json!("alice/tools"), &json!("PUBLIC"), &json!("0")));
        let changed = alice.graphql(
            "mutation($id: ID!) { updateCollection(input: {id: $id, name: \"kit\", description: \"all of it\", visibility: PRIVATE})
                { collection { id path description visibility } } }", json!({"id": made["id"]})).await;
        assert_eq!(changed["updateCollection"]["collection"],
            json!({"id": made["id"], "path": "alice/kit", "description": "all of it", "visibility": "PRIVATE"}));
        let gone = alice.graphql(r#"mutation { deleteCollection(input: {id: "alice/kit"}) { deletedId } }"#, json!({})).await;
        assert_eq!(gone["deleteCollection"]["deletedId"], made["id"]);
    }

    async fn private_collection_is_null_to_strangers_and_in_no_list(app) {
        let alice = alice(&app).await;
        let secret = id(&alice, r#"collection(path: "alice/secret")"#).await;
        let bob = app.user("bob").await;
        for who in [&bob, &app.anonymous()] {
            let data = who.graphql(
                r#"query($id: ID!) {
                    hidden: collection(path: "alice/secret") { id }
                    absent: collection(path: "alice/nothing") { id }
                    node(id: $id) { id }
                    collections { totalCount nodes { name } }
                    namespace(name: "alice") { collectionCount imageCount collections { totalCount nodes { name } } }
                }"#, json!({"id": secret})).await;
            assert_eq!(data, json!({
                "hidden": null, "absent": null, "node": null,
                "collections": {"totalCount": 1, "nodes": [{"name": "tools"}]},
                "namespace": {"collectionCount": 1, "imageCount": 1, "collections": {"totalCount": 1, "nodes": [{"name": "tools"}]}},
            }));
        }
        let data = alice.graphql(r#"{ namespace(name: "alice") { collectionCount imageCount size } }"#, json!({})).await;
        assert_eq!(data["namespace"]["collectionCount"], 2);
        assert_eq!(data["namespace"]["imageCount"], 2);
    }

    async fn strangers_and_read_only_tokens_change_nothing(app) {
        let alice = alice(&app).await;
        let (bob, nobody) = (app.user("bob").await, app.anonymous());
        let reader = app.holding("alice", Scope::Read).await;
        let change = |path: &str| json!({"id": path, "description": "mine"});
        assert_eq!(refused(&bob, "updateCollection", change("alice/tools")).await, "FORBIDDEN");
        assert_eq!(refused(&reader, "updateCollection", change("alice/tools")).await, "FORBIDDEN");
        assert_eq!(refused(&nobody, "updateCollection", change("alice/tools")).await, "UNAUTHENTICATED");
        assert_eq!(refused(&bob, "updateCollection", change("alice/secret")).await, "NOT_FOUND");
        assert_eq!(refused(&nobody, "updateCollection", change("alice/secret")).await, "NOT_FOUND");
        let new = json!({"namespace": "alice", "name": "more"});
        for (who, why) in [(&bob, "FORBIDDEN"), (&reader, "FORBIDDEN"), (&nobody, "UNAUTHENTICATED")] {
            assert_eq!(refused(who, "createCollection", new.clone()).await, why);
            assert_eq!(refused(who, "deleteCollection", json!({"id": "alice/tools", "withContent": true})).await, why);
        }
        let data = alice.graphql(r#"{ collection(path: "alice/tools") { description } }"#, json!({})).await;
        assert_eq!(data["collection"]["description"], "");
    }

    async fn collection_with_containers_goes_only_when_told_so(app) {
        let alice = alice(&app).await;
        assert_eq!(refused(&alice, "deleteCollection", json!({"id": "alice/tools"})).await, "CONFLICT");
        assert_eq!(refused(&alice, "deleteCollection", json!({"id": "alice/tools", "withContent": true})).await, "");
        let data = alice.graphql(r#"{ container(path: "alice/tools/hello") { id } }"#, json!({})).await;
        assert_eq!(data["container"], json!(null));
    }

    async fn name_that_is_taken_is_a_conflict(app) {
        let alice = alice(&app).await;
        assert_eq!(refused(&alice, "createCollection", json!({"namespace": "alice", "name": "tools"})).await, "CONFLICT");
        assert_eq!(refused(&alice, "updateCollection", json!({"id": "alice/secret", "name": "tools"})).await, "CONFLICT");
    }

    async fn names_and_ids_outside_the_grammar_are_invalid_inputs(app) {
        let alice = alice(&app).await;
        let answer = mutate(&alice, "createCollection", json!({"namespace": "alice", "name": "c".repeat(129)})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.name"));
        let answer = mutate(&alice, "createCollection", json!({"namespace": "No Name", "name": "c"})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.namespace"));
        let container = id(&alice, r#"container(path: "alice/tools/hello")"#).await;
        for forged in ["collection:zzz", "collection:", "shelf:000000000000000000000001", "tools", container.as_str()] {
            let answer = mutate(&alice, "deleteCollection", json!({"id": forged, "withContent": true})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.id"), "{forged}");
        }
        let answer = alice.try_graphql(r#"{ collection(path: "a/b/c") { id } }"#, json!({})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "path"));
    }

    async fn list_is_narrowed_to_a_namespace_and_a_visibility(app) {
        let alice = alice(&app).await;
        let data = alice.graphql(
            r#"{ collections(namespace: "alice", visibility: PRIVATE) { totalCount nodes { name } } }"#, json!({})).await;
        assert_eq!(data["collections"], json!({"totalCount": 1, "nodes": [{"name": "secret"}]}));
        let answer = app.user("bob").await.try_graphql(r#"{ collections(namespace: "carol") { totalCount } }"#, json!({})).await;
        assert_eq!(code(&answer), "NOT_FOUND");
    }
}
