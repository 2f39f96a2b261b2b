use serde_json::json;

use super::{alice, code, field, id, mutate, refused};
use crate::support::{SifBuilder, on_each_database};

const SECRET: &str = r#"image(path: "alice/secret/hello", reference: "1.0")"#;

on_each_database! {
    async fn promoted_image_is_there_at_every_door_without_an_upload(app) {
        let alice = alice(&app).await;
        let bytes = SifBuilder::new("arm64").payload(4096, 3).label("version", "3").build();
        let digest = alice.push("alice/secret/build", "ci-7", SifBuilder::new("arm64").payload(4096, 3).label("version", "3")).await;
        let source = id(&alice, r#"image(path: "alice/secret/build", reference: "ci-7")"#).await;
        let promote = "mutation($input: PromoteImageInput!) { promoteImage(input: $input) { image {
            id digest arch uploaded labels { key value } tags { name } container { path } } } }";
        let input = json!({"image": source, "container": "alice/tools/release", "tags": ["3.0", "3"]});
        let copy = alice.graphql(promote, json!({"input": input})).await["promoteImage"]["image"].clone();
        assert_ne!(copy["id"], source);
        assert_eq!((&copy["digest"], &copy["arch"], &copy["uploaded"]), (&json!(digest), &json!("arm64"), &json!(true)));
        assert_eq!(copy["labels"], json!([{"key": "version", "value": "3"}]));
        assert_eq!(copy["tags"], json!([{"name": "3"}, {"name": "3.0"}]));
        assert_eq!(copy["container"]["path"], "alice/tools/release");

        let bob = app.user("bob").await;
        assert_eq!(bob.get("/v1/imagefile/alice/tools/release:3.0?arch=arm64").await.expect(200).body, bytes);
        let manifest = bob.get("/v2/alice/tools/release/manifests/3").await.expect(200).json();
        assert_eq!(manifest["layers"][0]["digest"], json!(digest));
        let blob = format!("/v2/alice/tools/release/blobs/{digest}");
        assert_eq!(bob.get(&blob).await.expect(200).body, bytes);
        let config = format!("/v2/alice/tools/release/blobs/{}", manifest["config"]["digest"].as_str().expect("a digest"));
        bob.get(&config).await.expect(200);
        let tags = bob.get("/v2/alice/tools/release/tags/list").await.expect(200).json();
        assert_eq!(tags["tags"], json!(["3", "3.0"]), "nothing is called latest unless somebody says so");
        bob.get("/v1/images/alice/tools/release:latest").await.expect(404);
    }

    async fn promotion_is_by_those_who_may_pull_here_and_push_there(app) {
        let alice = alice(&app).await;
        let bob = app.user("bob").await;
        let secret = id(&alice, SECRET).await;
        let public = id(&alice, r#"image(path: "alice/tools/hello", reference: "1.0")"#).await;
        assert_eq!(refused(&bob, "promoteImage", json!({"image": secret, "container": "bob/tools/own"})).await, "NOT_FOUND");
        assert_eq!(refused(&bob, "promoteImage", json!({"image": public, "container": "alice/tools/hello"})).await, "FORBIDDEN");
        // What is hidden is as what is not there.
        for hidden in ["alice/secret/hello", "alice/nothing/hello"] {
            assert_eq!(refused(&bob, "promoteImage", json!({"image": public, "container": hidden})).await, "FORBIDDEN");
        }
        assert_eq!(refused(&app.anonymous(), "promoteImage", json!({"image": public, "container": "bob/tools/own"})).await, "UNAUTHENTICATED");
        bob.get("/v1/containers/bob/tools/own").await.expect(404);
        assert_eq!(refused(&bob, "promoteImage", json!({"image": public, "container": "bob/tools/own", "tags": ["1"]})).await, "");
        bob.get("/v1/imagefile/bob/tools/own:1?arch=amd64").await.expect(200);
    }

    async fn promoting_twice_is_promoting_once(app) {
        let alice = alice(&app).await;
        let image = id(&alice, SECRET).await;
        for tag in ["1", "2"] {
            assert_eq!(refused(&alice, "promoteImage", json!({"image": image, "container": "alice/tools/copy", "tags": [tag]})).await, "");
        }
        let data = alice.graphql(r#"{ container(path: "alice/tools/copy") { imageCount tags { nodes { name } } manifests { totalCount } } }"#, json!({})).await;
        assert_eq!(data["container"], json!({"imageCount": 1, "tags": {"nodes": [{"name": "1"}, {"name": "2"}]}, "manifests": {"totalCount": 1}}));
    }

    async fn copy_stays_when_the_first_is_deleted(app) {
        let alice = alice(&app).await;
        let image = id(&alice, SECRET).await;
        assert_eq!(refused(&alice, "promoteImage", json!({"image": image, "container": "alice/tools/copy", "tags": ["1"]})).await, "");
        assert_eq!(refused(&alice, "deleteContainer", json!({"id": "alice/secret/hello", "withContent": true})).await, "");
        sifhub::registry::blob::collect(&app.operator(), std::time::Duration::ZERO, false).await.expect("a collection");
        app.anonymous().get("/v1/imagefile/alice/tools/copy:1?arch=amd64").await.expect(200);
    }

    async fn wrong_inputs_are_named(app) {
        let alice = alice(&app).await;
        let image = id(&alice, SECRET).await;
        for (input, wrong) in [
            (json!({"image": "tag:1", "container": "alice/tools/x"}), "input.image"),
            (json!({"image": "image:1", "container": "alice/tools/x"}), "input.image"),
            (json!({"image": image, "container": "alice/tools"}), "input.container"),
            (json!({"image": image, "container": "alice/tools/\u{0}"}), "input.container"),
            (json!({"image": image, "container": "alice/tools/h\u{0435}llo"}), "input.container"),
            (json!({"image": image, "container": image}), "input.container"),
            (json!({"image": image, "container": "alice/tools/x", "tags": ["a", "a b"]}), "input.tags.1"),
            (json!({"image": image, "container": "alice/tools/x", "tags": vec!["a"; 51]}), "input.names"),
        ] {
            let answer = mutate(&alice, "promoteImage", input.clone()).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", wrong), "{input}");
        }
    }

    async fn several_tags_are_set_all_or_none(app) {
        let alice = alice(&app).await;
        let path = "alice/tools/hello";
        let image = id(&alice, r#"image(path: "alice/tools/hello", reference: "1.0")"#).await;
        let set = "mutation($input: SetTagsInput!) { setTags(input: $input) { tags { name arch image { id } } } }";
        let tags = alice.graphql(set, json!({"input": {"container": path, "names": ["b", "a"], "image": image}})).await;
        assert_eq!(tags["setTags"]["tags"], json!([{"name": "b", "arch": "amd64", "image": {"id": image}}, {"name": "a", "arch": "amd64", "image": {"id": image}}]));
        assert_eq!(refused(&alice, "setImmutableTags", json!({"id": path, "immutableTags": ["b"]})).await, "");
        alice.push(path, "c", SifBuilder::new("amd64").payload(4096, 9)).await;
        let other = id(&alice, r#"image(path: "alice/tools/hello", reference: "c")"#).await;
        assert_eq!(refused(&alice, "setTags", json!({"container": path, "names": ["new", "b"], "image": other})).await, "CONFLICT");
        let listed = alice.get("/v2/alice/tools/hello/tags/list").await.expect(200).json();
        assert_eq!(listed["tags"], json!(["1.0", "a", "b", "c"]));
        let answer = mutate(&alice, "setTags", json!({"container": path, "names": [], "image": image})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.names"));
    }
}
