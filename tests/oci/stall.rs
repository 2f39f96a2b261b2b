//! Clients that stand still, and clients that vanish, in the middle of a request to the real program. Whoever waits for them
//! is let go after `http.stall_timeout`; what was acknowledged is there, and nothing stays behind.
use std::{fs, path::Path, time::Duration};

use reqwest::{Method, StatusCode, header};
use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::*;
use crate::support::{postgres::free_port, server::Server};

/// How many stand still at once: more than there are connections to the database, and than fit into the memory for transfers.
const CLIENTS: usize = 48;
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What each of them sends of what it announces.
const HALF: usize = 500;

/// A server that is not patient, and alice.
struct Site {
    server: Server,
    address: String,
    token: String,
    http: reqwest::Client,
    dir: TempDir,
}

impl Site {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let address = format!("127.0.0.1:{}", free_port());
        let settings = [
            ("http.listen", &*address),
            ("http.stall_timeout", "1s"),
            ("metrics.access", "public"),
        ];
        let mut server = Server::new(dir.path(), None, &settings);
        let add = ["user", "add", "alice", "--password-stdin"];
        server.cli_reading("correct horse battery\n", &add);
        let token = server.cli(&["token", "create", "--user", "alice"]);
        server.start();
        Self {
            server,
            address,
            token: token.trim().to_owned(),
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client"),
            dir,
        }
    }

    /// A request that is sent as it should be.
    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> reqwest::Response {
        let request = self
            .http
            .request(method, format!("http://{}{path}", self.address));
        let sent = request.bearer_auth(&self.token).body(body).send();
        sent.await.expect("an answer")
    }

    /// The address of a new upload.
    async fn begin(&self) -> String {
        let begun = self
            .send(Method::POST, &at("blobs/uploads/"), Vec::new())
            .await;
        assert_eq!(begun.status(), StatusCode::ACCEPTED);
        let place = begun.headers()[header::LOCATION].to_str();
        place.expect("an address").to_owned()
    }

    /// The beginning of a request that is never sent to its end.
    async fn half(&self, method: &str, path: &str, length: usize, bytes: &[u8]) -> TcpStream {
        let mut socket = TcpStream::connect(&self.address)
            .await
            .expect("a connection");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Length: {length}\r\n\r\n",
            self.address, self.token
        );
        socket.write_all(head.as_bytes()).await.expect("it is sent");
        socket.write_all(bytes).await.expect("it is sent");
        socket
    }

    /// How many bytes of an upload have arrived.
    async fn arrived(&self, upload: &str) -> usize {
        let status = self.send(Method::GET, upload, Vec::new()).await;
        assert_eq!(status.status(), StatusCode::NO_CONTENT);
        let range = status.headers()[header::RANGE].to_str().expect("a range");
        let last: usize = range
            .split_once('-')
            .expect("a range")
            .1
            .parse()
            .expect("a number");
        if last == 0 { 0 } else { last + 1 }
    }

    /// Sends what is left of a blob, and takes it back whole.
    async fn complete(&self, upload: &str, blob: &[u8]) {
        let rest = blob[self.arrived(upload).await..].to_vec();
        let end = format!("{upload}?digest={}", sha256(blob));
        let done = self.send(Method::PUT, &end, rest).await;
        assert_eq!(done.status(), StatusCode::CREATED);
        let back = self
            .send(
                Method::GET,
                &at(&format!("blobs/{}", sha256(blob))),
                Vec::new(),
            )
            .await;
        assert!(back.bytes().await.expect("the blob") == blob);
    }

    /// Waits until nothing is answered any more but the question itself.
    async fn at_rest(&self) {
        let rest = async {
            loop {
                let numbers = self.send(Method::GET, "/metrics", Vec::new()).await;
                let numbers = numbers.text().await.expect("text");
                if numbers.contains("\nsifhub_http_requests_running 1\n") {
                    return;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        let ended = timeout(PATIENCE, rest).await;
        assert!(ended.is_ok(), "requests of clients that are gone still run");
    }

    /// Uploads that nobody knows how to go on with come to their end.
    async fn a_day_passes(&self) {
        let file = self.dir.path().join("data/sifhub.db");
        let db = Database::connect(format!("sqlite://{}", file.display()));
        let db = db.await.expect("a connection");
        let pass = "UPDATE blob_upload SET expires_at = created_at";
        db.execute_unprepared(pass).await.expect("a change");
    }

    /// Nothing is staged once collection has seen the end of all uploads.
    fn is_tidy(&self) {
        self.server.cli(&["gc", "--grace", "0s"]);
        assert_eq!(files(&self.dir.path().join("data/blobs/staging")), 0);
    }
}

fn files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| if path.is_dir() { files(&path) } else { 1 })
        .sum()
}

/// Waits until the server closes a connection.
async fn closed(mut socket: TcpStream) {
    let mut rest = Vec::new();
    let end = timeout(PATIENCE, socket.read_to_end(&mut rest)).await;
    assert!(end.is_ok(), "it is waited for");
}

fn blob(number: usize) -> Vec<u8> {
    format!("{number:04}").repeat(HALF / 2).into_bytes()
}

#[tokio::test]
async fn who_stands_still_in_a_body_holds_up_nobody_and_loses_nothing() {
    let site = Site::new();
    let mut still = Vec::new();
    for number in 0..CLIENTS {
        let upload = site.begin().await;
        let method = ["PATCH", "PUT"][number % 2];
        let path = match method {
            "PUT" => format!("{upload}?digest={}", sha256(&blob(number))),
            _ => upload.clone(),
        };
        let socket = site
            .half(method, &path, 2 * HALF, &blob(number)[..HALF])
            .await;
        still.push((upload, socket));
    }
    let other = site.begin().await;
    site.complete(&other, b"somebody else pushes meanwhile")
        .await;
    let mut uploads = Vec::new();
    for (upload, socket) in still {
        closed(socket).await;
        uploads.push(upload);
    }
    site.at_rest().await;
    for (number, upload) in uploads.iter().enumerate() {
        assert_eq!(site.arrived(upload).await, HALF, "what arrived counts");
        site.complete(upload, &blob(number)).await;
    }
    site.is_tidy();
}

#[tokio::test]
async fn who_vanishes_in_the_middle_leaves_nothing_that_runs_and_nothing_that_lies_about() {
    let site = Site::new();
    let large = bytes(32 << 20);
    let kept = site.begin().await;
    site.complete(&kept, &large).await;
    let mut uploads = Vec::new();
    for number in 0..CLIENTS {
        let upload = site.begin().await;
        let socket = match number % 4 {
            0 => {
                site.half("PATCH", &upload, 2 * HALF, &blob(number)[..HALF])
                    .await
            }
            1 => {
                let path = format!("{upload}?digest={}", sha256(&blob(number)));
                site.half("PUT", &path, 2 * HALF, &blob(number)[..HALF])
                    .await
            }
            2 => {
                let path = at(&format!("blobs/uploads/?digest={}", sha256(&blob(number))));
                site.half("POST", &path, 2 * HALF, &blob(number)[..HALF])
                    .await
            }
            _ => {
                let path = at(&format!("blobs/{}", sha256(&large)));
                let mut socket = site.half("GET", &path, 0, b"").await;
                let mut some = [0; 4096];
                socket.read_exact(&mut some).await.expect("the beginning");
                socket
            }
        };
        drop(socket);
        uploads.push(upload);
    }
    site.at_rest().await;
    for (number, upload) in uploads.iter().enumerate() {
        match number % 2 {
            0 => site.complete(upload, &blob(number)).await,
            _ => {
                let over = site.send(Method::DELETE, upload, Vec::new()).await;
                assert_eq!(over.status(), StatusCode::NO_CONTENT);
            }
        }
    }
    let back = site
        .send(
            Method::GET,
            &at(&format!("blobs/{}", sha256(&large))),
            Vec::new(),
        )
        .await;
    assert!(back.bytes().await.expect("the blob") == large);
    site.a_day_passes().await;
    site.is_tidy();
}

#[tokio::test]
async fn who_stands_still_in_the_head_of_a_further_request_is_let_go() {
    let site = Site::new();
    let mut socket = site.half("GET", "/v2/", 0, b"").await;
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200");
    socket
        .write_all(b"PATCH /v2/alice/too")
        .await
        .expect("it is sent");
    closed(socket).await;
    site.at_rest().await;
    site.is_tidy();
}

#[tokio::test]
async fn who_never_comes_to_the_end_of_a_head_is_let_go() {
    let site = Site::new();
    let head = format!(
        "PUT {} HTTP/1.1\r\nHost: {}\r\nX-Slow: ",
        at("blobs/uploads/"),
        site.address
    );
    let mut slow = Vec::new();
    for number in 0..CLIENTS {
        let connection = TcpStream::connect(&site.address).await;
        let mut socket = connection.expect("a connection");
        // A third says nothing at all, a third stops in the middle, and a third goes on for ever, byte by byte.
        if number % 3 > 0 {
            socket.write_all(head.as_bytes()).await.expect("it is sent");
        }
        slow.push(tokio::spawn(async move {
            while number % 3 == 2 && socket.write_all(b"x").await.is_ok() {
                sleep(Duration::from_millis(100)).await;
            }
            closed(socket).await;
        }));
    }
    let other = site.begin().await;
    site.complete(&other, b"somebody else pushes meanwhile")
        .await;
    for slow in slow {
        slow.await.expect("it is let go");
    }
    site.at_rest().await;
    site.is_tidy();
}

#[tokio::test]
async fn who_sends_slowly_but_steadily_gets_to_the_end() {
    let site = Site::new();
    let upload = site.begin().await;
    let path = format!("{upload}?digest={}", sha256(&blob(1)));
    let mut socket = site.half("PUT", &path, 2 * HALF, b"").await;
    // All in all twice as long as anybody may stand still.
    for piece in blob(1).chunks(100) {
        sleep(Duration::from_millis(200)).await;
        socket.write_all(piece).await.expect("it is taken");
    }
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 201");
}
