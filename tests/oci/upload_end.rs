//! The end of an upload, sent again: because its answer was lost, because the server was killed, or out of impatience.
use std::fs;

use sea_orm::{ConnectionTrait, Statement};
use sifhub::storage::Staged;

use super::*;
use crate::support::{TestApp, on_each_database};

/// Uploads chunks, and tells the address of the upload.
async fn upload(client: &Client, chunks: &[&[u8]]) -> String {
    let upload = begin(client, NAME).await;
    for chunk in chunks {
        let grown = client.send("PATCH", &upload, chunk.to_vec()).await;
        grown.expect(202);
    }
    upload
}

async fn check(client: &Client, answer: Answer, digest: &str, bytes: &[u8]) {
    let created = answer.expect(201);
    assert_eq!(created.header("docker-content-digest"), digest);
    let found = client.get(created.header("location")).await.expect(200);
    assert_eq!(found.body, bytes);
}

/// Stores the only chunk of an upload, as its end does, and goes no further.
async fn store(app: &TestApp, digest: &str, bytes: &[u8]) {
    let backend = app.db.get_database_backend();
    let sql = Statement::from_string(backend, "SELECT staged FROM blob_chunk");
    let row = app.db.query_one_raw(sql).await.expect("an answer");
    let staged = Staged {
        key: row.expect("a chunk").try_get_by_index(0).expect("a key"),
        size: bytes.len() as u64,
        digest: digest.parse().expect("a digest"),
    };
    app.storage
        .publish(&staged, &staged.digest)
        .await
        .expect("it is stored");
}

on_each_database! {
    async fn an_end_whose_answer_was_lost_may_be_sent_again(app) {
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        let all: [&[&[u8]]; 3] = [&[b"one"], &[b"one and", b"two"], &[]];
        for (number, chunks) in all.into_iter().enumerate() {
            let last = format!("the last of {number}");
            let bytes = [chunks.concat(), last.clone().into_bytes()].concat();
            let digest = sha256(&bytes);
            let end = format!("{}?digest={digest}", upload(&alice, chunks).await);
            for _ in 0..3 {
                let ended = alice.send("PUT", &end, last.clone()).await;
                check(&alice, ended, &digest, &bytes).await;
            }
            refused(&bob.send("PUT", &end, last).await, 403);
            // It brought no other blob.
            let other = end.replace(&digest, &sha256(b"other"));
            assert_eq!(refused(&alice.send("PUT", &other, "").await, 404), "BLOB_UPLOAD_UNKNOWN");
        }
    }

    async fn ends_that_are_sent_at_once_are_one(app) {
        let alice = app.user("alice").await;
        for (round, digest) in [sha256, sha512, sha256, sha512].into_iter().enumerate() {
            let bytes = format!("chunk of {round}").into_bytes();
            let digest = digest(&bytes);
            let (first, rest) = bytes.split_at(5);
            let (whole, halves) = ([&bytes[..]], [first, rest]);
            let chunks: &[&[u8]] = if round < 2 { &whole } else { &halves };
            let end = format!("{}?digest={digest}", upload(&alice, chunks).await);
            let ends = (0..4).map(async |_| alice.send("PUT", &end, "").await);
            for ended in futures::future::join_all(ends).await {
                check(&alice, ended, &digest, &bytes).await;
            }
        }
    }

    async fn an_end_goes_on_where_a_killed_one_left_bytes_without_rows(app) {
        let alice = app.user("alice").await;
        for digest in [sha256, sha512] {
            let digest = digest(b"the only chunk");
            let end = format!("{}?digest={digest}", upload(&alice, &[b"the only chunk"]).await);
            store(&app, &digest, b"the only chunk").await;
            alice.head(&at(&format!("blobs/{digest}"))).await.expect(404);
            let ended = alice.send("PUT", &end, "").await;
            check(&alice, ended, &digest, b"the only chunk").await;
        }
    }

    async fn an_upload_that_lacks_a_chunk_does_not_end(app) {
        let alice = app.user("alice").await;
        let place = upload(&alice, &[b"one", b"two"]).await;
        app.db.execute_unprepared("DELETE FROM blob_chunk WHERE start = 3").await.expect("a loss");
        for digest in [sha256(b"onetwo"), sha256(b"one")] {
            let end = format!("{place}?digest={digest}");
            let answer = alice.send("PUT", &end, "").await;
            assert_eq!(refused(&answer, 416), "BLOB_UPLOAD_INVALID");
        }
        assert_eq!(alice.get(&place).await.expect(204).header("range"), "0-5");
    }
}

#[tokio::test]
async fn a_refused_end_leaves_nothing_but_the_chunks() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = TestApp::in_folder(folder.path()).await;
    let alice = app.user("alice").await;
    let place = upload(&alice, &[b"one", b"two"]).await;
    let end = format!("{place}?digest={}", sha256(b"onetwothree"));
    let change = async |mutation: &str| {
        let query = format!("mutation {{ {mutation} {{ __typename }} }}");
        alice.graphql(&query, json!({})).await;
    };
    let staged = || {
        fs::read_dir(folder.path().join("staging"))
            .expect("a folder")
            .count()
    };
    change(r#"freeze(input: {id: "alice/tools/box", reason: "done"})"#).await;
    for _ in 0..3 {
        refused(&alice.send("PUT", &end, "three").await, 409);
        assert_eq!(staged(), 2);
    }
    change(r#"unfreeze(input: {id: "alice/tools/box"})"#).await;
    alice.send("PUT", &end, "three").await.expect(201);
    assert_eq!(staged(), 0);
}
