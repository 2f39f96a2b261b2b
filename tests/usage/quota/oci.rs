//! Quotas at the OCI door.
use std::io;

use bytes::Bytes;
use futures::stream;
use poem::Body;

use super::*;
use crate::oci::{begin, descriptor, image, push_blob, push_manifest, put_manifest, sha256};

const BOX: &str = "alice/tools/box";

/// What the door says of a refusal: that it is one, and why.
fn denied(answer: Answer) -> String {
    let refusal = answer.expect(413).json()["errors"][0].clone();
    assert_eq!(refusal["code"], "DENIED");
    refusal["message"].as_str().expect("a message").to_owned()
}

async fn used(who: &Client) -> (u64, String) {
    let quota = quota(who, r#"namespace(name: "alice")"#).await;
    let bytes = quota["usedBytes"].as_str().expect("bytes").to_owned();
    (quota["usedImages"].as_u64().expect("a number"), bytes)
}

on_each_database! {
    async fn a_manifest_that_does_not_fit_is_refused(app) {
        let (root, alice) = (app.admin("root").await, app.user("alice").await);
        let manifest = image(&alice, BOX, &[7; 4096]).await;
        limit(&root, "alice", json!({"limitBytes": "4096"})).await;
        let why = denied(put_manifest(&alice, BOX, "1", &manifest).await);
        assert!(why.contains("namespace alice") && why.contains("more are needed"), "{why}");
        alice.get(&format!("/v2/{BOX}/manifests/1")).await.expect(404);
        limit(&root, "alice", json!({"limitBytes": "5000"})).await;
        push_manifest(&alice, BOX, "1", &manifest).await;
        assert_eq!(used(&alice).await.0, 1);
    }

    async fn a_layer_that_does_not_fit_is_refused_before_its_bytes_arrive(app) {
        let (root, alice) = (app.admin("root").await, app.user("alice").await);
        push_blob(&alice, BOX, b"{}").await;
        limit(&root, "alice", json!({"limitBytes": "4095"})).await;
        let upload = begin(&alice, BOX).await;
        let told = alice.header("content-length", "4096");
        denied(told.send("PATCH", &upload, vec![7; 4096]).await);
        alice.get(&upload).await.expect(404);
    }

    async fn chunks_of_unknown_size_end_where_the_room_does(app) {
        let (root, alice) = (app.admin("root").await, app.user("alice").await);
        push_blob(&alice, BOX, b"{}").await;
        limit(&root, "alice", json!({"limitBytes": "10000"})).await;
        let upload = begin(&alice, BOX).await;
        let pieces = (0..4).map(|_| Ok::<_, io::Error>(Bytes::from(vec![7; 4096])));
        denied(alice.send("PATCH", &upload, Body::from_bytes_stream(stream::iter(pieces))).await);
        alice.get(&upload).await.expect(404);
    }

    async fn a_layer_that_the_namespace_has_may_come_again_though_it_is_full(app) {
        let (root, alice) = (app.admin("root").await, app.user("alice").await);
        let layer = [7; 4096];
        let manifest = image(&alice, BOX, &layer).await;
        push_manifest(&alice, BOX, "1", &manifest).await;
        let (_, full) = used(&alice).await;
        limit(&root, "alice", json!({"limitBytes": full})).await;
        let upload = begin(&alice, "alice/tools/other").await;
        let end = format!("{upload}?digest={}", sha256(&layer));
        alice.send("PUT", &end, layer.to_vec()).await.expect(201);
        push_manifest(&alice, BOX, "again", &manifest).await;
        push_blob(&alice, "alice/tools/other", b"{}").await;
        denied(put_manifest(&alice, "alice/tools/other", "1", &manifest).await);
    }

    async fn what_is_pushed_by_two_doors_counts_once(app) {
        let (_, alice, size) = with_one(&app).await;
        let once = (1, size.to_string());
        assert_eq!(used(&alice).await, once);
        let sif = super::image(4096, 1).build();
        push_blob(&alice, "alice/tools/a", b"{}").await;
        push_blob(&alice, "alice/tools/a", &sif).await;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": crate::oci::IMAGE,
            "config": descriptor("application/vnd.sylabs.sif.config.v1+json", b"{}"),
            "layers": [descriptor("application/vnd.sylabs.sif.layer.v1.sif", &sif)],
        });
        push_manifest(&alice, "alice/tools/a", "2", &manifest).await;
        assert_eq!(used(&alice).await, once);
    }
}
