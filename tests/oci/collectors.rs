//! Several collections of garbage at once, as replicas and the command make them.
use std::{pin::pin, time::Duration};

use poem::http::Method;
use sea_orm::ConnectionTrait;
use sifhub::{registry::blob::collect, storage::Bucket};
use tokio::time::sleep;

use super::*;
use crate::support::{
    TestApp,
    flaky::Flaky,
    on_each_database,
    s3::{ACCESS_KEY, REGION, S3Server, SECRET_KEY},
};

/// The way to storage, and what is needed to go it.
async fn storage() -> (std::sync::Arc<S3Server>, Flaky, Bucket) {
    let server = S3Server::shared().await;
    let way = Flaky::before(&server.endpoint).await;
    let bucket = Bucket {
        bucket: server.bucket().await,
        region: Some(REGION.into()),
        endpoint: Some(way.endpoint().to_owned()),
        access_key_id: Some(ACCESS_KEY.into()),
        secret_access_key: Some(SECRET_KEY.into()),
        ..Bucket::default()
    };
    (server, way, bucket)
}

/// One collection is about to remove bytes when another comes along. What is pushed as soon as the first is done must not
/// be removed by the second.
async fn two_collections_remove_bytes_once(app: TestApp, way: Flaky) {
    let alice = app.user("alice").await;
    let digest = push_blob(&alice, NAME, b"nobody names me").await;
    sleep(Duration::from_millis(5)).await;
    way.hold(Method::DELETE, "/blobs/");
    let (one, other) = (app.operator(), app.operator());
    let mut one = pin!(collect(&one, Duration::ZERO, false));
    tokio::select! {
        ended = &mut one => panic!("nothing was removed: {ended:?}"),
        () = way.held(1) => {}
    }
    let mut other = pin!(collect(&other, Duration::ZERO, false));
    let ended = tokio::select! {
        ended = &mut other => Some(ended),
        () = way.held(2) => None,
    };
    way.let_pass(1);
    let removed = one.await.expect("a collection").blobs;
    assert_eq!(removed.len(), 1, "{removed:?}");
    push_blob(&alice, NAME, b"nobody names me").await;
    way.let_pass(100);
    let ended = match ended {
        Some(ended) => ended,
        None => other.await,
    };
    assert_eq!(ended.expect("a collection").blobs, []);
    let blob = alice.get(&at(&format!("blobs/{digest}"))).await.expect(200);
    assert_eq!(blob.body, b"nobody names me");
}

#[tokio::test]
async fn two_collections_on_sqlite_remove_bytes_once() {
    let (_server, way, bucket) = storage().await;
    two_collections_remove_bytes_once(TestApp::on_s3(bucket).await, way).await;
}

#[tokio::test]
async fn two_collections_on_postgres_remove_bytes_once() {
    let (_server, way, bucket) = storage().await;
    two_collections_remove_bytes_once(TestApp::postgres_on_s3(bucket).await, way).await;
}

on_each_database! {
    async fn what_a_collection_was_about_to_remove_when_it_was_stopped_goes_later(app) {
        let alice = app.user("alice").await;
        let digest = push_blob(&alice, NAME, b"nobody names me").await;
        alice.delete(&at(&format!("blobs/{digest}"))).await.expect(202);
        let operator = app.operator();
        let claimed = async |minutes: i64| {
            let at = (operator.now() - chrono::TimeDelta::minutes(minutes)).to_rfc3339();
            let sql = format!("UPDATE blob SET removing = TRUE, touched_at = '{at}' WHERE digest = '{digest}'");
            app.db.execute_unprepared(&sql).await.expect("a claim");
            collect(&operator, Duration::ZERO, false).await.expect("a collection").blobs.len()
        };
        // It may be at work still.
        assert_eq!(claimed(5).await, 0);
        let begun = begin(&alice, NAME).await;
        let end = format!("{begun}?digest={digest}");
        alice.send("PUT", &end, "nobody names me").await.expect(503);
        assert_eq!(claimed(11).await, 1);
        push_blob(&alice, NAME, b"nobody names me").await;
        alice.get(&at(&format!("blobs/{digest}"))).await.expect(200);
    }
}
