//! What is counted and measured, for Prometheus and whatever else reads its format.
//!
//! Owns the names, the labels and the text. Counters begin at 0 with the process; what is there ([`Stock`]) is measured anew
//! once a minute. Must not know what is counted: who knows calls here. No label is made of what somebody sends, lest
//! strangers fill the memory.
mod garbage;
mod http;
mod job;
mod stock;

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

pub use garbage::{Garbage, Lot, Sweep};
pub use http::{Http, Running, Sending};
pub use job::Jobs;
use stock::{Connections, Gauges};
pub use stock::{Pool, Stock};

/// The media type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All numbers of one process.
pub struct Metrics {
    registry: Registry,
    /// Requests and their answers.
    pub http: Http,
    /// What the server does by itself.
    pub jobs: Jobs,
    /// What collections of garbage did.
    pub garbage: Garbage,
    events: Family<Action, Counter>,
    pulls: Family<Door, Counter>,
    stock: Gauges,
    connections: Connections,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Action {
    action: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Door {
    door: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("sifhub");
        let events = Family::default();
        let help = "What happened, by action, as in the log of events";
        registry.register("events", help, events.clone());
        let pulls = Family::default();
        let help = "Pulls of images that began, and at the door oci reads of blobs and manifests from their start";
        registry.register("pulls", help, pulls.clone());
        Self {
            http: Http::new(&mut registry),
            jobs: Jobs::new(&mut registry),
            garbage: Garbage::new(&mut registry),
            stock: Gauges::new(&mut registry),
            connections: Connections::new(&mut registry),
            events,
            pulls,
            registry,
        }
    }
}

impl Metrics {
    /// Something happened, and is written down.
    pub fn happened(&self, action: &'static str) {
        self.events.get_or_create(&Action { action }).inc();
    }

    /// Somebody began to pull something through `door`.
    pub fn pulled(&self, door: &'static str) {
        self.pulls.get_or_create(&Door { door }).inc();
    }

    /// What is there now.
    pub fn measured(&self, stock: &Stock) {
        self.stock.set(stock);
    }

    /// How the connections to the database are used now.
    pub fn pool(&self, pool: Pool) {
        self.connections.set(pool);
    }

    /// All numbers, in the text format of OpenMetrics 1.0.
    pub fn text(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("a string takes all that is written");
        text
    }
}
