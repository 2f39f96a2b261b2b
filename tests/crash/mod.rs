//! The server killed at any moment: nothing that it has acknowledged is lost, and nothing half is ever to be seen.
mod oci;
mod push;
mod scrub;
mod storage;

use std::{
    fs,
    path::Path,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use rand::{Rng, thread_rng};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use sifhub::registry::Digest;
use tempfile::TempDir;
use tokio::time::sleep;

use self::push::{Push, Step, Target};
use crate::support::{
    SifBuilder,
    postgres::{self, free_port},
    s3::{ACCESS_KEY, REGION, S3Server, SECRET_KEY},
    server::Server,
};

/// How often the server is killed while pushes run.
const ROUNDS: usize = 25;
/// How many push at a time.
const PUSHERS: usize = 4;
/// How long the server keeps unfinished uploads.
const RETENTION: Duration = Duration::from_secs(10);

/// A server, and what pushes to it.
struct Site {
    server: Server,
    target: Target,
    dir: TempDir,
}

impl Site {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let listen = format!("127.0.0.1:{}", free_port());
        let own = [("http.listen", &*listen), ("registry.part_size", "5 MiB")];
        let mut server = Server::new(dir.path(), None, &[&own, settings].concat());
        server.start();
        let add = ["user", "add", "alice", "--password-stdin"];
        server.cli_reading("correct horse battery\n", &add);
        let token = server.cli(&["token", "create", "--user", "alice"]);
        // A kept connection would not outlive the server.
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .no_proxy();
        let mut target = Target {
            base: format!("http://{listen}"),
            token: token.trim().to_owned(),
            container: ("alice/tools/crash", String::new()),
            http: http.build().expect("a client"),
        };
        target.container.1 = container(&target).await.expect("the server is there");
        Self {
            server,
            target,
            dir,
        }
    }

    fn crash(&mut self) {
        self.server.kill();
        self.server.start();
    }

    /// Lets several push for a moment, kills the server meanwhile, and gives what they were about.
    async fn killed_while_pushing(&mut self) -> Vec<Push> {
        let pushers = (0..PUSHERS).map(|_| tokio::spawn(pusher(self.target.clone())));
        let pushers: Vec<_> = pushers.collect();
        sleep(Duration::from_millis(thread_rng().gen_range(20..800))).await;
        self.server.kill();
        let mut pushes = Vec::new();
        for pusher in pushers {
            pushes.extend(pusher.await.expect("the server refused nothing"));
        }
        self.server.start();
        pushes
    }

    /// Makes those forget time who were killed while they removed a blob, which another does some minutes later.
    async fn age_claims(&self) {
        let file = self.dir.path().join("data/sifhub.db");
        let db = Database::connect(format!("sqlite://{}", file.display()));
        let db = db.await.expect("a connection");
        let age = "UPDATE blob SET touched_at = '2026-01-01T00:00:00+00:00' WHERE removing";
        db.execute_unprepared(age).await.expect("a change");
    }

    /// What anybody sees of a push must be all or nothing, and all of what was acknowledged.
    async fn check(&self, push: &Push) {
        let hash = format!("sha256.{}", push.digest.hex());
        for token in ["", &*self.target.token] {
            let seen = self.target.get("images", &hash, token).await;
            let bytes = self.target.get("imagefile", &hash, token).await;
            let tagged = self.target.get("imagefile", &push.tag, token).await;
            for bytes in bytes.iter().chain(&tagged) {
                assert!(Digest::of(bytes) == push.digest, "{hash} came damaged");
            }
            let seen: Option<Value> = seen.map(|json| serde_json::from_slice(&json).expect("JSON"));
            let uploaded = seen
                .as_ref()
                .is_some_and(|seen| seen["data"]["uploaded"] == true);
            assert_eq!(uploaded, bytes.is_some(), "{hash} {seen:?}");
            assert!(
                seen.is_none() || uploaded || !token.is_empty(),
                "{hash} is half"
            );
            assert!(uploaded || !push.is_complete(), "{hash} is lost");
            assert!(
                tagged.is_some() || push.next != Step::Done,
                "{} is lost",
                push.tag
            );
        }
    }
}

async fn container(target: &Target) -> reqwest::Result<String> {
    let namespace = target.call("GET", "/v1/entities/alice", json!({})).await?;
    let new = json!({"name": "tools", "entity": namespace["id"]});
    let collection = target.call("POST", "/v1/collections", new).await?;
    let new = json!({"name": "crash", "collection": collection["id"]});
    let container = target.call("POST", "/v1/containers", new).await?;
    Ok(container["id"].as_str().expect("an id").to_owned())
}

/// An image that nobody has pushed before, either small or of three parts.
fn image(in_parts: bool) -> Push {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    static SMALL: LazyLock<Vec<u8>> = LazyLock::new(|| SifBuilder::new("amd64").build());
    static LARGE: LazyLock<Vec<u8>> =
        LazyLock::new(|| SifBuilder::new("amd64").payload(11 << 20, 0).build());
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut bytes = if in_parts {
        LARGE.clone()
    } else {
        SMALL.clone()
    };
    let end = bytes.len();
    bytes[end - 8..].copy_from_slice(&number.to_le_bytes());
    Push::new(Bytes::from(bytes), format!("v{number}"), in_parts)
}

/// Pushes one image after the other until the server is gone.
async fn pusher(target: Target) -> Vec<Push> {
    let mut pushes = Vec::new();
    loop {
        let mut push = image(thread_rng().gen_bool(0.3));
        let mut result = Ok(());
        while result.is_ok() && push.next != Step::Done {
            result = push.step(&target).await;
        }
        pushes.push(push.without_bytes());
        if result.is_err() {
            return pushes;
        }
    }
}

#[tokio::test]
async fn acknowledged_images_survive_a_kill_at_any_moment() {
    let retention = format!("{}s", RETENTION.as_secs());
    let mut site = Site::new(&[("storage.staging_retention", &retention)]).await;
    let (mut all, mut complete, mut rounds) = (Vec::new(), 0, 0);
    while rounds < ROUNDS || complete < ROUNDS {
        for push in site.killed_while_pushing().await {
            site.check(&push).await;
            complete += usize::from(push.is_complete());
            all.push(push);
        }
        rounds += 1;
    }
    sleep(RETENTION).await;
    site.age_claims().await;
    site.server.cli(&["gc", "--grace", "0s"]);
    let mut uploaded = 0;
    for push in &all {
        site.check(push).await;
        let hash = format!("sha256.{}", push.digest.hex());
        uploaded += usize::from(site.target.get("imagefile", &hash, "").await.is_some());
    }
    assert!(uploaded >= complete);
    let left = files(&site.dir.path().join("data/blobs"));
    assert_eq!(
        left,
        uploaded + 1,
        "collection leaves the bytes of images, the empty configuration that their manifests share, and nothing else"
    );
}

/// How many files there are below a folder.
fn files(dir: &Path) -> usize {
    let entries = fs::read_dir(dir).expect("a folder").flatten();
    let count = |entry: fs::DirEntry| {
        match entry.path() {
            path if path.is_dir() => files(&path),
            // The mark of the place.
            path => usize::from(!path.ends_with("sifhub-storage")),
        }
    };
    entries.map(count).sum()
}

/// Pushes with a crash before every request; clients that try again must get through.
async fn push_through_crashes(settings: &[(&str, &str)]) {
    let mut site = Site::new(settings).await;
    for in_parts in [false, true] {
        let mut push = image(in_parts);
        while push.next != Step::Done {
            site.crash();
            site.check(&push).await;
            push.step(&site.target).await.expect("the server is there");
        }
        site.crash();
        site.server.cli(&["gc", "--grace", "0s"]);
        site.check(&push).await;
    }
}

#[tokio::test]
async fn push_goes_on_after_a_kill_between_any_two_requests() {
    push_through_crashes(&[]).await;
}

#[tokio::test]
async fn push_goes_on_after_a_kill_on_postgres() {
    postgres::server().create("crash", None);
    let url = postgres::server().url("crash");
    push_through_crashes(&[("database.url", &url)]).await;
}

#[tokio::test]
async fn push_goes_on_after_a_kill_on_s3() {
    let s3 = S3Server::shared().await;
    let bucket = s3.bucket().await;
    push_through_crashes(&[
        ("storage.backend", "s3"),
        ("storage.s3.bucket", &bucket),
        ("storage.s3.region", REGION),
        ("storage.s3.endpoint", &s3.endpoint),
        ("storage.s3.access_key_id", ACCESS_KEY),
        ("storage.s3.secret_access_key", SECRET_KEY),
    ])
    .await;
}

#[tokio::test]
async fn running_push_ends_well_when_the_server_is_told_to_stop() {
    let mut site = Site::new(&[]).await;
    let mut push = image(true);
    while push.next != Step::Send(1) {
        push.step(&site.target).await.expect("the server is there");
    }
    let target = site.target.clone();
    let sending = tokio::spawn(async move {
        push.step(&target)
            .await
            .expect("a running request is not cut");
        push
    });
    sleep(Duration::from_millis(30)).await;
    let status = site.server.stop();
    assert!(status.success(), "{status}");
    let mut push = sending.await.expect("the part was taken");
    site.server.start();
    while push.next != Step::Done {
        push.step(&site.target).await.expect("the server is there");
    }
    site.check(&push).await;
}

#[tokio::test]
async fn a_stop_forgets_no_pull() {
    // Nothing is written by itself.
    let mut site = Site::new(&[("registry.download_flush", "1d")]).await;
    let mut push = image(false);
    while push.next != Step::Done {
        push.step(&site.target).await.expect("the server is there");
    }
    let container = "/v1/containers/alice/tools/crash";
    for pulls in 1..=3 {
        site.target.get("imagefile", &push.tag, "").await;
        let status = site.server.stop();
        assert!(status.success(), "{status}");
        site.server.start();
        let told = site.target.call("GET", container, json!({})).await;
        assert_eq!(told.expect("it is there")["downloadCount"], pulls);
    }
    site.target.get("imagefile", &push.tag, "").await;
    site.crash();
    let told = site.target.call("GET", container, json!({})).await;
    let pulls = &told.expect("it is there")["downloadCount"];
    assert_eq!(*pulls, 3, "a kill forgets what was not written");
}
