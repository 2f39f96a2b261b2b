//! What collections of garbage did.
use std::time::{Duration, SystemTime};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::stock::seconds;

/// Blobs, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lot {
    /// How many.
    pub blobs: u64,
    /// Of how many bytes together.
    pub bytes: u64,
}

/// What one collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// What it removed.
    pub removed: Lot,
    /// What it kept because something refers to it.
    pub needed: Lot,
    /// What it kept although nothing refers to it, because it is young.
    pub young: Lot,
    /// Staged leftovers that it removed.
    pub staged: u64,
    /// Uploads that it ended.
    pub uploads: u64,
}

/// Counts what collections did.
#[derive(Debug)]
pub struct Garbage {
    runs: Counter,
    blobs: Counter,
    bytes: Counter,
    staged: Counter,
    uploads: Counter,
    kept_blobs: Family<Decision, Gauge>,
    kept_bytes: Family<Decision, Gauge>,
    last: Gauge,
    took: Gauge<f64, std::sync::atomic::AtomicU64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decision {
    decision: &'static str,
}

impl Garbage {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("garbage");
        let counter = |registry: &mut Registry, name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let garbage = Self {
            runs: counter(
                registry,
                "collections",
                "Collections that came to their end",
            ),
            blobs: counter(registry, "removed_blobs", "Blobs that were removed"),
            bytes: counter(
                registry,
                "removed_bytes",
                "Bytes of blobs that were removed",
            ),
            staged: counter(
                registry,
                "removed_staged",
                "Staged leftovers that were removed",
            ),
            uploads: counter(registry, "ended_uploads", "Uploads whose time had run out"),
            kept_blobs: Family::default(),
            kept_bytes: Family::default(),
            last: Gauge::default(),
            took: Gauge::default(),
        };
        let help = "Blobs that the last collection kept, because they are needed or young";
        registry.register("kept_blobs", help, garbage.kept_blobs.clone());
        let help = "Bytes of blobs that the last collection kept";
        registry.register("kept_bytes", help, garbage.kept_bytes.clone());
        let help = "When the last collection ended, in seconds since 1970";
        registry.register("last_timestamp_seconds", help, garbage.last.clone());
        let help = "How long the last collection took";
        registry.register("last_duration_seconds", help, garbage.took.clone());
        garbage
    }

    /// A collection came to its end.
    pub fn swept(&self, sweep: &Sweep, took: Duration) {
        self.runs.inc();
        self.blobs.inc_by(sweep.removed.blobs);
        self.bytes.inc_by(sweep.removed.bytes);
        self.staged.inc_by(sweep.staged);
        self.uploads.inc_by(sweep.uploads);
        for (decision, lot) in [("needed", sweep.needed), ("young", sweep.young)] {
            let label = Decision { decision };
            let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            self.kept_blobs.get_or_create(&label).set(signed(lot.blobs));
            self.kept_bytes.get_or_create(&label).set(signed(lot.bytes));
        }
        self.last.set(seconds(SystemTime::now()));
        self.took.set(took.as_secs_f64());
    }
}
