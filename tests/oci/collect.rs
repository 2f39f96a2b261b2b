//! Collection of garbage beside pushes, mounts, tags and deletes.
use std::time::Duration;

use sifhub::registry::blob::collect;
use tokio::time::sleep;

use super::*;
use crate::support::on_each_database;

const HERE: &str = "alice/tools/here";
const THERE: &str = "alice/tools/there";
const CLIENTS: u64 = 32;
const ROUNDS: u64 = 4;

/// Pushes a layer to one container, mounts it in another, and pushes a manifest of it to both, without any patience. Tells
/// where the manifest was acknowledged.
async fn push(client: &Client, layer: &[u8], tag: &str) -> Vec<String> {
    let mut kept = Vec::new();
    let config = sha256(b"{}");
    let digest = sha256(layer);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    });
    for (name, from) in [(HERE, None), (THERE, Some(HERE))] {
        for (digest, bytes) in [(&config, &b"{}"[..]), (&digest, layer)] {
            let start = match from {
                Some(from) => format!("/v2/{name}/blobs/uploads/?mount={digest}&from={from}"),
                None => format!("/v2/{name}/blobs/uploads/"),
            };
            let begun = client.send("POST", &start, "").await;
            if begun.status == 202 {
                let end = format!("{}?digest={digest}", begun.header("location"));
                client.send("PUT", &end, bytes.to_vec()).await;
            }
        }
        let put = put_manifest(client, name, tag, &manifest).await;
        if put.status == 201 {
            kept.push(format!(
                "/v2/{name}/manifests/{}",
                put.header("docker-content-digest")
            ));
        }
    }
    kept
}

on_each_database! {
    // A time of grace shorter than a push is a mistake, but one that must cost pushes, never what was acknowledged.
    async fn collection_without_grace_takes_nothing_that_was_acknowledged(app) {
        let alice = app.user("alice").await;
        let work = async |client: u64| {
            let mut kept = Vec::new();
            for round in 0..ROUNDS {
                let layer = format!("layer {round} of {}", client / 2);
                let there = push(&alice, layer.as_bytes(), &format!("{client}.{round}")).await;
                match (&there[..], round % 2) {
                    ([first, rest @ ..], 1) => {
                        alice.delete(first).await;
                        kept.retain(|(path, _)| path != first);
                        kept.extend(rest.iter().map(|path| (path.clone(), sha256(layer.as_bytes()))));
                    }
                    (all, _) => kept.extend(all.iter().map(|path| (path.clone(), sha256(layer.as_bytes())))),
                }
            }
            kept
        };
        let mut all = std::pin::pin!(futures::future::join_all((0..CLIENTS).map(work)));
        let operator = app.operator();
        let kept = loop {
            tokio::select! {
                biased;
                collected = collect(&operator, Duration::ZERO, false) => drop(collected.expect("a collection")),
                kept = &mut all => break kept.concat(),
            }
            tokio::select! {
                () = sleep(Duration::from_millis(50)) => {}
                kept = &mut all => break kept.concat(),
            }
        };
        collect(&operator, Duration::ZERO, false).await.expect("a collection");
        for (path, layer) in kept {
            // Another client may have pushed the same manifest, and deleted it.
            if alice.get(&path).await.status != 200 {
                continue;
            }
            let (container, _) = path.split_once("/manifests/").expect("a path");
            for digest in [&layer, &sha256(b"{}")] {
                let blob = alice.get(&format!("{container}/blobs/{digest}")).await.expect(200);
                assert_eq!(sha256(&blob.body), *digest);
            }
        }
    }

    async fn what_nothing_names_goes_after_the_time_of_grace(app) {
        let alice = app.user("alice").await;
        let manifest = image(&alice, HERE, b"a layer").await;
        let digest = push_manifest(&alice, HERE, "1", &manifest).await;
        push_blob(&alice, HERE, b"nobody names me").await;
        let stray = format!("/v2/{HERE}/blobs/{}", sha256(b"nobody names me"));
        let layer = format!("/v2/{HERE}/blobs/{}", sha256(b"a layer"));
        let operator = app.operator();
        let sweep = async |grace| collect(&operator, grace, false).await.expect("a collection");
        sweep(Duration::from_secs(3600)).await;
        alice.get(&stray).await.expect(200);
        sleep(Duration::from_millis(5)).await;
        let planned = collect(&operator, Duration::ZERO, true).await.expect("a plan");
        alice.get(&stray).await.expect(200);
        let swept = sweep(Duration::ZERO).await;
        assert_eq!(planned.blobs, swept.blobs);
        alice.get(&stray).await.expect(404);
        alice.get(&layer).await.expect(200);
        alice.delete(&format!("/v2/{HERE}/manifests/{digest}")).await.expect(202);
        sweep(Duration::ZERO).await;
        alice.get(&layer).await.expect(404);
    }
}
