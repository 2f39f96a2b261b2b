//! A blob that is far larger than what the server may hold of it in memory.
use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures::{StreamExt, stream};
use reqwest::{Body, Client, Method, Response};

use crate::support::{postgres::free_port, server::Server};

/// The bytes of the blob; `make bench` sends ever more at once.
const SIZE: usize = 1 << 30;
const PIECE: usize = 1 << 20;
/// The most that the server may hold, in KiB: a fraction of the blob.
const MEMORY_MAX: u64 = 200 << 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_of_a_gibibyte_goes_through_a_server_that_holds_little_of_it() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let address = format!("127.0.0.1:{}", free_port());
    let mut server = Server::new(dir.path(), None, &[("http.listen", &address)]);
    server.cli_reading(
        "correct horse battery\n",
        &["user", "add", "alice", "--password-stdin"],
    );
    let token = server.cli(&["token", "create", "--user", "alice"]);
    server.start();
    let (http, base) = (Client::new(), format!("http://{address}"));
    let send = async |method: Method, path: &str, body: Body| -> Response {
        let request = http
            .request(method, format!("{base}{path}"))
            .bearer_auth(token.trim());
        request.body(body).send().await.expect("an answer")
    };

    let begun = send(
        Method::POST,
        "/v2/alice/tools/box/blobs/uploads/",
        "".into(),
    )
    .await;
    let upload = begun.headers()["location"]
        .to_str()
        .expect("an address")
        .to_owned();
    // Half of it in one stream, the rest with the end.
    let half = || {
        Body::wrap_stream(stream::iter(
            pieces().take(SIZE / PIECE / 2).map(Ok::<_, std::io::Error>),
        ))
    };
    assert_eq!(send(Method::PATCH, &upload, half()).await.status(), 202);
    let digest = digest();
    let end = send(Method::PUT, &format!("{upload}?digest={digest}"), half()).await;
    assert_eq!(end.status(), 201);

    let found = send(
        Method::GET,
        &format!("/v2/alice/tools/box/blobs/{digest}"),
        "".into(),
    )
    .await;
    assert_eq!(
        (found.status().as_u16(), found.content_length()),
        (200, Some(SIZE as u64))
    );
    let mut hash = Context::new(&SHA256);
    let mut bytes = found.bytes_stream();
    while let Some(piece) = bytes.next().await {
        hash.update(&piece.expect("the rest"));
    }
    assert_eq!(
        format!("sha256:{}", HEXLOWER.encode(hash.finish().as_ref())),
        digest
    );
    let most = server.most_memory();
    assert!(most < MEMORY_MAX, "{most} KiB");
}

/// The blob: zeros, made as they are sent.
fn pieces() -> impl Iterator<Item = Bytes> {
    let piece = Bytes::from(vec![0; PIECE]);
    std::iter::repeat_n(piece, SIZE / PIECE)
}

fn digest() -> String {
    let mut hash = Context::new(&SHA256);
    pieces().for_each(|piece| hash.update(&piece));
    format!("sha256:{}", HEXLOWER.encode(hash.finish().as_ref()))
}
