//! Stored blobs, read again.
mod pace;
mod repair;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::TimeDelta;
use opendal::{Operator, services::S3};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use sifhub::{
    registry::{
        Health,
        blob::collect,
        place,
        scrub::{Checked, Plan, scrub},
    },
    storage::Bucket,
};

use crate::{
    oci,
    support::{
        Client, SifBuilder, TestApp,
        s3::{ACCESS_KEY, REGION, S3Server, SECRET_KEY},
    },
};

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

    /// The same on PostgreSQL.
    async fn postgres() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let app = TestApp::postgres_in_folder(folder.path()).await;
        Self { app, folder }
    }

    /// One on each database.
    async fn each() -> [Self; 2] {
        [Self::new().await, Self::postgres().await]
    }

    fn file(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").expect("a digest");
        let path = format!("blobs/sha256/{}/{hex}", &hex[..2]);
        self.folder.path().join(path)
    }

    /// Reads all blobs that were not read so long, and tells of those.
    async fn scrub(&self, unread: TimeDelta) -> Vec<Checked> {
        scrub_all(&self.app, unread).await
    }

    /// Takes the folder away, as when it is unmounted, and gives it back.
    fn unmount(&self) -> PathBuf {
        let elsewhere = self.folder.path().with_extension("unmounted");
        fs::rename(self.folder.path(), &elsewhere).expect("it is unmounted");
        // What a server lays out before it looks further.
        fs::create_dir_all(self.folder.path().join("blobs/sha256")).expect("an empty place");
        elsewhere
    }

    fn mount(&self, elsewhere: &Path) {
        fs::remove_dir_all(self.folder.path()).expect("an empty place");
        fs::rename(elsewhere, self.folder.path()).expect("it is mounted");
    }

    /// Changes the database behind the server's back, from a thread of its own.
    fn change(&self, sql: String) {
        let url = self.app.database_url();
        let change = async move {
            let db = Database::connect(url).await.expect("a connection");
            db.execute_unprepared(&sql).await.expect("a change");
        };
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        std::thread::spawn(move || runtime.block_on(change))
            .join()
            .expect("it is done");
    }
}

async fn scrub_all(app: &TestApp, unread: TimeDelta) -> Vec<Checked> {
    let operator = app.operator();
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
    for site in Site::each().await {
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
}

#[tokio::test]
async fn a_lost_layer_comes_back_with_the_next_push_though_nobody_ran_a_scrub() {
    let site = Site::new().await;
    let alice = site.app.user("alice").await;
    let name = "alice/tools/box";
    let manifest = oci::image(&alice, name, b"layer").await;
    oci::push_manifest(&alice, name, "1", &manifest).await;
    let digest = oci::sha256(b"layer");
    let path = format!("/v2/{name}/blobs/{digest}");
    alice.head(&path).await.expect(200);
    fs::remove_file(site.file(&digest)).expect("it is lost");
    // Clients send what this says is not here.
    alice.head(&path).await.expect(404);
    alice.get(&path).await.expect(503);
    oci::push_blob(&alice, name, b"layer").await;
    alice.head(&path).await.expect(200);
    assert_eq!(alice.get(&path).await.expect(200).body, b"layer");
}

#[tokio::test]
async fn a_manifest_of_a_damaged_layer_is_refused_until_the_layer_is_pushed_again() {
    let site = Site::new().await;
    let alice = site.app.user("alice").await;
    let name = "alice/tools/box";
    let manifest = oci::image(&alice, name, b"layer").await;
    let digest = oci::sha256(b"layer");
    fs::write(site.file(&digest), b"rotte").expect("it rots");
    assert_eq!(broken(&site.scrub(TimeDelta::zero()).await).len(), 1);
    let refused = oci::put_manifest(&alice, name, "1", &manifest).await;
    assert!(
        refused.text().contains("MANIFEST_BLOB_UNKNOWN"),
        "{}",
        refused.text()
    );
    oci::push_blob(&alice, name, b"layer").await;
    oci::push_manifest(&alice, name, "1", &manifest).await;
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
async fn storage_that_is_not_mounted_is_not_taken_for_lost() {
    let site = Site::new().await;
    let (alice, root) = (site.app.user("alice").await, site.app.admin("root").await);
    alice.push("alice/tools/one", "1", image(1)).await;
    alice.push("alice/tools/two", "1", image(2)).await;
    let operator = site.app.operator();
    let plan = Plan {
        before: operator.now(),
        rate: None,
    };
    let elsewhere = site.unmount();
    let refused = scrub(&operator, plan, |_| {}).await.expect_err("a refusal");
    assert!(refused.to_string().contains("sifhub-storage"), "{refused}");
    let collected = collect(&operator, Duration::ZERO, false).await;
    collected.expect_err("a refusal");
    site.app.anonymous().get("/readyz").await.expect(503);
    site.mount(&elsewhere);
    assert_eq!(report(&root).await["damagedCount"], 0);

    // Or it goes while blobs are read.
    let mut gone = None;
    scrub(&operator, plan, |_| {
        gone.get_or_insert_with(|| site.unmount());
    })
    .await
    .expect_err("a refusal");
    site.mount(&gone.expect("it was unmounted"));
    assert_eq!(report(&root).await["damagedCount"], 0);
    assert_eq!(broken(&site.scrub(TimeDelta::zero()).await), []);
}

#[tokio::test]
async fn a_server_takes_no_other_storage_for_its_own() {
    let site = Site::new().await;
    let alice = site.app.user("alice").await;
    alice.push("alice/tools/hello", "1", image(1)).await;
    let operator = site.app.operator();
    let mark = site.folder.path().join("sifhub-storage");
    // Storage from before there were marks.
    fs::remove_file(&mark).expect("a mark");
    place::check(&operator).await.expect("its own place");
    assert!(mark.is_file());
    let elsewhere = site.unmount();
    let refused = place::check(&operator).await.expect_err("a refusal");
    let words = refused.to_string();
    assert!(words.contains(&mark.display().to_string()), "{words}");
    // That is what an administrator does when all is lost.
    fs::write(&mark, "").expect("a mark");
    place::check(&operator).await.expect("its own place now");
    site.mount(&elsewhere);
}

#[tokio::test]
async fn what_was_damaged_is_looked_at_again_by_the_next_scrub() {
    let site = Site::new().await;
    let (alice, root) = (site.app.user("alice").await, site.app.admin("root").await);
    let digest = alice.push("alice/tools/hello", "1", image(1)).await;
    let bytes = fs::read(site.file(&digest)).expect("the blob");
    fs::remove_file(site.file(&digest)).expect("it is lost");
    let lost = [(digest.clone(), Health::Missing)];
    assert_eq!(broken(&site.scrub(TimeDelta::zero()).await), lost);
    assert_eq!(broken(&site.scrub(TimeDelta::days(30)).await), lost);
    // From a backup, not by a push.
    fs::write(site.file(&digest), bytes).expect("it is back");
    assert_eq!(broken(&site.scrub(TimeDelta::days(30)).await), []);
    assert_eq!(report(&root).await["damagedCount"], 0);
}

#[tokio::test]
async fn what_was_put_aside_goes_some_time_after_it_was_pushed_again() {
    for site in Site::each().await {
        let (alice, root) = (site.app.user("alice").await, site.app.admin("root").await);
        let digest = alice.push("alice/tools/hello", "1", image(1)).await;
        fs::write(site.file(&digest), "rotten").expect("it rots");
        site.scrub(TimeDelta::zero()).await;
        let aside = async || {
            let query = "{ storage { quarantine { blobs size } } }";
            root.graphql(query, json!({})).await["storage"]["quarantine"].clone()
        };
        let sweep = async |grace| {
            let swept = collect(&site.app.operator(), grace, false).await;
            swept.expect("a collection").aside.len()
        };
        assert_eq!(aside().await, json!({"blobs": 1, "size": "6"}));
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(sweep(Duration::ZERO).await, 0);
        alice.push("alice/tools/hello", "1", image(1)).await;
        assert_eq!(sweep(Duration::from_secs(3600)).await, 0);
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(sweep(Duration::ZERO).await, 1);
        assert_eq!(aside().await, json!({"blobs": 0, "size": "0"}));
        alice
            .get("/v1/imagefile/alice/tools/hello:1")
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn what_changes_while_blobs_are_read_is_told_as_it_is() {
    for site in Site::each().await {
        let (alice, root) = (site.app.user("alice").await, site.app.admin("root").await);
        let mut files = Vec::new();
        for seed in 1..=3 {
            let digest = alice
                .push(&format!("alice/tools/box{seed}"), "1", image(seed))
                .await;
            files.push((site.file(&digest), digest));
        }
        let operator = site.app.operator();
        let plan = Plan {
            before: operator.now(),
            rate: None,
        };
        let mut told = Vec::new();
        scrub(&operator, plan, |checked| {
            if told.is_empty() {
                let digest = checked.digest.to_string();
                files.retain(|(_, other)| *other != digest);
                // One is being collected, and one is mounted, and rotten.
                let (collected, mounted) = (&files[0], &files[1]);
                fs::remove_file(&collected.0).expect("it is collected");
                fs::write(&mounted.0, "rotten").expect("it rots");
                site.change(format!(
                    "UPDATE blob SET removing = TRUE WHERE digest = '{}';
                    UPDATE blob SET touched_at = '2036-01-01T00:00:00+00:00' WHERE digest = '{}'",
                    collected.1, mounted.1
                ));
            }
            told.push(checked);
        })
        .await
        .expect("a scrub");
        let rotten = (files[1].1.clone(), Health::Damaged);
        assert_eq!(broken(&told), [rotten]);
        assert_eq!(report(&root).await["damagedCount"], 1);
    }
}

#[tokio::test]
async fn a_scrub_that_was_stopped_goes_on_where_it_was() {
    for site in Site::each().await {
        let alice = site.app.user("alice").await;
        for seed in 1..=4 {
            let path = format!("alice/tools/box{seed}");
            alice.push(&path, "1", image(seed)).await;
        }
        let operator = site.app.operator();
        let plan = Plan {
            before: operator.now() + TimeDelta::milliseconds(1),
            rate: Some(1 << 20),
        };
        tokio::time::sleep(Duration::from_millis(2)).await;
        let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let first = scrub(&operator, plan, |checked| {
            told.send(checked.digest).expect("somebody listens");
        });
        let mut all = Vec::new();
        {
            let mut first = std::pin::pin!(first);
            while all.len() < 2 {
                tokio::select! {
                    _ = &mut first => panic!("it was not stopped"),
                    digest = heard.recv() => all.extend(digest),
                }
            }
        }
        scrub(&operator, plan, |checked| all.push(checked.digest))
            .await
            .expect("a scrub");
        assert_eq!(all.len(), 5, "four images and the configuration, each once");
        all.sort_by_key(ToString::to_string);
        all.dedup();
        assert_eq!(all.len(), 5);
    }
}

/// Damages a blob in a bucket, finds that out, and pushes it again.
#[tokio::test]
async fn a_layer_in_a_bucket_is_found_damaged_and_comes_back_with_the_next_push() {
    let server = S3Server::shared().await;
    let bucket = Bucket {
        bucket: server.bucket().await,
        region: Some(REGION.into()),
        endpoint: Some(server.endpoint.clone()),
        access_key_id: Some(ACCESS_KEY.into()),
        secret_access_key: Some(SECRET_KEY.into()),
        ..Bucket::default()
    };
    let name = bucket.bucket.clone();
    let app = TestApp::postgres_on_s3(bucket).await;
    let (alice, root) = (app.user("alice").await, app.admin("root").await);
    let digest = oci::push_blob(&alice, "alice/tools/box", b"layer").await;
    let path = format!("/v2/alice/tools/box/blobs/{digest}");
    let hex = digest.strip_prefix("sha256:").expect("a digest");
    let service = S3::default()
        .bucket(&name)
        .region(REGION)
        .endpoint(&server.endpoint)
        .access_key_id(ACCESS_KEY)
        .secret_access_key(SECRET_KEY);
    let objects = Operator::new(service).expect("a bucket");
    let object = format!("blobs/sha256/{}/{hex}", &hex[..2]);
    objects.write(&object, "rotte").await.expect("it rots");
    let damaged = [(digest.clone(), Health::Damaged)];
    assert_eq!(broken(&scrub_all(&app, TimeDelta::zero()).await), damaged);
    assert_eq!(report(&root).await["damagedCount"], 1);
    alice.head(&path).await.expect(404);
    oci::push_blob(&alice, "alice/tools/box", b"layer").await;
    assert_eq!(alice.get(&path).await.expect(200).body, b"layer");
    assert_eq!(report(&root).await["damagedCount"], 0);
    assert_eq!(broken(&scrub_all(&app, TimeDelta::zero()).await), []);
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
