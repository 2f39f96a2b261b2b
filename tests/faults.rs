//! Bad luck: no space, no database, no storage. Each is told for what it is, and nothing is lost or half visible.
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use sifhub::{config, registry::Digest, storage::Bucket};

use crate::support::{SifBuilder, TestApp, disk::SmallDisk, postgres, s3};

/// Announces an image in a new container of alice, and tells its id.
async fn announce(alice: &crate::support::Client, bytes: &[u8]) -> String {
    alice
        .push(
            "alice/tools/other",
            "1.0",
            SifBuilder::new("amd64").payload(4096, 99),
        )
        .await;
    let container = alice
        .get("/v1/containers/alice/tools/other")
        .await
        .expect(200)
        .json();
    let hash = format!("sha256.{}", Digest::of(bytes).hex());
    let image = alice
        .post(
            "/v1/images",
            json!({"hash": hash, "container": container["data"]["id"]}),
        )
        .await;
    image.expect(200).json()["data"]["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

/// A 503 that says when to ask again.
#[track_caller]
fn promises_to_be_back(answer: &crate::support::Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    let after: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!(after > 0);
}

#[tokio::test]
async fn a_full_disk_is_507_and_what_was_there_stays() {
    let disk = SmallDisk::mount();
    let app = TestApp::in_folder(&disk.path().join("blobs")).await;
    let alice = app.user("alice").await;
    let big = SifBuilder::new("amd64").payload(16 << 20, 1).build();
    let id = announce(&alice, &big).await;
    let refused = alice
        .send("POST", &format!("/v1/imagefile/{id}"), big)
        .await
        .expect(507);
    assert!(
        refused.json()["error"]["message"]
            .as_str()
            .expect("words")
            .contains("space")
    );
    alice
        .get("/v1/imagefile/alice/tools/other:1.0")
        .await
        .expect(200);
    app.indexed().await;
    assert_eq!(
        alice.get("/v1/search?value=other").await.json()["data"]["image"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    // What was staged is gone, so that something smaller fits again.
    alice
        .push(
            "alice/tools/other",
            "2.0",
            SifBuilder::new("amd64").payload(4 << 20, 2),
        )
        .await;
}

#[tokio::test]
async fn a_locked_database_is_503_for_writers_and_nothing_to_readers() {
    let app = TestApp::configured(|config| {
        config.database.busy_timeout = config::Duration::from_millis(50)
    })
    .await;
    let alice = app.user("alice").await;
    alice
        .push("alice/tools/hello", "1.0", SifBuilder::new("amd64"))
        .await;
    let other = Database::connect(app.database_url())
        .await
        .expect("a second connection");
    other
        .execute_unprepared("BEGIN IMMEDIATE")
        .await
        .expect("the lock");
    let refused = alice
        .post("/v1/entities", json!({"name": "alice"}))
        .await
        .expect(503);
    assert!(
        refused.json()["error"]["message"]
            .as_str()
            .expect("words")
            .contains("database is unavailable")
    );
    alice
        .get("/v1/images/alice/tools/hello:1.0?arch=amd64")
        .await
        .expect(200);
    other
        .execute_unprepared("ROLLBACK")
        .await
        .expect("the end of the lock");
    alice
        .push(
            "alice/tools/hello",
            "2.0",
            SifBuilder::new("amd64").payload(4096, 2),
        )
        .await;
}

#[tokio::test]
async fn a_lost_database_is_503_until_it_is_back() {
    let app = TestApp::postgres().await;
    let alice = app.user("alice").await;
    alice
        .push("alice/tools/hello", "1.0", SifBuilder::new("amd64"))
        .await;
    let url = app.database_url();
    let name = url.rsplit('/').next().expect("a name");
    assert!(postgres::server().psql(&format!("alter database {name} allow_connections false")));
    assert!(postgres::server().psql(&format!(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
    )));
    for path in [
        "/v1/images/alice/tools/hello:1.0?arch=amd64",
        "/v2/alice/tools/hello/manifests/1.0",
        "/sif/alice/tools/hello:1.0",
        "/pks/lookup?op=get&search=0x8883491F4268F173C6E5DC49EDECE4F3F38D871E",
        "/alice/api/container/tools/hello:1.0",
    ] {
        promises_to_be_back(&alice.get(path).await);
    }
    let asked = alice.post("/graphql", json!({"query": "{ viewer { name } }"}));
    promises_to_be_back(&asked.await);
    let unready = app.anonymous().get("/readyz").await.expect(503);
    assert_eq!(unready.text(), "database does not answer\n");
    assert!(postgres::server().psql(&format!("alter database {name} allow_connections true")));
    alice
        .get("/v1/images/alice/tools/hello:1.0?arch=amd64")
        .await
        .expect(200);
}

#[tokio::test]
async fn lost_storage_is_503_until_it_is_back() {
    let server = s3::S3Server::start();
    let bucket = Bucket {
        bucket: server.bucket().await,
        region: Some(s3::REGION.into()),
        endpoint: Some(server.endpoint.clone()),
        access_key_id: Some(s3::ACCESS_KEY.into()),
        secret_access_key: Some(s3::SECRET_KEY.into()),
        ..Bucket::default()
    };
    let app = TestApp::on_s3(bucket).await;
    let alice = app.user("alice").await;
    let image = SifBuilder::new("amd64").payload(9 << 20, 3);
    let digest = alice.push("alice/tools/hello", "1.0", image).await;
    let whole = alice
        .get("/v1/imagefile/alice/tools/hello:1.0")
        .await
        .expect(200);
    assert_eq!(Digest::of(&whole.body).to_string(), digest);
    let bytes = SifBuilder::new("amd64").payload(4096, 4).build();
    let id = announce(&alice, &bytes).await;
    drop(server);
    tokio::time::timeout(Duration::from_secs(60), async {
        alice
            .send("POST", &format!("/v1/imagefile/{id}"), bytes)
            .await
            .expect(503);
        alice
            .get("/v1/imagefile/alice/tools/hello:1.0")
            .await
            .expect(503);
        let unready = app.anonymous().get("/readyz").await.expect(503);
        assert_eq!(unready.text(), "storage does not answer\n");
    })
    .await
    .expect("storage that is gone does not hold up its users");
}

#[tokio::test]
async fn a_folder_that_is_gone_is_503() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("blobs");
    let app = TestApp::in_folder(&root).await;
    let alice = app.user("alice").await;
    let digest = alice
        .push("alice/tools/hello", "1.0", SifBuilder::new("amd64"))
        .await;
    std::fs::rename(&root, folder.path().join("unmounted")).expect("the folder is moved away");
    app.anonymous().get("/readyz").await.expect(503);
    for path in [
        "/v1/imagefile/alice/tools/hello:1.0".into(),
        format!("/v2/alice/tools/hello/blobs/{digest}"),
        "/sif/alice/tools/hello:1.0".into(),
    ] {
        promises_to_be_back(&alice.get(&path).await);
    }
    std::fs::rename(folder.path().join("unmounted"), &root).expect("the folder is back");
    alice
        .get("/v1/imagefile/alice/tools/hello:1.0")
        .await
        .expect(200);
}

#[tokio::test]
async fn bytes_that_storage_lost_come_back_with_the_next_push() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let app = TestApp::in_folder(folder.path()).await;
    let alice = app.user("alice").await;
    let image = || SifBuilder::new("amd64").payload(4096, 5);
    let digest = alice.push("alice/tools/hello", "1.0", image()).await;
    let hex = digest.strip_prefix("sha256:").expect("a digest");
    let blob = folder
        .path()
        .join(format!("blobs/sha256/{}/{hex}", &hex[..2]));
    let by_digest = format!("/v1/images/alice/tools/hello:sha256.{hex}?arch=amd64");
    let uploaded =
        async || alice.get(&by_digest).await.expect(200).json()["data"]["uploaded"].clone();
    assert_eq!(uploaded().await, json!(true));
    std::fs::remove_file(&blob).expect("the blob is lost");
    alice
        .get("/v1/imagefile/alice/tools/hello:1.0")
        .await
        .expect(503);
    assert_eq!(uploaded().await, json!(false));
    // Nobody can take lost bytes over from here.
    alice.push("alice/tools/copy", "1.0", image()).await;
    assert_eq!(uploaded().await, json!(true));
    let pulled = alice
        .get("/v1/imagefile/alice/tools/hello:1.0")
        .await
        .expect(200);
    assert_eq!(Digest::of(&pulled.body).to_string(), digest);
}
