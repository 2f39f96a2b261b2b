use serde_json::json;
use sifhub::registry::Scope;

use super::{alice, code, field, mutate, refused};
use crate::support::on_each_database;

on_each_database! {
    async fn owner_makes_renames_describes_and_deletes_a_container(app) {
        let alice = alice(&app).await;
        let made = alice.graphql(
            r#"mutation { createContainer(input: {collection: "alice/tools", name: "bye", description: "waves"})
                { container { id path description collection { path } size imageCount } } }"#, json!({})).await;
        let made = &made["createContainer"]["container"];
        assert_eq!(made["path"], "alice/tools/bye");
        assert_eq!(made["collection"]["path"], "alice/tools");
        let changed = alice.graphql(
            r#"mutation { updateContainer(input: {id: "alice/tools/bye", name: "byebye"}) { container { id path description } } }"#, json!({})).await;
        assert_eq!(changed["updateContainer"]["container"], json!({"id": made["id"], "path": "alice/tools/byebye", "description": "waves"}));
        let gone = alice.graphql("mutation($id: ID!) { deleteContainer(input: {id: $id}) { deletedId } }", json!({"id": made["id"]})).await;
        assert_eq!(gone["deleteContainer"]["deletedId"], made["id"]);
    }

    async fn container_shows_its_images_tags_and_totals(app) {
        let alice = alice(&app).await;
        let data = alice.graphql(
            r#"{ container(path: "alice/tools/hello") {
                name size imageCount
                images { totalCount nodes { size } }
                tags { totalCount nodes { name arch libraryUri image { size } container { name } updatedBy { name } } }
            } }"#, json!({})).await;
        let container = &data["container"];
        assert_eq!(container["imageCount"], 1);
        assert_eq!(container["size"], container["images"]["nodes"][0]["size"]);
        assert_eq!(container["tags"], json!({"totalCount": 1, "nodes": [{
            "name": "1.0", "arch": "amd64", "libraryUri": "library://alice/tools/hello:1.0",
            "image": {"size": container["size"]}, "container": {"name": "hello"}, "updatedBy": {"name": "alice"},
        }]}));
    }

    async fn container_in_a_private_collection_is_null_to_strangers(app) {
        alice(&app).await;
        for who in [&app.user("bob").await, &app.anonymous()] {
            let data = who.graphql(
                r#"{ hidden: container(path: "alice/secret/hello") { id } absent: container(path: "alice/secret/nothing") { id }
                     containers { totalCount nodes { path } } }"#, json!({})).await;
            assert_eq!(data, json!({"hidden": null, "absent": null,
                "containers": {"totalCount": 1, "nodes": [{"path": "alice/tools/hello"}]}}));
        }
    }

    async fn strangers_and_read_only_tokens_change_nothing(app) {
        alice(&app).await;
        let who = [
            (app.user("bob").await, "FORBIDDEN"),
            (app.holding("alice", Scope::Read).await, "FORBIDDEN"),
            (app.anonymous(), "UNAUTHENTICATED"),
        ];
        for (who, why) in who {
            assert_eq!(refused(&who, "createContainer", json!({"collection": "alice/tools", "name": "c"})).await, why);
            assert_eq!(refused(&who, "updateContainer", json!({"id": "alice/tools/hello", "name": "c"})).await, why);
            assert_eq!(refused(&who, "deleteContainer", json!({"id": "alice/tools/hello", "withContent": true})).await, why);
        }
    }

    async fn container_with_images_goes_only_when_told_so(app) {
        let alice = alice(&app).await;
        assert_eq!(refused(&alice, "deleteContainer", json!({"id": "alice/tools/hello"})).await, "CONFLICT");
        assert_eq!(refused(&alice, "deleteContainer", json!({"id": "alice/tools/hello", "withContent": true})).await, "");
    }

    async fn path_outside_the_grammar_is_an_invalid_input(app) {
        let alice = alice(&app).await;
        for path in ["hello", "alice/tools", "alice/tools/hello/more", "alice/tools/", "Alice/tools/hello"] {
            let answer = alice.try_graphql("query($path: ContainerPath!) { container(path: $path) { id } }", json!({"path": path})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "path"), "{path}");
        }
        let answer = mutate(&alice, "createContainer", json!({"collection": "alice/tools", "name": "c".repeat(129)})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.name"));
    }
}
