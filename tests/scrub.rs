//! Stored blobs, read again.
use std::{fs, path::PathBuf};

use chrono::TimeDelta;
use serde_json::{Value, json};
use sifhub::registry::{
    Health,
    scrub::{Checked, Plan, scrub},
};

use crate::support::{Client, SifBuilder, TestApp};

const REPORT: &str = "{ storage { blobs unverified damagedCount damaged { digest size } } }";

struct Site {
    app: TestApp,
    folder: tempfile::TempDir,
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let app = TestApp::in_folder(folder.path()).await;
        Self { app, folder }
    }

    fn file(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").expect("a digest");
        let path = format!("blobs/sha256/{}/{hex}", &hex[..2]);
        self.folder.path().join(path)
    }

    /// Reads all blobs that were not read so long, and tells of those.
    async fn scrub(&self, unread: TimeDelta) -> Vec<Checked> {
        let operator = self.app.operator();
        let plan = Plan {
            before: operator.now() - unread,
            rate: None,
        };
        let mut all = Vec::new();
        scrub(&operator, plan, |checked| all.push(checked))
            .await
            .expect("a scrub");
        all
    }
}

fn image(seed: u64) -> SifBuilder {
    SifBuilder::new("amd64").payload(100_000, seed)
}

async fn report(admin: &Client) -> Value {
    admin.graphql(REPORT, json!({})).await["storage"].clone()
}

fn broken(all: &[Checked]) -> Vec<(String, Health)> {
    let broken = all.iter().filter(|checked| checked.health != Health::Sound);
    broken
        .map(|checked| (checked.digest.to_string(), checked.health))
        .collect()
}

#[tokio::test]
async fn damaged_and_missing_blobs_are_named_and_come_back_with_the_next_push() {
    let site = Site::new().await;
    let (alice, root) = (site.app.user("alice").await, site.app.admin("root").await);
    let rotten = alice.push("alice/tools/rotten", "1", image(1)).await;
    let lost = alice.push("alice/tools/lost", "1", image(2)).await;
    alice.push("alice/tools/sound", "1", image(3)).await;
    let mut bytes = fs::read(site.file(&rotten)).expect("the blob");
    bytes[70_000] ^= 1;
    fs::write(site.file(&rotten), bytes).expect("it rots");
    fs::remove_file(site.file(&lost)).expect("it is lost");

    let mut found = broken(&site.scrub(TimeDelta::zero()).await);
    found.sort_by_key(|(digest, _)| *digest != rotten);
    assert_eq!(
        found,
        [
            (rotten.clone(), Health::Damaged),
            (lost.clone(), Health::Missing)
        ]
    );
    let told = report(&root).await;
    assert_eq!(
        (&told["blobs"], &told["damagedCount"]),
        (&json!(4), &json!(2))
    );
    assert_eq!(told["damaged"].as_array().map(Vec::len), Some(2));
    assert!(
        site.folder
            .path()
            .join(rotten.replacen("sha256:", "quarantine/sha256-", 1))
            .try_exists()
            .expect("a look")
    );
    for name in ["rotten", "lost"] {
        alice
            .get(&format!("/v1/imagefile/alice/tools/{name}:1"))
            .await
            .expect(503);
    }
    alice
        .get(&format!("/v2/alice/tools/rotten/blobs/{rotten}"))
        .await
        .expect(404);

    alice.push("alice/tools/rotten", "1", image(1)).await;
    alice.push("alice/tools/lost", "1", image(2)).await;
    assert_eq!(report(&root).await["damagedCount"], 0);
    alice
        .get(&format!("/v2/alice/tools/rotten/blobs/{rotten}"))
        .await
        .expect(200);
    assert_eq!(broken(&site.scrub(TimeDelta::zero()).await), []);
}

#[tokio::test]
async fn a_sound_blob_that_a_killed_scrub_had_put_aside_comes_back() {
    let site = Site::new().await;
    let alice = site.app.user("alice").await;
    let digest = alice.push("alice/tools/hello", "1", image(1)).await;
    let aside = digest.replacen("sha256:", "quarantine/sha256-", 1);
    let aside = site.folder.path().join(aside);
    fs::create_dir_all(aside.parent().expect("a folder")).expect("the quarantine");
    fs::rename(site.file(&digest), &aside).expect("it is put aside");
    assert_eq!(broken(&site.scrub(TimeDelta::zero()).await), []);
    assert!(!aside.try_exists().expect("a look"));
    alice
        .get("/v1/imagefile/alice/tools/hello:1")
        .await
        .expect(200);
}

#[tokio::test]
async fn what_was_read_lately_is_not_read_again() {
    let site = Site::new().await;
    let alice = site.app.user("alice").await;
    let digest = alice.push("alice/tools/hello", "1", image(1)).await;
    // Bytes that were just hashed and written count as read.
    let read = site.scrub(TimeDelta::hours(1)).await;
    assert!(
        read.iter()
            .all(|checked| checked.digest.to_string() != digest)
    );
    assert_eq!(site.scrub(TimeDelta::hours(1)).await, []);
    assert_eq!(site.scrub(TimeDelta::zero()).await.len(), 2);
}

#[tokio::test]
async fn only_administrators_learn_what_is_stored() {
    let site = Site::new().await;
    for client in [site.app.anonymous(), site.app.user("alice").await] {
        let answer = client.try_graphql(REPORT, json!({})).await;
        assert_eq!(answer["data"]["storage"], json!(null));
        assert!(
            answer["errors"][0]["extensions"]["code"].is_string(),
            "{answer}"
        );
    }
}
