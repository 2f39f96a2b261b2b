use serde_json::json;
use sifhub::registry::Scope;

use super::{alice, code, field, id, mutate, refused};
use crate::support::{SifBuilder, on_each_database};

const IMAGE: &str = r#"image(path: "alice/tools/hello", reference: "1.0")"#;

on_each_database! {
    async fn owner_sets_moves_and_deletes_a_tag(app) {
        let alice = alice(&app).await;
        let first = id(&alice, IMAGE).await;
        let set = "mutation($image: ID!) { setTag(input: {container: \"alice/tools/hello\", name: \"stable\", image: $image})
            { tag { id name arch image { id } } } }";
        let tag = alice.graphql(set, json!({"image": first})).await["setTag"]["tag"].clone();
        assert_eq!((&tag["name"], &tag["arch"], &tag["image"]["id"]), (&json!("stable"), &json!("amd64"), &json!(first)));
        alice.push("alice/tools/hello", "2.0", SifBuilder::new("amd64").payload(4096, 7)).await;
        let second = id(&alice, r#"image(path: "alice/tools/hello", reference: "2.0")"#).await;
        let moved = alice.graphql(set, json!({"image": second})).await["setTag"]["tag"].clone();
        assert_eq!((&moved["id"], &moved["image"]["id"]), (&tag["id"], &json!(second)));
        assert_eq!(refused(&alice, "deleteTag", json!({"id": tag["id"]})).await, "");
        let data = alice.graphql(r#"{ image(path: "alice/tools/hello", reference: "2.0") { id tags { name } } }"#, json!({})).await;
        assert_eq!(data["image"]["tags"], json!([{"name": "2.0"}]));
    }

    async fn architecture_that_contradicts_the_image_is_refused(app) {
        let alice = alice(&app).await;
        let image = id(&alice, IMAGE).await;
        let answer = mutate(&alice, "setTag", json!({"container": "alice/tools/hello", "name": "x", "arch": "arm64", "image": image})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.arch"));
    }

    async fn tag_points_only_at_images_of_its_container(app) {
        let alice = alice(&app).await;
        let other = id(&alice, r#"image(path: "alice/secret/hello", reference: "1.0")"#).await;
        assert_eq!(refused(&alice, "setTag", json!({"container": "alice/tools/hello", "name": "x", "image": other})).await, "NOT_FOUND");
    }

    async fn names_outside_the_grammar_are_invalid_inputs(app) {
        let alice = alice(&app).await;
        let image = id(&alice, IMAGE).await;
        for name in ["", ".x", "a b", &"t".repeat(129)] {
            let answer = mutate(&alice, "setTag", json!({"container": "alice/tools/hello", "name": name, "image": image})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.name"), "{name}");
        }
        let answer = mutate(&alice, "setTag", json!({"container": "alice/tools/hello", "name": "x", "image": "tag:1"})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.image"));
    }

    async fn strangers_and_read_only_tokens_change_nothing(app) {
        let alice = alice(&app).await;
        let image = id(&alice, IMAGE).await;
        let data = alice.graphql(r#"{ container(path: "alice/tools/hello") { tags { nodes { id } } } }"#, json!({})).await;
        let tag = &data["container"]["tags"]["nodes"][0]["id"];
        let who = [
            (app.user("bob").await, "FORBIDDEN"),
            (app.holding("alice", Scope::Read).await, "FORBIDDEN"),
            (app.anonymous(), "UNAUTHENTICATED"),
        ];
        for (who, why) in who {
            assert_eq!(refused(&who, "setTag", json!({"container": "alice/tools/hello", "name": "x", "image": image})).await, why);
            assert_eq!(refused(&who, "deleteTag", json!({"id": tag})).await, why);
        }
    }
}
