//! Collection of garbage beside pushes.
use std::time::Duration;

use sifhub::registry::blob::collect;

use super::*;
use crate::support::on_each_database;

const PATH: &str = "alice/tools/alpine";

/// Pushes an image without any patience, and tells its id if it was acknowledged.
async fn push(client: &Client, container: &str, bytes: &[u8]) -> Option<String> {
    let answer = client
        .post("/v1/images", announcement(container, bytes))
        .await;
    if answer.status != 200 {
        return None;
    }
    let (image, uploaded) = (id(&answer), answer.json()["data"]["uploaded"] == true);
    if !uploaded {
        let path = format!("/v1/imagefile/{image}");
        let answer = client.send("POST", &path, bytes.to_vec()).await;
        return (answer.status == 200).then_some(image);
    }
    Some(image)
}

on_each_database! {
    // A time of grace shorter than a push is a mistake, but one that must cost pushes, never images.
    async fn collection_without_grace_takes_nothing_that_was_acknowledged(app) {
        let alice = app.user("alice").await;
        let first = container(&alice, PATH).await;
        let second = container(&alice, "alice/tools/busybox").await;
        let pushes = async |seed: u64| {
            let mut kept = Vec::new();
            for round in 0..6 {
                let bytes = SifBuilder::new("amd64").payload(4096, seed * 100 + round).build();
                let here = push(&alice, &first, &bytes).await;
                let there = push(&alice, &second, &bytes).await;
                if here.is_some() && round % 2 == 0 {
                    alice.delete(&format!("/v1/images/{PATH}:{}", hash(&bytes))).await.expect(200);
                } else {
                    kept.extend(here.map(|image| (image, bytes.clone())));
                }
                kept.extend(there.map(|image| (image, bytes)));
            }
            kept
        };
        let mut pushes = std::pin::pin!(futures::future::join_all((0..4).map(pushes)));
        let operator = app.operator();
        let kept = loop {
            tokio::select! {
                biased;
                collected = collect(&operator, Duration::ZERO, false) => drop(collected.expect("a collection")),
                kept = &mut pushes => break kept.concat(),
            }
            tokio::task::yield_now().await;
        };
        for (image, bytes) in kept {
            let pulled = alice.get(&format!("/v2/imagefile/{image}")).await.expect(200);
            assert_eq!(pulled.body, bytes);
        }
    }
}
