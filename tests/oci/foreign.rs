//! What is no SIF image, or one as clients wrote it long ago: each is kept, and told about as what it is.
use super::*;
use crate::support::{SifBuilder, on_each_database};

/// What the graph tells of the manifests in the container of alice.
async fn told(who: &Client) -> Vec<Value> {
    let query = r#"query($path: ContainerPath!) { container(path: $path) { manifests(first: 50) { nodes {
        digest kind artifactType subject tagNames size arch parts { role mediaType digest } image { digest oci arch } } } } }"#;
    let data = who.graphql(query, json!({"path": NAME})).await;
    let nodes = data["container"]["manifests"]["nodes"].as_array();
    nodes.expect("a list").clone()
}

#[track_caller]
fn named<'a>(all: &'a [Value], tag: &str) -> &'a Value {
    let of_tag = |one: &&Value| one["tagNames"] == json!([tag]);
    all.iter()
        .find(of_tag)
        .unwrap_or_else(|| panic!("{tag}: {all:#?}"))
}

/// A signature as cosign makes it: a small payload in a layer that names itself.
async fn signature(client: &Client, of: &str) -> Value {
    let payload = json!({"critical": {"image": {"docker-manifest-digest": of}, "type": "cosign container image signature"}});
    let payload = payload.to_string();
    push_blob(client, NAME, payload.as_bytes()).await;
    push_blob(client, NAME, b"{}").await;
    let mut layer = descriptor(
        "application/vnd.dev.cosign.simplesigning.v1+json",
        payload.as_bytes(),
    );
    layer["annotations"] = json!({"dev.cosignproject.cosign/signature": "MEUCIQ=="});
    json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
        "layers": [layer],
    })
}

on_each_database! {
    async fn a_sif_image_is_known_by_all_types_that_its_layer_ever_had(app) {
        let alice = app.user("alice").await;
        let types = [
            ("today", "application/vnd.sylabs.sif.layer.v1.sif"),
            ("old", "application/vnd.sylabs.sif.layer.tar"),
            ("misspelt", "appliciation/vnd.sylabs.sif.layer.tar"),
        ];
        push_blob(&alice, NAME, b"{}").await;
        for (seed, (tag, kind)) in (1..).zip(types) {
            let bytes = SifBuilder::new("amd64").payload(4096, seed).build();
            let digest = push_blob(&alice, NAME, &bytes).await;
            let manifest = json!({
                "schemaVersion": 2,
                "config": descriptor("application/vnd.sylabs.sif.config.v1+json", b"{}"),
                "layers": [descriptor(kind, &bytes)],
            });
            alice.header("content-type", IMAGE).put(&at(&format!("manifests/{tag}")), manifest).await.expect(201);
            let image = alice.get(&format!("/v1/images/{NAME}:{tag}?arch=amd64")).await.expect(200).json();
            assert_eq!(image["data"]["hash"], digest.replace(':', "."), "{kind}");
            let all = told(&alice).await;
            let shown = named(&all, tag);
            assert_eq!((&shown["kind"], &shown["image"]["digest"]), (&json!("SIF"), &json!(digest)));
            // The bytes of the manifest are its pusher's.
            let back = app.anonymous().get(&at(&format!("manifests/{tag}"))).await.expect(200).json();
            assert_eq!(back["layers"][0]["mediaType"], kind);
        }
    }

    async fn an_oci_sif_is_an_image_at_every_door(app) {
        let alice = app.user("alice").await;
        let bytes = SifBuilder::oci("arm64").build();
        push_blob(&alice, NAME, b"{}").await;
        let digest = push_blob(&alice, NAME, &bytes).await;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": descriptor("application/vnd.sylabs.sif.config.v1+json", b"{}"),
            "layers": [descriptor("application/vnd.sylabs.sif.layer.v1.sif", &bytes)],
        });
        push_manifest(&alice, NAME, "1", &manifest).await;
        let all = told(&alice).await;
        let image = json!({"digest": digest, "oci": true, "arch": "arm64"});
        assert_eq!(named(&all, "1")["image"], image);
        for path in [format!("/v1/imagefile/{NAME}:1?arch=arm64"), format!("/sif/{NAME}:1"), at(&format!("blobs/{digest}"))] {
            assert!(app.anonymous().get(&path).await.expect(200).body == bytes, "{path}");
        }
    }

    async fn an_image_whose_layers_are_those_of_an_oci_sif_is_one_in_layers(app) {
        let alice = app.user("alice").await;
        let config = json!({"architecture": "arm64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).to_string();
        push_blob(&alice, NAME, config.as_bytes()).await;
        push_blob(&alice, NAME, b"squashfs").await;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": descriptor("application/vnd.oci.image.config.v1+json", config.as_bytes()),
            "layers": [descriptor("application/vnd.sylabs.image.layer.v1.squashfs", b"squashfs")],
        });
        push_manifest(&alice, NAME, "1", &manifest).await;
        let all = told(&alice).await;
        let shown = named(&all, "1");
        assert_eq!((&shown["kind"], &shown["image"]), (&json!("IMAGE"), &Value::Null));
        assert_eq!(shown["parts"][1]["mediaType"], "application/vnd.sylabs.image.layer.v1.squashfs");
    }

    async fn a_signature_of_cosign_is_shown_by_its_tag_and_by_what_it_is_about(app) {
        let alice = app.user("alice").await;
        let signed = image(&alice, NAME, b"layer").await;
        let digest = push_manifest(&alice, NAME, "1", &signed).await;
        let tag = format!("{}.sig", digest.replace(':', "-"));
        let by_tag = signature(&alice, &digest).await;
        push_manifest(&alice, NAME, &tag, &by_tag).await;
        let mut by_referrer = by_tag.clone();
        by_referrer["artifactType"] = json!("application/vnd.dev.cosign.artifact.sig.v1+json");
        by_referrer["subject"] = descriptor(IMAGE, signed.to_string().as_bytes());
        let referrer = sha256(by_referrer.to_string().as_bytes());
        push_manifest(&alice, NAME, &referrer, &by_referrer).await;

        let all = told(&app.anonymous()).await;
        let shown = named(&all, &tag);
        assert_eq!(shown["parts"][1]["mediaType"], "application/vnd.dev.cosign.simplesigning.v1+json");
        let shown = all.iter().find(|one| one["digest"] == referrer.as_str()).expect("the referrer");
        assert_eq!((&shown["subject"], &shown["artifactType"]), (&json!(digest), &by_referrer["artifactType"]));
        let listed = app.anonymous().get(&at(&format!("referrers/{digest}"))).await.expect(200).json();
        assert_eq!(listed["manifests"][0]["digest"], referrer.as_str());
        let tags = app.anonymous().get(&at("tags/list")).await.expect(200).json();
        assert_eq!(tags["tags"], json!(["1", tag]));
    }
}
