use data_encoding::BASE64;
use sifhub::registry::Digest;

use super::{HELLO, serving};
use crate::support::{SifBuilder, TestApp, on_each_database};

on_each_database! {
    async fn each_way_to_write_an_address_finds_the_image(app) {
        let (alice, digest) = serving(&app).await;
        let hex = digest.trim_start_matches("sha256:");
        for address in [
            "hello:1.0".to_owned(),
            "hello%3A1.0".into(),
            format!("hello@{digest}"),
            format!("hello:1.0@{digest}"),
            format!("hello:sha256.{hex}"),
        ] {
            let answer = app.anonymous().get(&format!("/sif/alice/tools/{address}")).await.expect(200);
            assert_eq!(Digest::of(&answer.body).to_string(), digest, "{address}");
        }
        alice.get("/sif/alice/tools/hello").await.expect(404);
        alice.push("alice/tools/hello", "latest", SifBuilder::new("amd64")).await;
        alice.get("/sif/alice/tools/hello").await.expect(200);
    }

    async fn the_architecture_asked_for_comes_and_amd64_first(app) {
        let (alice, _) = serving(&app).await;
        alice.push("alice/tools/hello", "1.0", SifBuilder::new("arm64")).await;
        let name = async |query: &str| {
            let answer = app.anonymous().get(&format!("{HELLO}{query}")).await.expect(200);
            answer.header("content-disposition").to_owned()
        };
        assert_eq!(name("").await, r#"attachment; filename="hello_1.0_amd64.sif""#);
        assert_eq!(name("?arch=").await, name("").await);
        assert_eq!(name("?arch=arm64").await, r#"attachment; filename="hello_1.0_arm64.sif""#);
        app.anonymous().get(&format!("{HELLO}?arch=s390x")).await.expect(404);
    }

    async fn what_cannot_be_an_address_is_refused_in_words(app) {
        let (alice, _) = serving(&app).await;
        for address in [
            "/sif/alice/tools/hello:.x",
            "/sif/alice/tools/Hello",
            "/sif/alice/tools/hello@sha256:12",
            "/sif/alice/tools/hello@",
            "/sif/alice/tools/hello:1.0?arch=a&arch=b",
        ] {
            let answer = alice.get(address).await.expect(400);
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
            assert!(answer.text().ends_with('\n'), "{address}: {}", answer.text());
        }
        let refused = alice.delete(HELLO).await.expect(405);
        assert_eq!(refused.header("allow"), "GET");
    }
}

#[tokio::test]
async fn a_file_tells_what_it_is() {
    let app = TestApp::sqlite().await;
    let (_, digest) = serving(&app).await;
    let answer = app.anonymous().get(HELLO).await.expect(200);
    let sum = Digest::of(&answer.body);
    let told = |name: &str| answer.header(name).to_owned();
    assert_eq!(told("content-type"), "application/octet-stream");
    assert_eq!(told("x-content-type-options"), "nosniff");
    assert_eq!(told("content-length"), answer.body.len().to_string());
    assert_eq!(told("accept-ranges"), "bytes");
    assert_eq!(told("etag"), format!("\"{digest}\""));
    let repr = format!("sha-256=:{}:", BASE64.encode(sum.bytes()));
    assert_eq!(told("repr-digest"), repr);
    let head = app.anonymous().head(HELLO).await.expect(200);
    assert!(head.body.is_empty());
    for name in [
        "content-length",
        "etag",
        "repr-digest",
        "content-disposition",
        "content-type",
        "accept-ranges",
        "cache-control",
    ] {
        assert_eq!(head.header(name), answer.header(name), "{name}");
    }
}

#[tokio::test]
async fn a_download_goes_on_where_it_broke_off() {
    let app = TestApp::sqlite().await;
    let (_, digest) = serving(&app).await;
    let whole = app.anonymous().get(HELLO).await.expect(200).body;
    let rest = app.anonymous().header("range", "bytes=1000-");
    let part = rest.get(HELLO).await.expect(206);
    assert!(part.body == whole[1000..]);
    let place = format!("bytes 1000-{}/{}", whole.len() - 1, whole.len());
    assert_eq!(part.header("content-range"), place);
    let sum = BASE64.encode(Digest::of(&whole).bytes());
    assert_eq!(
        part.header("repr-digest"),
        format!("sha-256=:{sum}:"),
        "it is of the whole"
    );
    let same = rest.header("if-range", &format!("\"{digest}\""));
    same.get(HELLO).await.expect(206);
    let other = rest.header("if-range", "\"other\"").get(HELLO).await;
    assert!(other.expect(200).body == whole);
    let beyond = format!("bytes={}-", whole.len());
    let beyond = app.anonymous().header("range", &beyond).get(HELLO).await;
    assert_eq!(
        beyond.expect(416).header("content-range"),
        format!("bytes */{}", whole.len())
    );
}

#[tokio::test]
async fn what_a_visitor_has_is_not_sent_again_until_the_tag_moves() {
    let app = TestApp::sqlite().await;
    let (alice, digest) = serving(&app).await;
    let visitor = app
        .anonymous()
        .header("if-none-match", &format!("\"{digest}\""));
    let unchanged = visitor.get(HELLO).await.expect(304);
    assert!(unchanged.body.is_empty());
    assert_eq!(unchanged.header("etag"), format!("\"{digest}\""));
    assert_eq!(unchanged.header("cache-control"), "no-cache");
    let newer = SifBuilder::new("amd64").payload(4096, 9);
    alice.push("alice/tools/hello", "1.0", newer).await;
    visitor.get(HELLO).await.expect(200);
}

#[tokio::test]
async fn caches_keep_what_a_digest_names_and_ask_about_tags() {
    let app = TestApp::sqlite().await;
    let (alice, digest) = serving(&app).await;
    let by_digest = format!("/sif/alice/tools/hello@{digest}");
    let answer = app.anonymous().get(&by_digest).await;
    assert_eq!(
        answer.header("cache-control"),
        "public, max-age=31536000, s-maxage=3600, immutable"
    );
    assert!(answer.header("last-modified").ends_with(" GMT"));
    let answer = alice.get(&by_digest).await;
    assert_eq!(
        answer.header("cache-control"),
        "private, max-age=31536000, immutable"
    );
    let answer = app.anonymous().get(HELLO).await;
    assert_eq!(answer.header("cache-control"), "no-cache");
    assert_eq!(answer.header("last-modified"), "");
    let answer = alice.get(HELLO).await;
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    let missing = app.anonymous().get("/sif/alice/tools/hello:2").await;
    assert_eq!(missing.expect(404).header("cache-control"), "no-store");
}

#[tokio::test]
async fn an_image_whose_bytes_have_not_arrived_is_not_there() {
    let app = TestApp::sqlite().await;
    let (alice, _) = serving(&app).await;
    let container = alice.get("/v1/containers/alice/tools/hello").await.json();
    let id = container["data"]["id"].clone();
    let digest = Digest::of(b"to come");
    let hash = format!("sha256.{}", digest.hex());
    let new = serde_json::json!({"hash": hash, "container": id});
    alice.post("/v1/images", new).await.expect(200);
    for address in [
        format!("/sif/alice/tools/hello@{digest}"),
        format!("/sif/alice/tools/hello@{digest}.sha256"),
        format!("/api/container/alice/hello@{}", digest.hex()),
        format!("/alice/api/container/tools/hello@{}", digest.hex()),
    ] {
        alice.get(&address).await.expect(404);
        alice.head(&address).await.expect(404);
        app.anonymous().get(&address).await.expect(404);
    }
}
