//! A real HTTP server that webhooks are sent to.
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use aws_lc_rs::hmac;
use data_encoding::BASE64;
use poem::{
    Endpoint, EndpointExt, IntoResponse, Request, Response, Server,
    http::{HeaderMap, StatusCode},
    listener::{Acceptor, Listener, TcpListener},
};
use serde_json::Value;
use tokio::task::JoinHandle;

/// What arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    headers: HeaderMap,
    text: String,
    pub body: Value,
    /// The status that it was answered with.
    pub answered: u16,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("a text")
    }
}

/// A server that answers everything in one way.
pub struct Receiver {
    address: SocketAddr,
    state: State,
    serving: JoinHandle<()>,
}

#[derive(Clone, Default)]
struct State {
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<AtomicU16>,
    location: Arc<Mutex<String>>,
}

impl Receiver {
    /// One that answers with this status; with 0, never.
    pub async fn start(status: u16) -> Self {
        let state = State::default();
        state.answer.store(status, SeqCst);
        let (address, serving) = serve("127.0.0.1:0", state.clone()).await;
        Self {
            address,
            state,
            serving,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers with this status from now on.
    pub fn answer(&self, status: u16) {
        self.state.answer.store(status, SeqCst);
    }

    /// Names this place in answers.
    pub fn point_to(&self, url: &str) {
        *self.state.location.lock().expect("a lock") = url.to_owned();
    }

    pub fn count(&self) -> usize {
        self.state.seen.lock().expect("a lock").len()
    }

    /// What arrived, once it is this much.
    pub async fn seen(&self, count: usize) -> Vec<Seen> {
        let started = Instant::now();
        while self.count() < count {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "{} of {count}",
                self.count()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.state.seen.lock().expect("a lock").clone()
    }

    /// Vanishes.
    pub async fn stop(&mut self) {
        self.serving.abort();
        let _aborted = (&mut self.serving).await;
    }

    /// Comes back at the same address.
    pub async fn start_again(&mut self) {
        let (_, serving) = serve(&self.address.to_string(), self.state.clone()).await;
        self.serving = serving;
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(address: &str, state: State) -> (SocketAddr, JoinHandle<()>) {
    let acceptor = TcpListener::bind(address.to_owned()).into_acceptor().await;
    let acceptor = acceptor.expect("a port");
    let address = *acceptor.local_addr()[0]
        .as_socket_addr()
        .expect("an address");
    let endpoint = Answering(state).map_to_response();
    let serving = tokio::spawn(async move {
        let _ended = Server::new_with_acceptor(acceptor).run(endpoint).await;
    });
    (address, serving)
}

struct Answering(State);

impl Endpoint for Answering {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let text = request.take_body().into_string().await.unwrap_or_default();
        let status = self.0.answer.load(SeqCst);
        let seen = Seen {
            path: request.uri().path().to_owned(),
            headers: request.headers().clone(),
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
            answered: status,
        };
        self.0.seen.lock().expect("a lock").push(seen);
        if status == 0 {
            std::future::pending::<()>().await;
        }
        let location = self.0.location.lock().expect("a lock").clone();
        let status = StatusCode::from_u16(status).expect("a status");
        Ok("thank you"
            .with_status(status)
            .with_header("location", location)
            .into_response())
    }
}

/// Whether a request is signed as Standard Webhooks has it.
pub fn verify(secret: &str, seen: &Seen) -> bool {
    let key = BASE64.decode(secret.strip_prefix("whsec_").expect("a prefix").as_bytes());
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key.expect("base64"));
    let message = format!(
        "{}.{}.{}",
        seen.header("webhook-id"),
        seen.header("webhook-timestamp"),
        seen.text
    );
    let wanted = BASE64.encode(hmac::sign(&key, message.as_bytes()).as_ref());
    seen.header("webhook-signature") == format!("v1,{wanted}")
}
