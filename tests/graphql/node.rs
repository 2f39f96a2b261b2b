use serde_json::json;

use super::{alice, code, field, id};
use crate::support::on_each_database;

on_each_database! {
    async fn every_kind_of_thing_is_found_by_its_global_id(app) {
        let alice = alice(&app).await;
        let data = alice.graphql(
            r#"{ viewer { id tokens(first: 1) { nodes { id } } } namespace(name: "alice") { id } collection(path: "alice/tools") { id }
                 container(path: "alice/tools/hello") { id tags { nodes { id image { id } } } } }"#, json!({})).await;
        let tag = &data["container"]["tags"]["nodes"][0];
        let ids = json!([data["viewer"]["id"], data["viewer"]["tokens"]["nodes"][0]["id"], data["namespace"]["id"], data["collection"]["id"],
            data["container"]["id"], tag["id"], tag["image"]["id"]]);
        let found = alice.graphql("query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", json!({"ids": ids})).await;
        let kinds = ["User", "Token", "Namespace", "Collection", "Container", "Tag", "Image"];
        for ((node, kind), id) in found["nodes"].as_array().expect("nodes").iter().zip(kinds).zip(ids.as_array().expect("ids")) {
            assert_eq!(*node, json!({"id": id, "__typename": kind}));
        }
        let one = alice.graphql("query($id: ID!) { node(id: $id) { ... on Collection { path } } }", json!({"id": data["collection"]["id"]})).await;
        assert_eq!(one["node"]["path"], "alice/tools");
    }

    async fn ids_of_nothing_and_of_hidden_things_are_null(app) {
        let alice = alice(&app).await;
        let secret = id(&alice, r#"container(path: "alice/secret/hello")"#).await;
        let nothing = "container:000000000000000000000001";
        let found = app.anonymous().graphql("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({"ids": [secret, nothing]})).await;
        assert_eq!(found["nodes"], json!([null, null]));
    }

    async fn forged_ids_are_invalid_inputs(app) {
        let nobody = app.anonymous();
        let hidden = "collection:00000000ffffffffffffffff";
        for forged in ["", "collection", "collection:", "collection:1", "collection:00000000000000000000000G", "blob:000000000000000000000001",
            "collection:0000000000000000000000010", hidden, "key:ABC"] {
            let answer = nobody.try_graphql("query($id: ID!) { node(id: $id) { id } }", json!({"id": forged})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "id"), "{forged}");
            let answer = nobody.try_graphql("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({"ids": [forged]})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "ids"), "{forged}");
        }
        let many = vec!["collection:000000000000000000000001"; 101];
        let answer = nobody.try_graphql("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({"ids": many})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "ids"));
    }
}
