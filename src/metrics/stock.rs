//! What is there.
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

/// What is there, as the database tells it; with several replicas, all of them tell the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Collections.
    pub collections: i64,
    /// Containers.
    pub containers: i64,
    /// SIF images.
    pub images: i64,
    /// Manifests that describe no SIF image.
    pub manifests: i64,
    /// The sum of the sizes of both, in bytes.
    pub size: i64,
    /// The bytes of all blobs that are held, each once.
    pub stored: i64,
    /// Blobs.
    pub blobs: u64,
    /// Blobs that a scrub found damaged or missing.
    pub damaged: u64,
    /// Blobs that were never read again.
    pub unverified: u64,
    /// When the blob that was unread for longest was read.
    pub oldest: Option<SystemTime>,
    /// Uploads under way.
    pub uploads: u64,
    /// Deliveries to webhooks that have not arrived.
    pub deliveries: u64,
}

/// How the connections to the database are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// Connections that work.
    pub busy: u32,
    /// Connections that wait for work.
    pub idle: u32,
    /// The most there may be.
    pub most: u32,
}

/// Seconds since 1970.
pub(super) fn seconds(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[derive(Debug)]
pub(super) struct Gauges {
    gauges: [Gauge; 13],
}

/// Names and meanings, in the order of [`Stock::values`].
const GAUGES: [(&str, &str); 13] = [
    ("collections", "Collections"),
    ("containers", "Containers"),
    ("images", "SIF images"),
    ("manifests", "Manifests that describe no SIF image"),
    (
        "size_bytes",
        "The sum of the sizes of images and manifests, also where they share bytes",
    ),
    (
        "stored_bytes",
        "The bytes of all blobs that are held, each once",
    ),
    ("blobs", "Stored blobs"),
    (
        "blobs_damaged",
        "Blobs that a scrub found damaged or missing",
    ),
    (
        "blobs_unverified",
        "Blobs that no scrub has read and that were stored before that was noted",
    ),
    (
        "blobs_oldest_verification_timestamp_seconds",
        "When the blob that was unread for longest was read or stored, in seconds since 1970; 0 without blobs",
    ),
    ("uploads_open", "Uploads under way"),
    (
        "webhook_deliveries_pending",
        "Deliveries to webhooks that have not arrived",
    ),
    (
        "stock_timestamp_seconds",
        "When what is there was measured, in seconds since 1970",
    ),
];

impl Stock {
    fn values(&self) -> [i64; 13] {
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        [
            self.collections,
            self.containers,
            self.images,
            self.manifests,
            self.size,
            self.stored,
            signed(self.blobs),
            signed(self.damaged),
            signed(self.unverified),
            self.oldest.map(seconds).unwrap_or_default(),
            signed(self.uploads),
            signed(self.deliveries),
            seconds(SystemTime::now()),
        ]
    }
}

impl Gauges {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let gauges = GAUGES.map(|(name, help)| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        });
        Self { gauges }
    }

    pub(super) fn set(&self, stock: &Stock) {
        for (gauge, value) in self.gauges.iter().zip(stock.values()) {
            gauge.set(value);
        }
    }
}

#[derive(Debug)]
pub(super) struct Connections {
    used: Family<State, Gauge>,
    most: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

impl Connections {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let (used, most) = (Family::default(), Gauge::default());
        let registry = registry.sub_registry_with_prefix("database");
        let help = "Connections of this process to the database, by what they do";
        registry.register("connections", help, Family::clone(&used));
        let help = "The most connections there may be";
        registry.register("connections_max", help, Gauge::clone(&most));
        Self { used, most }
    }

    pub(super) fn set(&self, pool: Pool) {
        for (state, connections) in [("busy", pool.busy), ("idle", pool.idle)] {
            self.used
                .get_or_create(&State { state })
                .set(connections.into());
        }
        self.most.set(pool.most.into());
    }
}
