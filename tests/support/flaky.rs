//! A way to a server over HTTP on which every so-many-th request is answered by 500, as storage in trouble does, and some
//! are held up.
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use poem::{
    Body, Endpoint, Request, Response, Server,
    http::{Method, StatusCode},
    listener::{Acceptor, Listener, TcpListener},
};
use tokio::{
    sync::{Semaphore, watch},
    task::AbortHandle,
};

/// The way; gone with this.
pub struct Flaky {
    endpoint: String,
    every: Arc<AtomicU64>,
    burst: Arc<AtomicU64>,
    gate: Arc<Gate>,
    task: AbortHandle,
}

/// Where requests wait.
struct Gate {
    closed: Mutex<Option<(Method, String)>>,
    came: watch::Sender<u64>,
    passes: Semaphore,
}

struct Way {
    to: String,
    every: Arc<AtomicU64>,
    burst: Arc<AtomicU64>,
    gate: Arc<Gate>,
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
        let burst = Arc::new(AtomicU64::new(0));
        let gate = Arc::new(Gate {
            closed: Mutex::new(None),
            came: watch::Sender::new(0),
            passes: Semaphore::new(0),
        });
        let way = Way {
            to: to.to_owned(),
            every: every.clone(),
            burst: burst.clone(),
            gate: gate.clone(),
            count: AtomicU64::new(0),
            http: reqwest::Client::new(),
        };
        let task = tokio::spawn(Server::new_with_acceptor(listener).run(way)).abort_handle();
        Self {
            endpoint: format!("http://{address}"),
            every,
            burst,
            gate,
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

    /// Lets the next `count` requests fail.
    pub fn fail_next(&self, count: u64) {
        self.burst.store(count, Ordering::SeqCst);
    }

    /// Holds up requests of that method whose path has that part, from now on.
    pub fn hold(&self, method: Method, part: &str) {
        *self.gate.closed.lock().expect("the gate") = Some((method, part.to_owned()));
    }

    /// Waits until so many were held up, all in all.
    pub async fn held(&self, count: u64) {
        let mut came = self.gate.came.subscribe();
        came.wait_for(|came| *came >= count)
            .await
            .expect("the gate");
    }

    /// Lets so many pass, first come, first served.
    pub fn let_pass(&self, count: usize) {
        self.gate.passes.add_permits(count);
    }
}

impl Gate {
    async fn pass(&self, request: &Request) {
        let path = request.original_uri().path();
        let closed = self.closed.lock().expect("the gate").clone();
        if closed.is_some_and(|(method, part)| method == request.method() && path.contains(&part)) {
            self.came.send_modify(|came| *came += 1);
            self.passes.acquire().await.expect("the gate").forget();
        }
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
        let left = self
            .burst
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        if left.is_ok() || every > 0 && number.is_multiple_of(every) {
            return Ok(StatusCode::INTERNAL_SERVER_ERROR.into());
        }
        self.gate.pass(&request).await;
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
