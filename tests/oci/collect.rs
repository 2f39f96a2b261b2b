//! Collection of garbage beside pushes, mounts, tags and deletes.
use std::time::Duration;

use sifhub::registry::blob::{Decision, Reason, collect, explain};
use tokio::time::sleep;

use super::*;
use crate::support::{SifBuilder, on_each_database};

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

    async fn a_dry_run_tells_why_each_blob_stays_or_goes(app) {
        let alice = app.user("alice").await;
        let manifest = image(&alice, HERE, b"a layer").await;
        push_manifest(&alice, HERE, "1", &manifest).await;
        push_blob(&alice, HERE, b"nobody names me").await;
        let sif = alice.push(THERE, "1", SifBuilder::new("amd64")).await;
        let operator = app.operator();
        let plan = async |grace| {
            let mut all = Vec::new();
            explain(&operator, grace, |decision| all.push(decision)).await.expect("a plan");
            all
        };
        let reasons = |all: &[Decision], digest: &str| {
            let found = all.iter().find(|decision| decision.name == digest);
            let holds = found.expect("a decision").holds.iter();
            holds.map(|hold| (hold.reason, hold.example.clone())).collect::<Vec<_>>()
        };
        sleep(Duration::from_millis(5)).await;
        let now = plan(Duration::ZERO).await;
        let named = format!("{HERE}@{}", sha256(manifest.to_string().as_bytes()));
        assert_eq!(reasons(&now, &sha256(b"a layer")), [(Reason::Manifest, named)]);
        assert_eq!(reasons(&now, &sif)[0], (Reason::Image, format!("{THERE}@{sif}")));
        assert_eq!(reasons(&now, &sha256(b"nobody names me")), []);
        let later = plan(Duration::from_secs(3600)).await;
        let stray = reasons(&later, &sha256(b"nobody names me"));
        assert_eq!(stray[0], (Reason::Brought, HERE.into()));
        assert_eq!(stray[1].0, Reason::Young);
        let doomed: Vec<_> = now.iter().filter(|decision| decision.goes()).map(|d| d.name.clone()).collect();
        let taken = collect(&operator, Duration::ZERO, false).await.expect("a collection");
        let taken: Vec<_> = taken.blobs.iter().map(|(digest, _)| digest.to_string()).collect();
        assert_eq!(doomed, taken);
    }

    async fn an_index_that_was_made_for_a_tag_goes_with_what_it_named(app) {
        let alice = app.user("alice").await;
        let one = alice.push(HERE, "1", SifBuilder::new("amd64")).await;
        alice.push(HERE, "1", SifBuilder::new("arm64")).await;
        let index = format!("/v2/{HERE}/manifests/1");
        let digest = alice.get(&index).await.expect(200).header("docker-content-digest").to_owned();
        let by_digest = format!("/v2/{HERE}/manifests/{digest}");
        alice.push(HERE, "1", SifBuilder::new("amd64").payload(4096, 7)).await;
        let operator = app.operator();
        sleep(Duration::from_millis(5)).await;
        collect(&operator, Duration::ZERO, false).await.expect("a collection");
        // Somebody may have written its digest down.
        alice.get(&by_digest).await.expect(200);
        let hex = one.replacen(':', ".", 1);
        alice.delete(&format!("/v1/images/{HERE}:{hex}?arch=amd64")).await.expect(200);
        collect(&operator, Duration::ZERO, false).await.expect("a collection");
        alice.get(&by_digest).await.expect(404);
        alice.get(&index).await.expect(200);
    }
}
