//! A push by the OCI door to storage that fails now and then.
use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use serde_json::json;
use sifhub::registry::Digest;
use tokio::time::sleep;

use super::{
    Site,
    oci::{Door, Push, Step},
};
use crate::support::{
    flaky::Flaky,
    s3::{ACCESS_KEY, REGION, S3Server, SECRET_KEY},
};

/// Settings of a server that keeps its blobs in a bucket.
pub(super) fn on_s3<'a>(endpoint: &'a str, bucket: &'a str) -> [(&'static str, &'a str); 6] {
    [
        ("storage.backend", "s3"),
        ("storage.s3.bucket", bucket),
        ("storage.s3.region", REGION),
        ("storage.s3.endpoint", endpoint),
        ("storage.s3.access_key_id", ACCESS_KEY),
        ("storage.s3.secret_access_key", SECRET_KEY),
    ]
}

/// What lies in a bucket that is no blob: staged bytes, and uploads to it that were never ended.
pub(super) async fn left(endpoint: &str, bucket: &str) -> Vec<String> {
    let told = async |query: &str, tag: &str| {
        let answer = reqwest::get(format!("{endpoint}/{bucket}?{query}")).await;
        let text = answer.expect("an answer").text().await.expect("text");
        let tag = format!("<{tag}>");
        let found = text.split(&tag).skip(1);
        let name = |rest: &str| rest.split('<').next().unwrap_or_default().to_owned();
        found.map(name).collect::<Vec<_>>()
    };
    let mut stray = told("list-type=2", "Key").await;
    assert!(!stray.is_empty(), "there are blobs");
    stray.retain(|name| !name.starts_with("blobs/") && name != "sifhub-storage");
    stray.extend(told("uploads", "UploadId").await);
    stray
}

#[tokio::test]
async fn storage_that_takes_connections_and_never_answers_holds_up_no_start() {
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", deaf.local_addr().expect("an address"));
    let site = Site::new(&on_s3(&endpoint, "any")).await;
    let alive = reqwest::get(format!("{}/healthz", site.target.base)).await;
    assert_eq!(alive.expect("an answer").status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_that_fails_in_bursts_is_told_of_with_503_and_keeps_nothing_half() {
    let s3 = S3Server::shared().await;
    let bucket = s3.bucket().await;
    let flaky = Flaky::before(&s3.endpoint).await;
    let site = Site::new(&on_s3(flaky.endpoint(), &bucket)).await;
    let door = Door::of(&site.target);
    let mut push = Push::of_size(300_000);
    let mut refused = 0;
    while push.next != Step::Done {
        // More than are tried again.
        flaky.fail_next(6);
        let step = push.step(&door).await;
        flaky.fail_next(0);
        if let Err(status) = step {
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{:?}", push.next);
            refused += 1;
            push.check(&door).await;
            push.step(&door).await.expect("storage is well again");
        }
    }
    assert!(refused >= 3, "{refused}");
    push.check(&door).await;
    flaky.fail_every(1);
    let layer = format!("blobs/{}", Digest::of(&push.layer));
    let lost = door.send("GET", &layer, Bytes::new(), None).await;
    assert_eq!(
        lost.expect_err("a refusal"),
        StatusCode::SERVICE_UNAVAILABLE
    );
    flaky.fail_every(0);
    sleep(Duration::from_secs(2)).await;
    site.server.cli(&["gc", "--grace", "0s"]);
    let plan = site
        .server
        .cli(&["gc", "--grace", "0s", "--dry-run", "--json"]);
    let decisions = plan
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let decisions: Vec<serde_json::Value> = decisions.collect();
    assert!(
        decisions
            .iter()
            .all(|decision| decision["action"] == "keep"),
        "{plan}"
    );
    assert!(
        decisions.iter().all(|decision| decision["what"] == "blob"),
        "{plan}"
    );
    let manifest = &decisions[0]["holds"][0];
    assert_eq!(
        (&manifest["count"], manifest["until"].is_null()),
        (&json!(1), true)
    );
    push.check_collected(&door).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_that_fails_now_and_then_loses_nothing_that_was_acknowledged() {
    let s3 = S3Server::shared().await;
    for every in [2, 3, 5, 7] {
        let bucket = s3.bucket().await;
        let flaky = Flaky::before(&s3.endpoint).await;
        let bucket_of = on_s3(flaky.endpoint(), &bucket);
        let brief = [("storage.staging_retention", "1s")];
        let site = Site::new(&[&bucket_of[..], &brief].concat()).await;
        let door = Door::of(&site.target);
        let mut push = Push::new();
        flaky.fail_every(every);
        // A client that is told "not now" tries again.
        for _ in 0..200 {
            match push.step(&door).await {
                Ok(()) if push.next == Step::Done => break,
                Ok(()) => {}
                Err(status) => {
                    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{:?}", push.next);
                    flaky.fail_every(0);
                    push.check(&door).await;
                    flaky.fail_every(every);
                }
            }
        }
        flaky.fail_every(0);
        push.complete(&door).await;
        push.check(&door).await;
        // Uploads may go on for as long as the server says.
        sleep(Duration::from_secs(2)).await;
        site.server.cli(&["gc", "--grace", "0s"]);
        push.check_collected(&door).await;
        assert_eq!(left(&s3.endpoint, &bucket).await, [""; 0], "{every}");
    }
}
