//! Collection of garbage beside pushes, mounts, tags and deletes.
use std::{collections::BTreeSet, time::Duration};

use futures::TryStreamExt;
use sifhub::registry::{
    Caller,
    blob::{Decision, Reason, What, collect, explain},
};
use tokio::time::sleep;

use super::*;
use crate::{
    consistency,
    support::{SifBuilder, TestApp, on_each_database},
};

const HERE: &str = "alice/tools/here";
const THERE: &str = "alice/tools/there";
const CLIENTS: u64 = 32;
const ROUNDS: u64 = 2;

/// What a client brings.
struct Load {
    layer: Vec<u8>,
    tag: String,
    manifest: Value,
}

impl Load {
    /// Clients of a pair have the same layers, but no two manifests are the same.
    fn new(client: u64, round: u64) -> Self {
        let layer = format!("layer {round} of {}", client / 2).into_bytes();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer)],
            "annotations": {"by": format!("{client}")},
        });
        let tag = format!("{client}.{round}");
        Self {
            layer,
            tag,
            manifest,
        }
    }

    /// Pushes or mounts the blobs, and pushes the manifest. Tells where it is if that was acknowledged.
    async fn try_push(&self, client: &Client, name: &str, from: Option<&str>) -> Option<String> {
        for bytes in [&b"{}"[..], &self.layer] {
            let digest = sha256(bytes);
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
        let put = put_manifest(client, name, &self.tag, &self.manifest).await;
        let digest = put.header("docker-content-digest");
        (put.status == 201).then(|| format!("/v2/{name}/manifests/{digest}"))
    }

    /// Pushes until that is acknowledged.
    async fn push(&self, client: &Client, name: &str, from: Option<&str>) -> String {
        for _ in 0..200 {
            if let Some(path) = self.try_push(client, name, from).await {
                return path;
            }
        }
        panic!("collection lets nobody push");
    }

    /// All of it is there.
    async fn check(&self, client: &Client, path: &str) {
        let found = client.get(path).await.expect(200);
        assert_eq!(found.json(), self.manifest);
        let (name, _) = path.split_once("/manifests/").expect("a path");
        let tagged = client.get(&format!("{name}/manifests/{}", self.tag)).await;
        assert_eq!(tagged.expect(200).json(), self.manifest);
        for bytes in [&b"{}"[..], &self.layer] {
            let blob = format!("{name}/blobs/{}", sha256(bytes));
            assert_eq!(client.get(&blob).await.expect(200).body, bytes);
        }
    }
}

/// Pushes an image by the library until that is acknowledged, and tells its digest. Clients of a pair have the same one.
async fn push_sif(client: &Client, tag: &str, number: u64, round: u64) -> String {
    let image = || SifBuilder::new("amd64").payload(4096, number / 2 * ROUNDS + round);
    for _ in 0..200 {
        let push = consistency::push(client, &sif(number), tag, image()).await;
        if push.status == 200 {
            return sha256(&image().build());
        }
    }
    panic!("collection lets nobody push");
}

/// Where a client keeps images.
fn sif(client: u64) -> String {
    format!("alice/tools/sif{client}")
}

/// Those of the digests of stored blobs.
async fn stored(app: &TestApp) -> BTreeSet<String> {
    let blobs = app.storage.blobs().map_ok(|blob| blob.digest.to_string());
    blobs.try_collect().await.expect("a list")
}

/// Collects without pause for long, until it is dropped.
async fn collect_again_and_again(operator: Caller) {
    loop {
        collect(&operator, Duration::ZERO, false)
            .await
            .expect("a collection");
        sleep(Duration::from_millis(50)).await;
    }
}

on_each_database! {
    // A time of grace shorter than a push is a mistake, but one that must cost pushes, never what was acknowledged.
    async fn collection_without_grace_takes_nothing_that_was_acknowledged(app) {
        let alice = app.user("alice").await;
        let work = async |client: u64| {
            let (mut kept, mut sifs, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
            for round in 0..ROUNDS {
                let load = Load::new(client, round);
                let here = load.push(&alice, HERE, None).await;
                let there = load.push(&alice, THERE, Some(HERE)).await;
                // One that no manifest will name.
                let stray = format!("{}?digest={}", begin(&alice, HERE).await, sha256(load.tag.as_bytes()));
                alice.send("PUT", &stray, load.tag.clone()).await;
                // The tag moves on, and the image stays.
                let digest = push_sif(&alice, "latest", client, round).await;
                let image = format!("/v1/imagefile/{}:{}?arch=amd64", sif(client), digest.replace(':', "."));
                if round % 2 == 1 {
                    alice.delete(&here).await.expect(202);
                    alice.delete(&image.replace("imagefile", "images")).await.expect(200);
                    deleted.extend([here, image]);
                } else {
                    kept.push((Load::new(client, round), here));
                    sifs.push((digest, image));
                }
                kept.push((load, there));
            }
            (kept, sifs, deleted)
        };
        let all = futures::future::join_all((0..CLIENTS).map(work));
        let done = tokio::select! {
            done = all => done,
            () = collect_again_and_again(app.operator()) => unreachable!("it goes on"),
            () = collect_again_and_again(app.operator()) => unreachable!("it goes on"),
        };
        let empty = r#"mutation { emptyTrash(input: {namespace: "alice"}) { purged } }"#;
        let emptied = alice.graphql(empty, json!({})).await;
        assert_eq!(emptied["emptyTrash"]["purged"], CLIENTS * ROUNDS, "no collection took what was in the trash");
        // Twice: links of blobs that nothing names go first, and the blobs when no link is left.
        for _ in 0..2 {
            sleep(Duration::from_millis(5)).await;
            collect(&app.operator(), Duration::ZERO, false).await.expect("a collection");
        }
        let mut needed = BTreeSet::from([sha256(b"{}")]);
        let (mut kept, mut deleted) = (0, 0);
        for (ours, sifs, gone) in &done {
            for (load, path) in ours {
                load.check(&alice, path).await;
                needed.insert(sha256(&load.layer));
            }
            for (digest, path) in sifs {
                assert_eq!(sha256(&alice.get(path).await.expect(200).body), *digest);
                needed.insert(digest.clone());
            }
            for path in gone {
                alice.get(path).await.expect(404);
            }
            kept += ours.len() + sifs.len();
            deleted += gone.len();
        }
        let pushes = (CLIENTS * ROUNDS) as usize;
        assert_eq!((kept, deleted), (pushes * 2, pushes));
        // Neither less nor more is stored.
        assert_eq!(stored(&app).await, needed);
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

#[tokio::test]
async fn a_dry_run_tells_of_indexes_uploads_orphans_and_what_is_staged() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = TestApp::in_folder(folder.path()).await;
    let (alice, root) = (app.user("alice").await, app.admin("root").await);
    let member = push_blob(&alice, HERE, b"a member").await;
    let members = [descriptor("application/octet-stream", b"a member")];
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": members});
    let index = push_manifest(&alice, HERE, "1", &index).await;
    let upload = begin(&alice, HERE).await;
    alice.send("PATCH", &upload, "under way").await.expect(202);
    std::fs::write(folder.path().join("staging/left.over"), "left").expect("a leftover");
    let orphan = sha256(b"orphan");
    let hex = orphan.strip_prefix("sha256:").expect("a digest");
    let place = folder.path().join(format!("blobs/sha256/{}", &hex[..2]));
    std::fs::create_dir_all(&place).expect("a folder");
    std::fs::write(place.join(hex), "orphan").expect("an orphan");
    sleep(Duration::from_millis(5)).await;

    let reasons = async |grace| {
        let mut all = Vec::new();
        let operator = app.operator();
        let told = explain(&operator, grace, |decision| all.push(decision));
        told.await.expect("a plan");
        let of = |name: &str| {
            let found = all.iter().find(|decision| decision.name.starts_with(name));
            let found = found.expect("a decision");
            let holds: Vec<_> = found.holds.iter().map(|hold| hold.reason).collect();
            (found.what, holds)
        };
        [of(&member), of("blob-"), of("left"), of(&orphan)]
    };
    assert_eq!(
        reasons(Duration::ZERO).await,
        [
            (What::Blob, vec![Reason::Index]),
            (What::Staged, vec![Reason::Upload]),
            (What::Staged, vec![]),
            (What::Orphan, vec![]),
        ]
    );
    assert_eq!(
        reasons(Duration::from_secs(3600)).await,
        [
            (
                What::Blob,
                vec![Reason::Index, Reason::Brought, Reason::Young]
            ),
            (What::Staged, vec![Reason::Young, Reason::Upload]),
            (What::Staged, vec![Reason::Young]),
            (What::Orphan, vec![Reason::Young]),
        ]
    );
    let query = "query($digest: String!) { storage { decision(digest: $digest) { digest size goes holds { reason count example } } } }";
    let told = root.graphql(query, json!({ "digest": member })).await;
    let told = &told["storage"]["decision"];
    assert_eq!(
        (&told["digest"], &told["size"], &told["goes"]),
        (&json!(member), &json!("8"), &json!(false))
    );
    assert_eq!(
        told["holds"][0],
        json!({"reason": "INDEX", "count": 1, "example": format!("{HERE}@{index}")})
    );
    let none = root.graphql(query, json!({ "digest": orphan })).await;
    assert_eq!(none["storage"]["decision"], Value::Null);

    let swept = collect(&app.operator(), Duration::ZERO, false)
        .await
        .expect("a collection");
    assert_eq!(swept.staged, ["left.over"]);
    assert!(
        swept
            .blobs
            .iter()
            .any(|(digest, _)| digest.to_string() == orphan)
    );
    let end = format!("{upload}?digest={}", sha256(b"under way"));
    alice.send("PUT", &end, "").await.expect(201);
}
