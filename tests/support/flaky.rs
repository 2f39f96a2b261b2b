//! A way to a server over HTTP on which every so-many-th request is answered by 500, as storage in trouble does.
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use poem::{
    Body, Endpoint, Request, Response, Server,
    http::StatusCode,
    listener::{Acceptor, Listener, TcpListener},
};
use tokio::task::AbortHandle;

/// The way; gone with this.
pub struct Flaky {
    endpoint: String,
    every: Arc<AtomicU64>,
    task: AbortHandle,
}

struct Way {
    to: String,
    every: Arc<AtomicU64>,
    count: AtomicU64,
    http: reqwest::Client,
}

impl Flaky {
    /// The way to `to`, which lets everything through until it is told otherwise.
    pub async fn before(to: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .into_acceptor()
            .await
            .expect("a free port");
        let address = listener.local_addr()[0]
            .as_socket_addr()
            .expect("an address")
            .to_string();
        let every = Arc::new(AtomicU64::new(0));
        let way = Way {
            to: to.to_owned(),
            every: every.clone(),
            count: AtomicU64::new(0),
            http: reqwest::Client::new(),
        };
        let task = tokio::spawn(Server::new_with_acceptor(listener).run(way)).abort_handle();
        Self {
            endpoint: format!("http://{address}"),
            every,
            task,
        }
    }

    /// Where to go, without a slash at the end.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Lets each `every`th request fail from now on; 0: none.
    pub fn fail_every(&self, every: u64) {
        self.every.store(every, Ordering::SeqCst);
    }
}

impl Drop for Flaky {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Endpoint for Way {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let every = self.every.load(Ordering::SeqCst);
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        if every > 0 && number.is_multiple_of(every) {
            return Ok(StatusCode::INTERNAL_SERVER_ERROR.into());
        }
        let url = format!("{}{}", self.to, request.original_uri());
        let body = request.take_body().into_bytes().await?;
        // The host is among what is signed, so it stays as it was sent.
        let passed = self
            .http
            .request(request.method().clone(), url)
            .headers(request.headers().clone())
            .body(body);
        let answer = passed.send().await.expect("the server answers");
        let mut response = Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        Ok(response.body(Body::from_bytes(answer.bytes().await.expect("it is whole"))))
    }
}
