use super::*;
use crate::support::on_each_database;

on_each_database! {
    async fn each_way_to_name_an_image_finds_it(app) {
        let admin = app.admin("root").await;
        let digest = admin.push("library/default/alpine", "1", SifBuilder::new("amd64")).await;
        let hex = digest.strip_prefix("sha256:").expect("a digest");
        for reference in [
            "alpine:1".to_owned(),
            "default/alpine:1".into(),
            "library/default/alpine:1,2,latest".into(),
            "library/default/alpine%3A1".into(),
            format!("alpine:sha256.{hex}"),
            format!("alpine:sha256:{hex}"),
            format!("alpine@sha256:{hex}"),
            format!("library/default/alpine@sha256%3A{hex}"),
        ] {
            let image = app.anonymous().get(&format!("/v1/images/{reference}?arch=amd64")).await;
            assert_eq!(image.expect(200).json()["data"]["hash"], format!("sha256.{hex}"), "{reference}");
            app.anonymous().get(&format!("/v1/imagefile/{reference}")).await.expect(200);
        }
        refused(&app.anonymous().get("/v1/images/alpine").await, 404);
        admin.push("library/default/alpine", "latest", SifBuilder::new("amd64")).await;
        app.anonymous().get("/v1/images/alpine").await.expect(200);
    }

    async fn a_tag_gives_the_image_of_the_architecture_asked_for(app) {
        let alice = app.user("alice").await;
        for arch in ["arm64", "amd64", "ppc64le"] {
            alice.push("alice/tools/alpine", "1", SifBuilder::new(arch)).await;
        }
        let arch = async |query: &str| {
            let image = app.anonymous().get(&format!("/v1/images/alice/tools/alpine:1{query}")).await;
            image.expect(200).json()["data"]["arch"].clone()
        };
        for name in ["arm64", "amd64", "ppc64le"] {
            assert_eq!(arch(&format!("?arch={name}")).await, name);
        }
        assert_eq!(arch("").await, "amd64");
        refused(&app.anonymous().get("/v1/images/alice/tools/alpine:1?arch=s390x").await, 404);
        refused(&app.anonymous().get("/v1/imagefile/alice/tools/alpine:1?arch=s390x").await, 404);
        let digest = hash(&SifBuilder::new("arm64").build());
        let by_hash = app.anonymous().get(&format!("/v1/images/alice/tools/alpine:{digest}?arch=s390x")).await;
        by_hash.expect(200);
    }

    async fn private_images_are_for_their_owner(app) {
        let alice = app.user("alice").await;
        let entity = make(&alice, "entities", json!({"name": "alice"})).await;
        make(&alice, "collections", json!({"name": "secret", "entity": entity, "private": true})).await;
        alice.push("alice/secret/plan", "1", SifBuilder::new("amd64")).await;
        let id = id(&alice.get("/v1/images/alice/secret/plan:1").await.expect(200));
        let bob = app.user("bob").await;
        for path in ["/v1/images/alice/secret/plan:1", "/v1/imagefile/alice/secret/plan:1", &format!("/v2/imagefile/{id}")] {
            alice.get(path).await.expect(200);
            refused(&bob.get(path).await, 404);
            refused(&app.anonymous().get(path).await, 404);
        }
    }
}

/// A server with one image, and its bytes.
async fn serving(app: &TestApp) -> Vec<u8> {
    let alice = app.user("alice").await;
    let image = || SifBuilder::new("amd64").payload(9 << 20, 7);
    alice.push("alice/tools/big", "1", image()).await;
    image().build()
}

const BIG: &str = "/v1/imagefile/alice/tools/big:1?arch=amd64";

#[tokio::test]
async fn an_image_without_its_bytes_cannot_be_pulled() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let container = container(&alice, "alice/tools/alpine").await;
    let image = announce(&alice, &container, b"to come").await;
    for path in [
        format!("/v2/imagefile/{image}"),
        format!("/v1/imagefile/alice/tools/alpine:{}", hash(b"to come")),
    ] {
        refused(&alice.get(&path).await, 404);
        alice.head(&path).await.expect(404);
    }
}

#[tokio::test]
async fn a_download_is_one_stream_of_known_length() {
    let app = TestApp::on_disk().await;
    let bytes = serving(&app).await;
    let answer = app.anonymous().get(BIG).await.expect(200);
    assert!(answer.body == bytes);
    assert_eq!(answer.header("content-length"), bytes.len().to_string());
    assert_eq!(answer.header("accept-ranges"), "bytes");
    assert_eq!(answer.header("etag"), format!("\"{}\"", Digest::of(&bytes)));
    let head = app.anonymous().head(BIG).await.expect(200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), bytes.len().to_string());
    assert_eq!(head.header("etag"), answer.header("etag"));
}

#[tokio::test]
async fn a_range_gives_exactly_its_bytes() {
    let app = TestApp::sqlite().await;
    let bytes = serving(&app).await;
    let size = bytes.len();
    let ask = async |range: &str| app.anonymous().header("range", range).get(BIG).await;
    for (range, expected) in [
        ("bytes=0-0", 0..1),
        ("bytes=5242880-10485759", 5_242_880..size),
        ("bytes=4194300-4194310", 4_194_300..4_194_311),
        ("bytes=-5", size - 5..size),
        ("bytes=100-", 100..size),
    ] {
        let part = ask(range).await.expect(206);
        assert!(part.body == bytes[expected.clone()], "{range}");
        let told = format!("bytes {}-{}/{size}", expected.start, expected.end - 1);
        assert_eq!(part.header("content-range"), told);
        assert_eq!(part.header("content-length"), expected.len().to_string());
    }
    let beyond = ask(&format!("bytes={size}-")).await.expect(416);
    assert_eq!(beyond.header("content-range"), format!("bytes */{size}"));
    assert!(ask("bytes=0-1,5-6").await.expect(200).body == bytes);
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let app = TestApp::sqlite().await;
    let bytes = serving(&app).await;
    let etag = app.anonymous().head(BIG).await.header("etag").to_owned();
    let unchanged = app
        .anonymous()
        .header("if-none-match", &etag)
        .get(BIG)
        .await
        .expect(304);
    assert!(unchanged.body.is_empty());
    app.anonymous()
        .header("if-none-match", "\"other\"")
        .get(BIG)
        .await
        .expect(200);
    let ranged = app.anonymous().header("range", "bytes=0-9");
    ranged.header("if-range", &etag).get(BIG).await.expect(206);
    let other = ranged
        .header("if-range", "\"other\"")
        .get(BIG)
        .await
        .expect(200);
    assert!(other.body == bytes);
}

#[tokio::test]
async fn a_site_may_have_images_downloaded_in_parts_at_once() {
    let app = TestApp::configured(|config| config.registry.concurrent_downloads = true).await;
    let bytes = serving(&app).await;
    let answer = app.anonymous().get(BIG).await.expect(303);
    let path = path_of(&json!(answer.header("location")));
    let mut whole = Vec::new();
    for start in (0..bytes.len()).step_by(5 << 20) {
        let end = (start + (5 << 20)).min(bytes.len()) - 1;
        let range = app
            .anonymous()
            .header("range", &format!("bytes={start}-{end}"));
        whole.extend(range.get(&path).await.expect(206).body);
    }
    assert!(whole == bytes);
    assert!(app.anonymous().get(&path).await.expect(200).body == bytes);
    refused(
        &app.anonymous()
            .get("/v1/imagefile/alice/tools/none:1")
            .await,
        404,
    );
}

#[tokio::test]
async fn parts_are_of_one_image_even_when_the_tag_moves() {
    let app = TestApp::configured(|config| config.registry.concurrent_downloads = true).await;
    let bytes = serving(&app).await;
    let answer = app.anonymous().get(BIG).await.expect(303);
    let path = path_of(&json!(answer.header("location")));
    let alice = app.holding("alice", sifhub::registry::Scope::Write).await;
    alice
        .push(
            "alice/tools/big",
            "1",
            SifBuilder::new("amd64").payload(4096, 8),
        )
        .await;
    assert!(app.anonymous().get(&path).await.expect(200).body == bytes);
}
