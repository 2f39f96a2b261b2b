//! What the server does by itself.
use std::time::SystemTime;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::stock::seconds;

/// Counts runs of jobs.
#[derive(Debug)]
pub struct Jobs {
    runs: Family<Run, Counter>,
    last: Family<Job, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Run {
    job: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Job {
    job: &'static str,
}

impl Jobs {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let jobs = Self {
            runs: Family::default(),
            last: Family::default(),
        };
        let registry = registry.sub_registry_with_prefix("job");
        let help = "Rounds of what the server does by itself, by outcome";
        registry.register("runs", help, jobs.runs.clone());
        let help = "When a round ended well last, in seconds since 1970";
        registry.register("last_success_timestamp_seconds", help, jobs.last.clone());
        jobs
    }

    /// A round of `job` ended, well or not.
    pub fn ran(&self, job: &'static str, well: bool) {
        let outcome = if well { "success" } else { "failure" };
        self.runs.get_or_create(&Run { job, outcome }).inc();
        if well {
            let last = self.last.get_or_create(&Job { job });
            last.set(seconds(SystemTime::now()));
        }
    }
}
