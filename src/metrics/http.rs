//! Requests and their answers.
use std::time::Instant;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// The bounds of latencies, in seconds: from a manifest out of memory to an image that is hashed before it is acknowledged.
const BOUNDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0,
];

/// The methods that are told apart.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Counts requests and their answers.
#[derive(Clone, Debug)]
pub struct Http {
    running: Gauge,
    requests: Family<Answer, Counter>,
    latency: Family<Place, Histogram, fn() -> Histogram>,
    received: Family<Place, Counter>,
    sent: Family<Place, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Place {
    method: &'static str,
    route: String,
}

impl Http {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let bounded: fn() -> Histogram = || Histogram::new(BOUNDS);
        let http = Self {
            running: Gauge::default(),
            requests: Family::default(),
            latency: Family::new_with_constructor(bounded),
            received: Family::default(),
            sent: Family::default(),
        };
        let registry = registry.sub_registry_with_prefix("http");
        let help = "Requests whose answer is not sent to its end";
        registry.register("requests_running", help, http.running.clone());
        let help = "Answers, by method, route and status";
        registry.register("requests", help, http.requests.clone());
        let help = "From the head of a request to the head of its answer";
        registry.register("request_duration_seconds", help, http.latency.clone());
        let help = "Bytes of the bodies of requests that were read before they were answered";
        registry.register("received_bytes", help, http.received.clone());
        let help = "Bytes of the bodies of answers that were handed to the connection";
        registry.register("sent_bytes", help, http.sent.clone());
        http
    }

    /// A request has come.
    pub fn begin(&self) -> Running {
        self.running.inc();
        Running {
            http: self.clone(),
            started: Instant::now(),
            received: Counter::default(),
        }
    }
}

/// A request that runs. It runs no more when this is dropped.
#[derive(Debug)]
pub struct Running {
    http: Http,
    started: Instant,
    received: Counter,
}

impl Running {
    /// Where to add the bytes of the request's body as they come.
    pub fn received(&self) -> Counter {
        self.received.clone()
    }

    /// It is answered with `status` at `route`, the pattern of its path; an empty one for what has no route.
    pub fn answered(self, method: &str, route: &str, status: u16) -> Sending {
        let method = METHODS.into_iter().find(|known| *known == method);
        let method = method.unwrap_or("other");
        let route = route.to_owned();
        let place = Place { method, route };
        let seconds = self.started.elapsed().as_secs_f64();
        self.http.latency.get_or_create(&place).observe(seconds);
        let received = self.http.received.get_or_create(&place);
        received.inc_by(self.received.get());
        drop(received);
        let sent = self.http.sent.get_or_create_owned(&place);
        let Place { method, route } = place;
        let answer = Answer {
            method,
            route,
            status,
        };
        self.http.requests.get_or_create(&answer).inc();
        Sending {
            sent,
            _running: self,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.http.running.dec();
    }
}

/// An answer that is being sent. It is at its end when this is dropped.
#[derive(Debug)]
pub struct Sending {
    sent: Counter,
    _running: Running,
}

impl Sending {
    /// So many bytes of its body more.
    pub fn sent(&self, bytes: u64) {
        self.sent.inc_by(bytes);
    }
}
