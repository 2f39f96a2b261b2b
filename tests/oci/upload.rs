use std::{io, time::Duration};

use bytes::Bytes;
use futures::stream;
use poem::Body;

use super::*;
use crate::support::{TestApp, on_each_database};

/// Sends a chunk with its range.
async fn chunk(client: &Client, method: &str, path: &str, range: &str, bytes: &[u8]) -> Answer {
    client
        .header("content-range", range)
        .header("content-length", &bytes.len().to_string())
        .send(method, path, bytes.to_vec())
        .await
}

/// The blob is where its answer says, with these bytes.
async fn is_there(client: &Client, created: Answer, digest: &str, bytes: &[u8]) {
    let created = created.expect(201);
    assert_eq!(created.header("docker-content-digest"), digest);
    let found = client.get(created.header("location")).await.expect(200);
    assert_eq!(found.body, bytes);
}

on_each_database! {
    async fn a_blob_comes_in_one_request(app) {
        let alice = app.user("alice").await;
        for digest in [sha256, sha512] {
            let (content, digest) = (bytes(1000), digest(&bytes(1000)));
            let path = at(&format!("blobs/uploads/?digest={digest}"));
            let created = alice.send("POST", &path, content.clone()).await;
            is_there(&alice, created, &digest, &content).await;
        }
    }

    async fn a_blob_comes_in_one_stream(app) {
        let alice = app.user("alice").await;
        for digest in [sha256, sha512] {
            let (content, digest) = (bytes(1001), digest(&bytes(1001)));
            let upload = begin(&alice, NAME).await;
            let grown = alice.send("PATCH", &upload, content.clone()).await.expect(202);
            assert_eq!(grown.header("range"), "0-1000");
            let created = alice.send("PUT", &format!("{upload}?digest={digest}"), "").await;
            is_there(&alice, created, &digest, &content).await;
        }
    }

    async fn a_blob_comes_in_chunks(app) {
        let alice = app.user("alice").await;
        for digest in [sha256, sha512] {
            let (content, digest) = (bytes(3000), digest(&bytes(3000)));
            let upload = begin(&alice, NAME).await;
            for start in [0, 1000, 2000] {
                let range = format!("{start}-{}", start + 999);
                let grown = chunk(&alice, "PATCH", &upload, &range, &content[start..start + 1000]).await;
                let grown = grown.expect(202);
                assert_eq!(grown.header("range"), format!("0-{}", start + 999));
                assert_eq!(grown.header("location"), upload);
            }
            let created = alice.send("PUT", &format!("{upload}?digest={digest}"), "").await;
            is_there(&alice, created, &digest, &content).await;
        }
    }

    async fn the_last_chunk_may_come_with_the_end(app) {
        let alice = app.user("alice").await;
        let (content, digest) = (bytes(2000), sha256(&bytes(2000)));
        let upload = begin(&alice, NAME).await;
        chunk(&alice, "PATCH", &upload, "0-999", &content[..1000]).await.expect(202);
        let end = format!("{upload}?digest={digest}");
        let created = chunk(&alice, "PUT", &end, "1000-1999", &content[1000..]).await;
        is_there(&alice, created, &digest, &content).await;
    }

    async fn a_chunk_out_of_order_is_refused_and_the_upload_goes_on(app) {
        let alice = app.user("alice").await;
        let (content, digest) = (bytes(2000), sha256(&bytes(2000)));
        let upload = begin(&alice, NAME).await;
        let end = format!("{upload}?digest={digest}");
        chunk(&alice, "PATCH", &upload, "0-999", &content[..1000]).await.expect(202);
        for (method, path, range) in [
            ("PATCH", &upload, "1500-2499"),
            ("PATCH", &upload, "0-999"),
            ("PUT", &end, "1001-2000"),
            ("PATCH", &upload, "1999-1000"),
            ("PATCH", &upload, "all of it"),
        ] {
            let answer = chunk(&alice, method, path, range, &content[..1000]).await;
            assert_eq!(refused(&answer, 416), "BLOB_UPLOAD_INVALID", "{method} {range}");
            assert_eq!(answer.header("range"), "0-999");
            assert_eq!(answer.header("location"), upload);
            let status = alice.get(&upload).await.expect(204);
            assert_eq!(status.header("range"), "0-999");
            assert_eq!(status.header("location"), upload);
        }
        let created = chunk(&alice, "PUT", &end, "1000-1999", &content[1000..]).await;
        is_there(&alice, created, &digest, &content).await;
    }

    async fn a_blob_is_mounted_from_where_the_caller_sees_it(app) {
        let alice = app.user("alice").await;
        let digest = push_blob(&alice, "alice/tools/other", b"shared").await;
        for (name, query) in [("from", "&from=alice/tools/other"), ("anywhere", ""), ("blank", "&from=")] {
            let path = format!("/v2/alice/tools/{name}/blobs/uploads/?mount={digest}{query}");
            let created = alice.send("POST", &path, "").await;
            is_there(&alice, created, &digest, b"shared").await;
        }
    }

    async fn a_registry_token_mounts_from_what_it_names_and_from_what_everybody_may_pull(app) {
        let alice = app.user("alice").await;
        hide(&alice).await;
        let other = "alice/tools/other";
        let digest = push_blob(&alice, other, b"shared").await;
        let public = push_blob(&alice, "alice/open/box", b"for everybody").await;
        let holding = async |scopes: &str| {
            let fetched = alice.get(&format!("/auth/registry-token?service=hub.test{scopes}")).await.expect(200).json();
            app.anonymous().with_token(fetched["token"].as_str().expect("a token"))
        };
        let narrow = holding(&format!("&scope=repository:{NAME}:pull,push")).await;
        let both = format!("repository:{NAME}:pull,push repository:{other}:pull");
        let from = at(&format!("blobs/uploads/?mount={digest}&from={other}"));
        // Whoever may pull it is told what to ask for, whatever they show now.
        for who in [&narrow, &app.anonymous()] {
            let asked = who.send("POST", &from, "").await;
            assert_eq!(refused(&asked, 401), "UNAUTHORIZED");
            let challenge = asked.header("www-authenticate");
            assert!(challenge.contains(&format!(",scope=\"{both}\"")), "{challenge}");
        }
        // Without a name there is nothing to ask for, and a token does not look around.
        narrow.send("POST", &at(&format!("blobs/uploads/?mount={digest}")), "").await.expect(202);
        alice.head(&at(&format!("blobs/{digest}"))).await.expect(404);
        for from in ["", "&from=alice/open/box"] {
            let mount = at(&format!("blobs/uploads/?mount={public}{from}"));
            narrow.send("POST", &mount, "").await.expect(201);
        }
        let wide = holding(&format!("&scope={}", both.replace(' ', "%20"))).await;
        let created = wide.send("POST", &from, "").await;
        is_there(&alice, created, &digest, b"shared").await;
    }

    async fn a_registry_token_tells_nothing_of_what_its_holder_may_not_pull(app) {
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        hide(&alice).await;
        let secret = push_blob(&alice, NAME, b"secret").await;
        let scope = "/auth/registry-token?service=hub.test&scope=repository:bob/tools/box:pull,push";
        let token = bob.get(scope).await.expect(200).json()["token"].clone();
        let bob = app.anonymous().with_token(token.as_str().expect("a token"));
        for from in [NAME.to_owned(), "alice/tools/none".to_owned()] {
            let mount = format!("/v2/bob/tools/box/blobs/uploads/?mount={secret}&from={from}");
            bob.send("POST", &mount, "").await.expect(202);
        }
    }

    async fn what_cannot_be_mounted_is_uploaded(app) {
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        hide(&alice).await;
        let secret = push_blob(&alice, NAME, b"secret").await;
        let missing = sha256(b"missing");
        for query in [
            format!("mount={secret}&from={NAME}"),
            format!("mount={secret}"),
            format!("mount={missing}"),
            format!("mount={missing}&from=bob/tools/none"),
            format!("mount={missing}&from=a/name/with/too/many/parts"),
        ] {
            let path = format!("/v2/bob/tools/box/blobs/uploads/?{query}");
            bob.send("POST", &path, "").await.expect(202);
        }
        bob.head(&format!("/v2/bob/tools/box/blobs/{secret}")).await.expect(404);
        let path = format!("/v2/bob/tools/box/blobs/uploads/?mount={missing}");
        let upload = bob.send("POST", &path, "").await.expect(202).header("location").to_owned();
        let created = bob.send("PUT", &format!("{upload}?digest={missing}"), "missing").await;
        is_there(&bob, created, &missing, b"missing").await;
    }

    async fn somebody_has_only_so_many_uploads_under_way(app) {
        let mut config = app.registry.config().clone();
        config.registry.max_open_uploads = 2;
        let app = app.reconfigured(config);
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        let first = begin(&alice, NAME).await;
        begin(&alice, "alice/tools/other").await;
        let refusal = alice.send("POST", &at("blobs/uploads/"), "").await;
        assert_eq!(refused(&refusal, 429), "TOOMANYREQUESTS");
        assert!(refusal.text().contains("2 uploads under way"), "{}", refusal.text());
        assert_eq!(refusal.header("retry-after"), "60");
        begin(&bob, "bob/tools/box").await;
        alice.delete(&first).await.expect(204);
        let digest = push_blob(&alice, NAME, b"the end of an upload makes room").await;
        begin(&alice, NAME).await;
        // What is there already needs none.
        let mount = format!("/v2/alice/tools/more/blobs/uploads/?mount={digest}&from={NAME}");
        alice.send("POST", &mount, "").await.expect(201);
    }

    async fn an_upload_that_was_given_up_is_unknown(app) {
        let alice = app.user("alice").await;
        let upload = begin(&alice, NAME).await;
        alice.send("PATCH", &upload, "some").await.expect(202);
        alice.delete(&upload).await.expect(204);
        for answer in [
            alice.get(&upload).await,
            alice.send("PATCH", &upload, "more").await,
            alice.send("PUT", &format!("{upload}?digest={}", sha256(b"some")), "").await,
            alice.delete(&upload).await,
            alice.get(&at("blobs/uploads/no-id")).await,
        ] {
            assert_eq!(refused(&answer, 404), "BLOB_UPLOAD_UNKNOWN");
        }
    }

    async fn bytes_of_another_digest_leave_nothing(app) {
        let alice = app.user("alice").await;
        let other = sha256(b"other");
        let upload = begin(&alice, NAME).await;
        for (method, path) in [
            ("POST", at(&format!("blobs/uploads/?digest={other}"))),
            ("PUT", format!("{upload}?digest={other}")),
        ] {
            let answer = alice.send(method, &path, "some").await;
            assert_eq!(refused(&answer, 400), "DIGEST_INVALID");
        }
        for content in [b"some", b"othe"] {
            alice.head(&at(&format!("blobs/{}", sha256(content)))).await.expect(404);
        }
    }

    async fn nobody_else_reaches_an_upload(app) {
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        let upload = begin(&alice, NAME).await;
        let elsewhere = upload.replace(NAME, "bob/tools/box");
        begin(&bob, "bob/tools/box").await;
        for (path, status) in [(&upload, 403), (&elsewhere, 404)] {
            refused(&bob.get(path).await, status);
            refused(&bob.send("PATCH", path, "some").await, status);
            refused(&bob.delete(path).await, status);
        }
        refused(&app.anonymous().get(&upload).await, 401);
        assert_eq!(alice.get(&upload).await.expect(204).header("range"), "0-0");
    }

    async fn what_arrived_of_a_broken_stream_counts(app) {
        let alice = app.user("alice").await;
        let upload = begin(&alice, NAME).await;
        let pieces = [Ok(Bytes::from_static(b"begin")), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
        let broken = Body::from_bytes_stream(stream::iter(pieces));
        let answer = alice.send("PATCH", &upload, broken).await;
        assert_eq!(refused(&answer, 400), "BLOB_UPLOAD_INVALID");
        assert_eq!(alice.get(&upload).await.expect(204).header("range"), "0-4");
        chunk(&alice, "PATCH", &upload, "5-7", b"ing").await.expect(202);
        let digest = sha256(b"beginning");
        let created = chunk(&alice, "PUT", &format!("{upload}?digest={digest}"), "8-8", b"").await;
        assert_eq!(created.status, 400);
        let wrong = alice.get(&upload).await.expect(204);
        assert_eq!(wrong.header("range"), "0-7");
    }
}

#[tokio::test]
async fn the_address_of_an_upload_is_one_segment_on_this_host() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    for start in ["blobs/uploads/", "blobs/uploads"] {
        let begun = alice.send("POST", &at(start), "").await.expect(202);
        let id = begun.header("docker-upload-uuid");
        assert_eq!(begun.header("location"), at(&format!("blobs/uploads/{id}")));
        assert_eq!(begun.header("range"), "0-0");
        let least: u64 = begun
            .header("oci-chunk-min-length")
            .parse()
            .expect("a number");
        assert!(least <= 5 << 20, "clients send chunks of 5 MiB");
        assert!(!id.contains(['/', '?']) && begun.body.is_empty());
    }
}

#[tokio::test]
async fn names_are_kept_as_the_client_writes_them() {
    let app = TestApp::sqlite().await;
    let admin = app.admin("root").await;
    for name in ["box", "tools/box", "library/tools/box"] {
        let upload = begin(&admin, name).await;
        assert!(
            upload.starts_with(&format!("/v2/{name}/blobs/uploads/")),
            "{upload}"
        );
        push_blob(&admin, name, b"some").await;
    }
    let digest = sha256(b"some");
    admin
        .head(&format!("/v2/library/default/box/blobs/{digest}"))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_chunk_must_be_as_long_as_it_says() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let upload = begin(&alice, NAME).await;
    let answer = chunk(&alice, "PATCH", &upload, "0-99", &bytes(50)).await;
    assert_eq!(refused(&answer, 400), "SIZE_INVALID");
    let streamed = alice.header("content-range", "0-9");
    let answer = streamed.send("PATCH", &upload, bytes(50)).await;
    assert_eq!(refused(&answer, 400), "BLOB_UPLOAD_INVALID");
    assert_eq!(alice.get(&upload).await.expect(204).header("range"), "0-0");
}

#[tokio::test]
async fn ranges_may_be_written_as_http_does() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let upload = begin(&alice, NAME).await;
    chunk(&alice, "PATCH", &upload, "bytes 0-3/8", b"some")
        .await
        .expect(202);
    chunk(&alice, "PATCH", &upload, "bytes=4-7", b"more")
        .await
        .expect(202);
    assert_eq!(alice.get(&upload).await.header("range"), "0-7");
}

#[tokio::test]
async fn an_upload_ends_with_a_digest_that_is_one() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let upload = begin(&alice, NAME).await;
    for path in [
        upload.clone(),
        format!("{upload}?digest="),
        format!("{upload}?digest=sha256:baddigeststring"),
        at("blobs/uploads/?digest=md5:abc"),
        at("blobs/uploads/?digest-algorithm=md5"),
    ] {
        let method = if path.starts_with(&upload) {
            "PUT"
        } else {
            "POST"
        };
        let answer = alice.send(method, &path, "some").await;
        assert_eq!(refused(&answer, 400), "DIGEST_INVALID", "{path}");
    }
    let announced = at("blobs/uploads/?digest-algorithm=sha512");
    alice.send("POST", &announced, "").await.expect(202);
    alice.get(&upload).await.expect(204);
}

#[tokio::test]
async fn only_those_who_may_push_begin_uploads() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let reader = app.holding("alice", sifhub::registry::Scope::Read).await;
    push_blob(&alice, NAME, b"some").await;
    let path = at("blobs/uploads/");
    assert_eq!(refused(&bob.send("POST", &path, "").await, 403), "DENIED");
    assert_eq!(
        refused(&reader.send("POST", &path, "").await, 403),
        "DENIED"
    );
    assert_eq!(
        refused(&app.anonymous().send("POST", &path, "").await, 401),
        "UNAUTHORIZED"
    );
}

#[tokio::test]
async fn a_blob_beyond_the_limit_is_refused() {
    let app = TestApp::configured(|config| {
        config.registry.max_image_size = Some(sifhub::config::ByteSize::from_mib(1));
    })
    .await;
    let alice = app.user("alice").await;
    let upload = begin(&alice, NAME).await;
    let answer = alice.send("PATCH", &upload, bytes(2 << 20)).await;
    assert_eq!(refused(&answer, 413), "SIZE_INVALID");
}

on_each_database! {
    async fn first_uploads_at_once_make_one_container(app) {
        let alice = app.user("alice").await;
        for round in 0..8 {
            let uploads = format!("/v2/alice/tools/box{round}/blobs/uploads/");
            // One after the other by less than a push takes, so that each step of one meets every step of another.
            let begun = (0..16).map(async |place| {
                tokio::time::sleep(Duration::from_millis(place)).await;
                alice.send("POST", &uploads, "").await
            });
            for answer in futures::future::join_all(begun).await {
                answer.expect(202);
            }
        }
    }
}
