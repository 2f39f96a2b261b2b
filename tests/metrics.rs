//! The numbers for Prometheus.
use std::time::Duration;

use sifhub::{
    config::MetricsAccess,
    registry::{blob::collect, measure::measure},
};

use crate::support::{Client, SifBuilder, TestApp, on_each_database};

const HERE: &str = "alice/tools/hello";
const TOKEN: &str = "an-unguessable-word-for-prometheus";

/// The number of a line of the text; 0 where there is none.
fn number(text: &str, line: &str) -> f64 {
    let found = text
        .lines()
        .find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
    found.map_or(0.0, |number| number.parse().expect("a number"))
}

async fn read(client: &Client) -> String {
    client.get("/metrics").await.expect(200).text()
}

async fn with_access(access: MetricsAccess) -> TestApp {
    let app = TestApp::configured(|config| {
        config.metrics.access = access;
        config.metrics.token = Some(TOKEN.to_owned().into());
    });
    app.await
}

#[tokio::test]
async fn numbers_are_for_prometheus_and_administrators() {
    let app = with_access(MetricsAccess::Token).await;
    let (alice, root) = (app.user("alice").await, app.admin("root").await);
    app.anonymous().get("/metrics").await.expect(401);
    app.anonymous()
        .with_token("guess")
        .get("/metrics")
        .await
        .expect(401);
    alice.get("/metrics").await.expect(403);
    root.get("/metrics").await.expect(200);
    let answer = app
        .anonymous()
        .with_token(TOKEN)
        .get("/metrics")
        .await
        .expect(200);
    let kind = answer.header("content-type").to_owned();
    assert!(
        kind.starts_with("application/openmetrics-text; version=1.0.0"),
        "{kind}"
    );
    assert!(answer.text().ends_with("# EOF\n"));
    // Good for the numbers alone.
    app.anonymous()
        .with_token(TOKEN)
        .get("/v1/rbac/users/current")
        .await
        .expect(401);
}

#[tokio::test]
async fn numbers_can_be_for_everybody_or_nobody() {
    let app = with_access(MetricsAccess::Public).await;
    app.anonymous().get("/metrics").await.expect(200);
    let app = with_access(MetricsAccess::Off).await;
    app.anonymous()
        .with_token(TOKEN)
        .get("/metrics")
        .await
        .expect(404);
    app.admin("root").await.get("/metrics").await.expect(404);
}

#[tokio::test]
async fn no_label_is_made_of_what_strangers_send() {
    let app = with_access(MetricsAccess::Public).await;
    let anyone = app.anonymous();
    anyone.get("/v2/made/up/manifests/by-me").await.expect(401);
    anyone
        .send("BREW", "/made/up/by/me", poem::Body::empty())
        .await;
    let text = read(&anyone).await;
    assert!(
        !text.contains("by-me") && !text.contains("BREW") && !text.contains("made/up"),
        "{text}"
    );
    let manifests = r#"sifhub_http_requests_total{method="GET",route="/v2/<name>/manifests/<reference>",status="401"}"#;
    assert_eq!(number(&text, manifests), 1.0, "{text}");
}

on_each_database! {
    async fn a_push_and_a_pull_are_counted(app) {
        let alice = app.user("alice").await;
        let admin = app.admin("root").await;
        let digest = alice.push(HERE, "1", SifBuilder::new("amd64")).await;
        let pulled = alice.get(&format!("/v2/{HERE}/blobs/{digest}")).await.expect(200);
        alice.get(&format!("/v1/imagefile/{HERE}:1?arch=amd64")).await.expect(200);
        measure(&app.operator()).await.expect("a measurement");
        let text = read(&admin).await;
        let blob = r#"{method="GET",route="/v2/<name>/blobs/<digest>""#;
        assert_eq!(number(&text, &format!("sifhub_http_requests_total{blob},status=\"200\"}}")), 1.0, "{text}");
        assert_eq!(number(&text, &format!("sifhub_http_request_duration_seconds_count{blob}}}")), 1.0);
        let size = pulled.body.len() as f64;
        assert_eq!(number(&text, &format!("sifhub_http_sent_bytes_total{blob}}}")), size);
        let upload = r#"sifhub_http_received_bytes_total{method="PUT",route="/v2/imagefile/:image/_upload/:upload/:part/:capability"}"#;
        assert_eq!(number(&text, upload), size, "{text}");
        assert_eq!(number(&text, r#"sifhub_events_total{action="image.push"}"#), 1.0);
        assert_eq!(number(&text, r#"sifhub_pulls_total{door="oci"}"#), 1.0);
        assert_eq!(number(&text, r#"sifhub_pulls_total{door="library"}"#), 1.0);
        for (name, wanted) in [
            ("sifhub_collections", 1.0),
            ("sifhub_containers", 1.0),
            ("sifhub_images", 1.0),
            ("sifhub_size_bytes", size),
            ("sifhub_blobs_damaged", 0.0),
            ("sifhub_uploads_open", 0.0),
            // This request.
            ("sifhub_http_requests_running", 1.0),
        ] {
            assert_eq!(number(&text, name), wanted, "{name}: {text}");
        }
        assert!(number(&text, "sifhub_blobs") >= 1.0);
        assert!(number(&text, "sifhub_stored_bytes") >= size);
        assert!(number(&text, "sifhub_database_connections_max") >= 1.0);
    }

    async fn an_event_that_was_rolled_back_is_not_counted(app) {
        let (alice, admin) = (app.user("alice").await, app.admin("root").await);
        let create = r#"mutation { createCollection(input: {namespace: "alice", name: "tools"}) { collection { id } } }"#;
        alice.graphql(create, serde_json::json!({})).await;
        alice.try_graphql(create, serde_json::json!({})).await;
        assert_eq!(number(&read(&admin).await, r#"sifhub_events_total{action="collection.create"}"#), 1.0);
    }

    async fn uploads_under_way_are_counted_until_they_end(app) {
        let (alice, admin) = (app.user("alice").await, app.admin("root").await);
        let begun = alice.send("POST", &format!("/v2/{HERE}/blobs/uploads/"), "").await.expect(202);
        let open = async || {
            measure(&app.operator()).await.expect("a measurement");
            number(&read(&admin).await, "sifhub_uploads_open")
        };
        assert_eq!(open().await, 1.0);
        alice.delete(begun.header("location")).await.expect(204);
        assert_eq!(open().await, 0.0);
    }

    async fn a_collection_tells_what_it_took_and_what_it_left(app) {
        let (alice, admin) = (app.user("alice").await, app.admin("root").await);
        alice.push(HERE, "1", SifBuilder::new("amd64")).await;
        let stray = sifhub::registry::Digest::of(b"nobody names me");
        let push = format!("/v2/{HERE}/blobs/uploads/?digest={stray}");
        alice.send("POST", &push, "nobody names me").await.expect(201);
        tokio::time::sleep(Duration::from_millis(5)).await;
        let operator = app.operator();
        collect(&operator, Duration::from_secs(3600), false).await.expect("a collection");
        let text = read(&admin).await;
        assert_eq!(number(&text, "sifhub_garbage_removed_blobs_total"), 0.0, "{text}");
        assert_eq!(number(&text, "sifhub_garbage_collections_total"), 1.0);
        collect(&operator, Duration::ZERO, false).await.expect("a collection");
        let text = read(&admin).await;
        assert_eq!(number(&text, "sifhub_garbage_removed_blobs_total"), 1.0, "{text}");
        assert_eq!(number(&text, "sifhub_garbage_removed_bytes_total"), 15.0);
        assert_eq!(number(&text, "sifhub_garbage_collections_total"), 2.0);
        assert!(number(&text, r#"sifhub_garbage_kept_blobs{decision="needed"}"#) >= 1.0);
        assert_eq!(number(&text, r#"sifhub_garbage_kept_blobs{decision="young"}"#), 0.0);
        assert!(number(&text, "sifhub_garbage_last_timestamp_seconds") > 0.0);
    }
}
