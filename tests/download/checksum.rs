use super::{HELLO, serving};
use crate::support::{SifBuilder, TestApp};

#[tokio::test]
async fn an_address_ending_in_sha256_gives_the_line_that_sha256sum_checks() {
    let app = TestApp::sqlite().await;
    let (alice, digest) = serving(&app).await;
    let hex = digest.trim_start_matches("sha256:");
    let arm = SifBuilder::new("arm64");
    let arm = alice.push("alice/tools/hello", "1.0", arm).await;
    let line = async |address: &str| {
        let answer = app.anonymous().get(address).await.expect(200);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        answer.text()
    };
    assert_eq!(
        line(&format!("{HELLO}.sha256")).await,
        format!("{hex}  hello_1.0_amd64.sif\n")
    );
    assert_eq!(
        line(&format!("{HELLO}.sha256?arch=arm64")).await,
        format!(
            "{}  hello_1.0_arm64.sif\n",
            arm.trim_start_matches("sha256:")
        )
    );
    assert_eq!(
        line(&format!("/sif/alice/tools/hello@{digest}.sha256")).await,
        format!("{hex}  hello_sha256.{hex}.sif\n")
    );
}

#[tokio::test]
async fn the_line_names_the_file_that_the_image_is_saved_as() {
    let app = TestApp::sqlite().await;
    let (_, digest) = serving(&app).await;
    for address in [HELLO, &format!("/sif/alice/tools/hello@{digest}")] {
        let image = app.anonymous().head(address).await.expect(200);
        let twin = format!("{address}.sha256");
        let line = app.anonymous().get(&twin).await.expect(200);
        let (_, name) = line
            .text()
            .trim_end()
            .split_once("  ")
            .map(|(hex, name)| (hex.to_owned(), name.to_owned()))
            .expect("a line");
        assert_eq!(
            image.header("content-disposition"),
            format!("attachment; filename=\"{name}\"")
        );
        assert_eq!(
            line.header("content-disposition"),
            format!("attachment; filename=\"{name}.sha256\"")
        );
        assert_eq!(line.header("cache-control"), image.header("cache-control"));
        let head = app.anonymous().head(&twin).await.expect(200);
        assert!(head.body.is_empty());
        assert_eq!(head.header("content-length"), line.body.len().to_string());
    }
}

#[tokio::test]
async fn a_tag_that_ends_in_sha256_never_stands_in_for_a_checksum() {
    let app = TestApp::sqlite().await;
    let (alice, digest) = serving(&app).await;
    let hex = digest.trim_start_matches("sha256:");
    let other = SifBuilder::new("amd64").payload(4096, 9);
    let other = alice.push("alice/tools/hello", "1.0.sha256", other).await;
    let line = app.anonymous().get(&format!("{HELLO}.sha256")).await;
    assert_eq!(line.text(), format!("{hex}  hello_1.0_amd64.sif\n"));
    let line = app.anonymous().get(&format!("{HELLO}.sha256.sha256")).await;
    assert_eq!(
        line.text(),
        format!(
            "{}  hello_1.0.sha256_amd64.sif\n",
            other.trim_start_matches("sha256:")
        )
    );
    let by_digest = format!("/sif/alice/tools/hello@{other}");
    let image = app.anonymous().get(&by_digest).await.expect(200);
    assert_eq!(image.header("etag"), format!("\"{other}\""));
}
