use serde_json::json;
use sifhub::registry::Scope;

use super::{alice, code, field, id, refused};
use crate::support::{SifBuilder, on_each_database};

const SIGNER: &str = "0123456789ABCDEF0123456789ABCDEF01234567";

on_each_database! {
    async fn image_shows_what_it_says_about_itself(app) {
        let alice = alice(&app).await;
        let sif = SifBuilder::new("arm64")
            .definition("Bootstrap: docker\nFrom: alpine\n")
            .label("org.label-schema.version", "2")
            .runscript("#!/bin/sh\necho hello\n")
            .signed_by(SIGNER);
        let digest = alice.push("alice/tools/hello", "2.0", sif).await;
        let data = app.anonymous().graphql(
            r#"query($digest: String!) { image(path: "alice/tools/hello", reference: $digest) {
                digest arch signed encrypted oci uploaded fingerprints definition runscript uuid notes
                labels { key value } environment { key } apps { name }
                partitions { filesystem role arch size } descriptors { id kind size offset }
                signatures { fingerprint kind hash signedGroup } sboms { format }
                tags { name } container { path } libraryUri pullCommand downloadUrl createdBy { name }
            } }"#, json!({"digest": digest})).await;
        let image = &data["image"];
        assert_eq!(image["digest"], digest.as_str());
        assert_eq!((&image["arch"], &image["signed"], &image["oci"]), (&json!("arm64"), &json!(true), &json!(false)));
        assert_eq!(image["fingerprints"], json!([SIGNER]));
        assert_eq!(image["definition"], "Bootstrap: docker\nFrom: alpine\n");
        assert!(image["runscript"].as_str().expect("a script").contains("echo hello"));
        assert!(image["labels"].as_array().expect("labels").contains(&json!({"key": "org.label-schema.version", "value": "2"})));
        assert_eq!(image["partitions"][0]["role"], "PRIMARY");
        assert_eq!(image["signatures"][0]["fingerprint"], SIGNER);
        assert_eq!(image["tags"], json!([{"name": "2.0"}]));
        assert_eq!(image["container"]["path"], "alice/tools/hello");
        let uri = format!("library://alice/tools/hello:{}", digest.replace(':', "."));
        assert_eq!(image["libraryUri"], uri.as_str());
        assert_eq!(image["pullCommand"], format!("apptainer pull --library http://hub.test {uri}"));
        let url = image["downloadUrl"].as_str().expect("a URL");
        let path = url.strip_prefix("http://hub.test").expect("a URL of this server");
        assert_eq!(app.anonymous().get(path).await.expect(200).header("etag"), format!("\"{digest}\""));
        assert_eq!(image["createdBy"], json!(null), "strangers learn no names");
    }

    async fn tag_finds_the_image_of_an_architecture_and_amd64_first(app) {
        let alice = alice(&app).await;
        alice.push("alice/tools/hello", "1.0", SifBuilder::new("arm64")).await;
        let data = alice.graphql(
            r#"{ first: image(path: "alice/tools/hello", reference: "1.0") { arch }
                 arm: image(path: "alice/tools/hello", reference: "1.0", arch: "arm64") { arch createdBy { name } }
                 none: image(path: "alice/tools/hello", reference: "1.0", arch: "s390x") { arch }
                 latest: image(path: "alice/tools/hello") { arch } }"#, json!({})).await;
        assert_eq!(data, json!({"first": {"arch": "amd64"}, "arm": {"arch": "arm64", "createdBy": {"name": "alice"}}, "none": null, "latest": null}));
    }

    async fn image_in_a_private_collection_is_null_to_strangers(app) {
        let alice = alice(&app).await;
        let secret = id(&alice, r#"image(path: "alice/secret/hello", reference: "1.0")"#).await;
        for who in [&app.user("bob").await, &app.anonymous()] {
            let data = who.graphql(
                r#"query($id: ID!) { image(path: "alice/secret/hello", reference: "1.0") { id } node(id: $id) { id }
                     images { totalCount nodes { container { path } } } }"#, json!({"id": secret})).await;
            assert_eq!(data, json!({"image": null, "node": null,
                "images": {"totalCount": 1, "nodes": [{"container": {"path": "alice/tools/hello"}}]}}));
        }
    }

    async fn owner_describes_and_deletes_an_image(app) {
        let alice = alice(&app).await;
        let image = id(&alice, r#"image(path: "alice/tools/hello", reference: "1.0")"#).await;
        let who = [
            (app.user("bob").await, "FORBIDDEN"),
            (app.holding("alice", Scope::Read).await, "FORBIDDEN"),
            (app.anonymous(), "UNAUTHENTICATED"),
        ];
        for (who, why) in who {
            assert_eq!(refused(&who, "updateImage", json!({"id": image, "description": "mine"})).await, why);
            assert_eq!(refused(&who, "deleteImage", json!({"id": image})).await, why);
        }
        let changed = alice.graphql("mutation($id: ID!) { updateImage(input: {id: $id, description: \"good\"}) { image { description } } }", json!({"id": image})).await;
        assert_eq!(changed["updateImage"]["image"]["description"], "good");
        assert_eq!(refused(&alice, "deleteImage", json!({"id": image})).await, "");
        assert_eq!(refused(&alice, "deleteImage", json!({"id": image})).await, "NOT_FOUND");
        let data = alice.graphql(r#"{ container(path: "alice/tools/hello") { tags { totalCount } imageCount } }"#, json!({})).await;
        assert_eq!(data["container"], json!({"tags": {"totalCount": 0}, "imageCount": 0}));
    }

    async fn reference_outside_the_grammar_is_an_invalid_input(app) {
        let alice = alice(&app).await;
        for reference in ["", "-x", "sha256:12", &"t".repeat(129)] {
            let answer = alice.try_graphql(r#"query($r: String!) { image(path: "alice/tools/hello", reference: $r) { id } }"#, json!({"r": reference})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "reference"), "{reference}");
        }
    }
}
