use std::io;

use bytes::Bytes;
use futures::{StreamExt, stream};

use super::*;
use crate::support::on_each_database;

const PATH: &str = "alice/tools/alpine";

/// Alice, her container, an announced image, and its bytes.
async fn announced(app: &TestApp) -> (Client, String, String, Vec<u8>) {
    let alice = app.user("alice").await;
    let bytes = SifBuilder::new("amd64").build();
    let container = container(&alice, PATH).await;
    let image = announce(&alice, &container, &bytes).await;
    (alice, container, image, bytes)
}

/// A body that breaks off.
fn broken(bytes: &[u8]) -> Body {
    let pieces = [
        Ok(Bytes::copy_from_slice(bytes)),
        Err(io::Error::from(io::ErrorKind::ConnectionReset)),
    ];
    Body::from_bytes_stream(stream::iter(pieces))
}

on_each_database! {
    async fn old_clients_upload_in_one_request(app) {
        let (alice, container, image, bytes) = announced(&app).await;
        alice.send("POST", &format!("/v1/imagefile/{image}"), bytes.clone()).await.expect(200);
        tag(&alice, &container, "1", "amd64", &image).await.expect(200);
        let pulled = app.anonymous().get(&format!("/v1/imagefile/{PATH}:1")).await.expect(200);
        assert_eq!(pulled.body, bytes);
    }

    async fn what_is_not_the_announced_image_leaves_nothing(app) {
        let (alice, container, image, bytes) = announced(&app).await;
        let other = SifBuilder::new("amd64").payload(4096, 1).build();
        assert_eq!(other.len(), bytes.len());
        let mut longer = bytes.clone();
        longer.push(0);
        let half = &bytes[..bytes.len() / 2];
        let bodies = || [
            ("another image", Body::from(other.clone())),
            ("too long", Body::from(longer.clone())),
            ("too short", Body::from(half.to_vec())),
            ("cut", broken(half)),
            ("empty", Body::empty()),
            ("no image", Body::from(vec![7; bytes.len()])),
        ];
        for (what, body) in bodies() {
            let path = upload_path(&alice, &image, &bytes).await;
            let answer = app.anonymous().send("PUT", &path, body).await;
            assert_eq!(answer.status, 400, "{what}: {}", answer.text());
            refused(&complete(&alice, &image).await, 400);
        }
        for (what, body) in bodies() {
            let answer = alice.send("POST", &format!("/v1/imagefile/{image}"), body).await;
            assert_eq!(answer.status, 400, "{what}: {}", answer.text());
        }
        refused(&tag(&alice, &container, "1", "amd64", &image).await, 409);
        nothing_is_visible(&app, PATH).await;
    }

    async fn an_image_that_is_damaged_leaves_nothing(app) {
        let alice = app.user("alice").await;
        let container = container(&alice, PATH).await;
        let whole = SifBuilder::new("amd64").build();
        let mut wild = whole.clone();
        // The offset of the first object, beyond all bytes.
        wild[4096 + 17..4096 + 25].copy_from_slice(&u64::MAX.to_le_bytes());
        for bytes in [whole[..whole.len() - 4096].to_vec(), wild] {
            let image = announce(&alice, &container, &bytes).await;
            let path = upload_path(&alice, &image, &bytes).await;
            app.anonymous().send("PUT", &path, bytes.clone()).await.expect(200);
            refused(&complete(&alice, &image).await, 400);
            refused(&alice.send("POST", &format!("/v1/imagefile/{image}"), bytes).await, 400);
        }
        nothing_is_visible(&app, PATH).await;
    }

    async fn a_lost_answer_may_be_asked_for_again(app) {
        let (alice, _, image, bytes) = announced(&app).await;
        let path = upload_path(&alice, &image, &bytes).await;
        app.anonymous().send("PUT", &path, bytes.clone()).await.expect(200);
        app.anonymous().send("PUT", &path, bytes).await.expect(200);
        let first = complete(&alice, &image).await.expect(200).json();
        assert_eq!(complete(&alice, &image).await.expect(200).json(), first);
    }

    async fn two_pushes_of_one_image_do_not_disturb_each_other(app) {
        let (alice, _, image, bytes) = announced(&app).await;
        let first = upload_path(&alice, &image, &bytes).await;
        let second = upload_path(&alice, &image, &bytes).await;
        app.anonymous().send("PUT", &first, bytes.clone()).await.expect(200);
        complete(&alice, &image).await.expect(200);
        app.anonymous().send("PUT", &second, bytes).await.expect(200);
        complete(&alice, &image).await.expect(200);
    }

    async fn many_pushes_of_one_image_at_once_all_succeed(app) {
        let (alice, container, image, bytes) = announced(&app).await;
        let push = async || {
            let path = upload_path(&alice, &image, &bytes).await;
            app.anonymous().send("PUT", &path, bytes.clone()).await.expect(200);
            complete(&alice, &image).await.expect(200);
            tag(&alice, &container, "1", "amd64", &image).await.expect(200);
        };
        futures::future::join_all((0..8).map(|_| push())).await;
        let pulled = app.anonymous().get(&format!("/v1/imagefile/{PATH}:1")).await.expect(200);
        assert_eq!(pulled.body, bytes);
    }
}

#[tokio::test]
async fn an_address_is_good_for_its_part_alone() {
    let app = TestApp::sqlite().await;
    let (alice, container, image, bytes) = announced(&app).await;
    let path = upload_path(&alice, &image, &bytes).await;
    let other_bytes = SifBuilder::new("amd64").payload(4096, 1).build();
    let other = announce(&alice, &container, &other_bytes).await;
    let end = path.len() - 1;
    let last = if path.ends_with('A') { 'B' } else { 'A' };
    for wrong in [
        format!("{}{last}", &path[..end]),
        path.replace("/1/", "/2/"),
        path.replace(&image, &other),
        path.replace("/_upload/", "/_upload/x"),
        format!("{path}x"),
    ] {
        refused(&alice.send("PUT", &wrong, bytes.clone()).await, 404);
    }
    refused(&app.anonymous().get(&path).await, 405);
    app.anonymous().send("PUT", &path, bytes).await.expect(200);
}

#[tokio::test]
async fn sizes_and_sums_are_checked_before_bytes_are_sent() {
    let app = TestApp::configured(|config| {
        config.registry.max_image_size = Some(sifhub::config::ByteSize::from_mib(1));
    })
    .await;
    let (alice, _, image, bytes) = announced(&app).await;
    let path = format!("/v2/imagefile/{image}");
    refused(&alice.post(&path, json!({"filesize": 10})).await, 400);
    refused(&alice.post(&path, json!({"filesize": -1})).await, 400);
    refused(&alice.post(&path, json!({"filesize": 2 << 20})).await, 413);
    let sum = json!({"filesize": bytes.len(), "sha256sum": "b".repeat(64)});
    refused(&alice.post(&path, sum).await, 400);
    refused(
        &alice
            .post(&path, json!({"filesize": bytes.len(), "sha256sum": "b"}))
            .await,
        400,
    );
    refused(&alice.post(&path, json!({})).await, 400);
    refused(
        &alice
            .post(
                "/v2/imagefile/000000000000000000000001",
                json!({"filesize": bytes.len()}),
            )
            .await,
        404,
    );
    alice
        .post(&path, json!({"filesize": bytes.len()}))
        .await
        .expect(200);
    let large = SifBuilder::new("amd64").payload(2 << 20, 0).build();
    refused(
        &alice
            .send("POST", &format!("/v1/imagefile/{image}"), large)
            .await,
        413,
    );
}

#[tokio::test]
async fn an_upload_that_nobody_began_cannot_end() {
    let app = TestApp::sqlite().await;
    let (alice, _, image, _) = announced(&app).await;
    refused(&complete(&alice, &image).await, 404);
    refused(&complete(&alice, "000000000000000000000001").await, 404);
}

/// A body of which the second half comes when `between` is done.
fn halves(bytes: &[u8], between: impl Future<Output = ()> + Send + 'static) -> Body {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let (first, second) = (
        Bytes::copy_from_slice(first),
        Bytes::copy_from_slice(second),
    );
    let second = stream::once(async move {
        between.await;
        io::Result::Ok(second)
    });
    Body::from_bytes_stream(stream::iter([io::Result::Ok(first)]).chain(second))
}

#[tokio::test]
async fn a_part_that_arrives_after_the_end_of_its_upload_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let app = TestApp::in_folder(folder.path()).await;
    let (alice, container, image, bytes) = announced(&app).await;
    let path = upload_path(&alice, &image, &bytes).await;
    let (sender, address, whole) = (app.anonymous(), path.clone(), bytes.clone());
    let (client, name) = (alice.clone(), image.clone());
    let pushed_meanwhile = async move {
        sender.send("PUT", &address, whole).await.expect(200);
        complete(&client, &name).await.expect(200);
    };
    let body = halves(&bytes, pushed_meanwhile);
    refused(&app.anonymous().send("PUT", &path, body).await, 404);

    let other = SifBuilder::new("amd64").payload(4096, 1).build();
    let image = announce(&alice, &container, &other).await;
    let path = upload_path(&alice, &image, &other).await;
    let delete = format!("/v1/images/{PATH}:{}", hash(&other));
    let client = alice.clone();
    let deleted_meanwhile = async move { drop(client.delete(&delete).await.expect(200)) };
    let body = halves(&other, deleted_meanwhile);
    refused(&app.anonymous().send("PUT", &path, body).await, 404);

    let staged = std::fs::read_dir(folder.path().join("staging")).expect("a folder");
    assert_eq!(staged.count(), 0);
}
