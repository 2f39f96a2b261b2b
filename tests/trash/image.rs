//! Images and manifests that are deleted one by one.
use serde_json::{Value, json};
use sifhub::registry::download::flush;

use super::{BOX, delete, does, entry, refused, restore, trash};
use crate::{
    oci::{push_manifest, put_manifest},
    support::{Client, SifBuilder, on_each_database},
    usage::{drifts, image},
};

/// What a container shows of its images, tags and manifests.
const SHOWN: &str = r#"{ container(path: "alice/tools/box") { size imageCount manifestCount
    images { nodes { id digest description tags { name arch } downloads { total } labels { key value } } }
    tags { nodes { name arch image { digest } } } manifests { nodes { id digest tagNames } } shareLinks { nodes { id note } } } }"#;

async fn shown(who: &Client) -> Value {
    who.graphql(SHOWN, json!({})).await["container"].clone()
}

async fn id_of(who: &Client, reference: &str) -> String {
    let text = "query($reference: String!) { image(path: \"alice/tools/box\", reference: $reference) { id } }";
    let found = who.graphql(text, json!({"reference": reference})).await;
    found["image"]["id"].as_str().expect("an image").to_owned()
}

async fn delete_image(who: &Client, reference: &str) {
    let id = id_of(who, reference).await;
    does(who, "deleteImage", json!({"id": id, "reason": "too old"})).await;
}

/// The digest that a name has for OCI clients; empty for none.
async fn meant(who: &Client, name: &str) -> String {
    let answer = who.get(&format!("/v2/{BOX}/manifests/{name}")).await;
    match answer.status {
        200 => answer.header("docker-content-digest").to_owned(),
        status => {
            assert_eq!(status, 404);
            String::new()
        }
    }
}

on_each_database! {
    async fn deleted_image_is_on_no_door_and_comes_back_as_it_was(app) {
        let alice = app.user("alice").await;
        let root = app.admin("root").await;
        let labelled = SifBuilder::new("amd64").label("version", "1").payload(4096, 1);
        let digest = alice.push(BOX, "1", labelled).await;
        alice.push(BOX, "other", image(9000, 2)).await;
        let id = id_of(&alice, "1").await;
        does(&alice, "setTags", json!({"container": BOX, "names": ["stable", "old"], "image": id})).await;
        does(&alice, "updateImage", json!({"id": id, "description": "the first"})).await;
        let made = alice.graphql("mutation($image: ID!) { createShareLink(input: {image: $image, note: \"for bob\"}) { secret } }", json!({"image": id})).await;
        let share = format!("/share/{}/box.sif", made["createShareLink"]["secret"].as_str().expect("a secret"));
        alice.get(&format!("/v1/imagefile/{BOX}:1?arch=amd64")).await.expect(200);
        flush(&app.operator()).await.expect("written");
        let before = shown(&alice).await;
        let doors = [
            format!("/v1/images/{BOX}:1?arch=amd64"), format!("/v1/imagefile/{BOX}:stable?arch=amd64"), format!("/v1/imagefile/{BOX}:{}", digest.replace(':', ".")),
            format!("/v2/{BOX}/manifests/1"), format!("/v2/{BOX}/manifests/{}", meant(&alice, "1").await), format!("/v2/{BOX}/blobs/{digest}"), format!("/sif/{BOX}:1"), share,
        ];
        delete_image(&alice, "1").await;
        assert_eq!(drifts(&app).await, []);
        for who in [&alice, &root, &app.anonymous()] {
            for door in &doors {
                assert_eq!(who.get(door).await.status, 404, "{door}");
            }
            let told = shown(who).await.to_string();
            for hint in [&*digest, &id, "stable", "for bob", "the first"] {
                assert!(!told.contains(hint), "{hint} in {told}");
            }
            assert!(!who.get(&format!("/v2/{BOX}/tags/list")).await.text().contains("stable"));
            assert!(!who.get("/v2/_catalog").await.text().contains('~'));
        }
        let told = trash(&alice).await[0].clone();
        assert_eq!((&told["kind"], &told["path"], &told["reason"]), (&json!("IMAGE"), &json!(format!("{BOX}@{digest}")), &json!("too old")));
        restore(&alice, &format!("{BOX}@{digest}")).await;
        assert_eq!(shown(&alice).await, before);
        let history = "{ container(path: \"alice/tools/box\") { history(first: 1) { nodes { kind digest tags } } } }";
        let history = alice.graphql(history, json!({})).await;
        assert_eq!(history["container"]["history"]["nodes"], json!([{"kind": "IMAGE_RESTORED", "digest": digest, "tags": ["1", "old", "stable"]}]));
        for door in &doors {
            assert_eq!(alice.get(door).await.status, 200, "{door}");
        }
        assert_eq!((trash(&alice).await, drifts(&app).await), (Vec::new(), Vec::new()));
    }

    async fn manifest_that_was_deleted_by_an_oci_client_comes_back(app) {
        let alice = app.user("alice").await;
        let manifest = crate::oci::image(&alice, BOX, &[7; 5000]).await;
        let digest = push_manifest(&alice, BOX, "1", &manifest).await;
        let before = shown(&alice).await;
        alice.delete(&format!("/v2/{BOX}/manifests/{digest}")).await.expect(202);
        for name in ["1", &digest] {
            assert_eq!(meant(&alice, name).await, "");
        }
        assert_eq!(drifts(&app).await, []);
        assert_eq!(shown(&alice).await["manifestCount"], 0);
        restore(&alice, &format!("{BOX}@{digest}")).await;
        assert_eq!(shown(&alice).await, before);
        assert_eq!(meant(&alice, "1").await, digest);
        assert_eq!(drifts(&app).await, []);
        // A SIF image that came through the library goes with its last manifest.
        let sif = alice.push(BOX, "sif", image(4096, 1)).await;
        let before = shown(&alice).await;
        alice.delete(&format!("/v2/{BOX}/manifests/{}", meant(&alice, "sif").await)).await.expect(202);
        assert_eq!(shown(&alice).await["imageCount"], 0);
        restore(&alice, &format!("{BOX}@{sif}")).await;
        assert_eq!(shown(&alice).await, before);
        assert_eq!(drifts(&app).await, []);
    }

    async fn restored_image_gets_the_tags_that_are_free(app) {
        let alice = app.user("alice").await;
        let old = alice.push(BOX, "1", image(4096, 1)).await;
        let id = id_of(&alice, "1").await;
        does(&alice, "setTag", json!({"container": BOX, "name": "latest", "image": id})).await;
        delete_image(&alice, "1").await;
        let new = alice.push(BOX, "latest", image(4096, 2)).await;
        restore(&alice, &format!("{BOX}@{old}")).await;
        let tags = shown(&alice).await["tags"]["nodes"].clone();
        let tag = |name: &str, digest: &str| json!({"name": name, "arch": "amd64", "image": {"digest": digest}});
        assert_eq!(tags, json!([tag("1", &old), tag("latest", &new)]));
        assert_ne!(meant(&alice, "1").await, meant(&alice, "latest").await);
        assert_eq!(drifts(&app).await, []);
    }

    async fn image_for_one_architecture_joins_the_others_again(app) {
        let alice = app.user("alice").await;
        let amd64 = alice.push(BOX, "1", image(4096, 1)).await;
        alice.push(BOX, "1", SifBuilder::new("arm64").payload(4096, 2)).await;
        let (before, index) = (shown(&alice).await, meant(&alice, "1").await);
        delete_image(&alice, &amd64).await;
        assert_ne!(meant(&alice, "1").await, index);
        restore(&alice, &format!("{BOX}@{amd64}")).await;
        // Both tags have one name: which comes first, nobody promises.
        let of_archs = |shown: &Value| {
            let mut tags = shown["tags"]["nodes"].as_array().expect("tags").clone();
            tags.sort_by_key(|tag| tag["arch"].to_string());
            tags
        };
        assert_eq!(of_archs(&shown(&alice).await), of_archs(&before));
        assert_eq!(meant(&alice, "1").await, index);
        assert_eq!(drifts(&app).await, []);
    }

    async fn index_that_was_pushed_gets_its_image_back(app) {
        let alice = app.user("alice").await;
        let digest = alice.push(BOX, "1", image(4096, 1)).await;
        let answer = alice.get(&format!("/v2/{BOX}/manifests/1")).await;
        let (length, manifest) = (answer.text().len(), answer.header("docker-content-digest").to_owned());
        let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
            {"mediaType": crate::oci::IMAGE, "digest": manifest, "size": length, "platform": {"architecture": "amd64", "os": "linux"}}]});
        let put = put_manifest(&alice, BOX, "2", &index).await;
        assert_eq!(put.status, 201, "{}", put.text());
        let (before, index) = (shown(&alice).await["tags"].clone(), meant(&alice, "2").await);
        delete_image(&alice, "1").await;
        assert_eq!(meant(&alice, "2").await, index);
        restore(&alice, &format!("{BOX}@{digest}")).await;
        assert_eq!(shown(&alice).await["tags"], before);
        assert_eq!(meant(&alice, "2").await, index);
        // And the index itself, with what it names.
        alice.delete(&format!("/v2/{BOX}/manifests/{index}")).await.expect(202);
        restore(&alice, &format!("{BOX}@{index}")).await;
        assert_eq!((shown(&alice).await["tags"].clone(), meant(&alice, "2").await), (before, index));
        assert_eq!(drifts(&app).await, []);
    }

    async fn digest_of_a_deleted_image_is_free_and_who_has_it_keeps_it(app) {
        let alice = app.user("alice").await;
        let digest = alice.push(BOX, "1", image(4096, 1)).await;
        delete_image(&alice, "1").await;
        assert_eq!(alice.push(BOX, "2", image(4096, 1)).await, digest);
        let before = shown(&alice).await;
        let id = entry(&alice, &format!("{BOX}@{digest}")).await;
        let (code, why) = refused(&alice, "restore", json!({"id": id})).await;
        assert_eq!(code, "CONFLICT");
        assert!(why.contains("purge"), "{why}");
        does(&alice, "purge", json!({"id": id})).await;
        assert_eq!(shown(&alice).await, before);
        assert_eq!(drifts(&app).await, []);
    }

    async fn image_follows_its_container(app) {
        let alice = app.user("alice").await;
        let first = alice.push(BOX, "1", image(4096, 1)).await;
        alice.push(BOX, "2", image(4096, 2)).await;
        alice.push("alice/more/other", "1", image(4096, 3)).await;
        delete_image(&alice, "1").await;
        does(&alice, "moveContainer", json!({"id": BOX, "collection": "alice/more"})).await;
        assert_eq!(drifts(&app).await, []);
        delete(&alice, "alice/more/box").await;
        let path = format!("{BOX}@{first}");
        let id = entry(&alice, &path).await;
        let (code, why) = refused(&alice, "restore", json!({"id": id})).await;
        assert_eq!(code, "CONFLICT");
        assert!(why.contains("restore that first"), "{why}");
        restore(&alice, "alice/more/box").await;
        does(&alice, "freeze", json!({"id": "alice/more/box"})).await;
        assert_eq!(refused(&alice, "restore", json!({"id": id})).await.0, "CONFLICT");
        does(&alice, "unfreeze", json!({"id": "alice/more/box"})).await;
        assert_eq!(refused(&alice, "restore", json!({"id": id, "name": "new"})).await.0, "INVALID");
        restore(&alice, &path).await;
        assert_eq!(alice.get("/v1/imagefile/alice/more/box:1?arch=amd64").await.status, 200);
        assert_eq!(drifts(&app).await, []);
        let id = alice.graphql(r#"{ image(path: "alice/more/box", reference: "1") { id } }"#, json!({})).await["image"]["id"].clone();
        does(&alice, "deleteImage", json!({"id": id})).await;
        delete(&alice, "alice/more/box").await;
        does(&alice, "purge", json!({"id": entry(&alice, "alice/more/box").await})).await;
        assert_eq!(trash(&alice).await, Vec::<Value>::new());
        assert_eq!(drifts(&app).await, []);
    }
}
