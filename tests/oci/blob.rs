use super::*;
use crate::support::{TestApp, on_each_database};

on_each_database! {
    async fn a_blob_comes_back_as_it_was_sent(app) {
        let alice = app.user("alice").await;
        for (content, digest) in [
            (bytes(4096), sha256(&bytes(4096))),
            (bytes(4096), sha512(&bytes(4096))),
            (Vec::new(), sha256(b"")),
            (Vec::new(), sha512(b"")),
            (b"{}".to_vec(), sha256(b"{}")),
        ] {
            push_blob_as(&alice, NAME, &content, &digest).await;
            let path = at(&format!("blobs/{digest}"));
            for answer in [alice.head(&path).await, app.anonymous().get(&path).await] {
                let answer = answer.expect(200);
                assert_eq!(answer.header("content-length"), content.len().to_string());
                assert_eq!(answer.header("docker-content-digest"), digest);
                assert_eq!(answer.header("content-type"), "application/octet-stream");
                assert_eq!(answer.header("etag"), format!("\"{digest}\""));
            }
            assert!(alice.head(&path).await.body.is_empty());
            assert_eq!(alice.get(&path).await.body, content);
        }
    }

    async fn a_deleted_blob_is_gone_at_once(app) {
        let alice = app.user("alice").await;
        let path = at(&format!("blobs/{}", push_blob(&alice, NAME, b"some").await));
        alice.delete(&path).await.expect(202);
        alice.head(&path).await.expect(404);
        assert_eq!(refused(&alice.get(&path).await, 404), "BLOB_UNKNOWN");
        assert_eq!(refused(&alice.delete(&path).await, 404), "BLOB_UNKNOWN");
    }

    async fn a_blob_is_there_in_the_containers_that_hold_it_alone(app) {
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        let digest = push_blob(&alice, NAME, b"alices").await;
        push_blob(&bob, "bob/tools/box", b"bobs").await;
        for name in ["alice/tools/other", "bob/tools/box"] {
            let path = format!("/v2/{name}/blobs/{digest}");
            bob.head(&path).await.expect(404);
            bob.delete(&path).await.expect(404);
        }
        app.anonymous().get(&at(&format!("blobs/{digest}"))).await.expect(200);
    }

    async fn a_hidden_blob_looks_like_one_that_is_not_there(app) {
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        hide(&alice).await;
        let digest = push_blob(&alice, NAME, b"secret").await;
        let there = at(&format!("blobs/{digest}"));
        let nowhere = format!("/v2/alice/tools/none/blobs/{digest}");
        alice.get(&there).await.expect(200);
        let (hidden, missing) = (bob.get(&there).await, bob.get(&nowhere).await);
        assert_eq!(refused(&hidden, 404), refused(&missing, 404));
        assert_eq!(refused(&bob.delete(&there).await, 404), "NAME_UNKNOWN");
        assert_eq!(refused(&app.anonymous().get(&there).await, 401), "UNAUTHORIZED");
        assert_eq!(refused(&app.anonymous().get(&nowhere).await, 401), "UNAUTHORIZED");
    }
}

#[tokio::test]
async fn parts_of_a_blob_are_sent_alone() {
    let app = TestApp::on_disk().await;
    let alice = app.user("alice").await;
    let content = bytes(4096);
    let path = at(&format!(
        "blobs/{}",
        push_blob(&alice, NAME, &content).await
    ));
    for (range, part) in [
        ("500-1499", 500..1500),
        ("500-", 500..4096),
        ("-500", 3596..4096),
        ("2000-5000", 2000..4096),
        ("0-0", 0..1),
    ] {
        let answer = alice
            .header("range", &format!("bytes={range}"))
            .get(&path)
            .await;
        let answer = answer.expect(206);
        let expected = format!("bytes {}-{}/4096", part.start, part.end - 1);
        assert_eq!(answer.header("content-range"), expected);
        assert_eq!(answer.header("content-length"), part.len().to_string());
        assert_eq!(answer.body, content[part], "{range}");
    }
    for range in ["500-0", "5000-10000", "4096-"] {
        let answer = alice
            .header("range", &format!("bytes={range}"))
            .get(&path)
            .await;
        assert_eq!(answer.expect(416).header("content-range"), "bytes */4096");
    }
}

#[tokio::test]
async fn a_client_that_has_a_blob_gets_no_bytes() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let digest = push_blob(&alice, NAME, b"some").await;
    let path = at(&format!("blobs/{digest}"));
    let again = alice.header("if-none-match", &format!("\"{digest}\""));
    assert!(again.get(&path).await.expect(304).body.is_empty());
}

#[tokio::test]
async fn a_blob_that_a_manifest_names_is_not_deleted() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let manifest = image(&alice, NAME, b"layer").await;
    push_manifest(&alice, NAME, "1", &manifest).await;
    let path = at(&format!("blobs/{}", sha256(b"layer")));
    assert_eq!(refused(&alice.delete(&path).await, 409), "DENIED");
    alice.get(&path).await.expect(200);
}

#[tokio::test]
async fn what_is_no_digest_is_refused() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    push_blob(&alice, NAME, b"some").await;
    for digest in [
        "sha256:baddigeststring".to_owned(),
        format!("sha256:{}", "A".repeat(64)),
        format!("sha256:{}", "a".repeat(63)),
        format!("sha512:{}", "a".repeat(64)),
        format!("md5:{}", "a".repeat(32)),
        "latest".to_owned(),
    ] {
        let answer = alice.get(&at(&format!("blobs/{digest}"))).await;
        assert_eq!(refused(&answer, 400), "DIGEST_INVALID", "{digest}");
    }
}

#[tokio::test]
async fn only_owners_delete_what_everybody_sees() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let path = at(&format!("blobs/{}", push_blob(&alice, NAME, b"some").await));
    assert_eq!(refused(&bob.delete(&path).await, 403), "DENIED");
    assert_eq!(
        refused(&app.anonymous().delete(&path).await, 401),
        "UNAUTHORIZED"
    );
    bob.get(&path).await.expect(200);
}
