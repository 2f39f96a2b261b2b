//! What the server does by itself, beside answering.
//!
//! Owns the clockwork. Must not hold rules: a job is a few lines around a call of the registry.
mod asked;
mod downloads;
mod gc;
mod labels;
mod live;
mod manifests;
mod metrics;
mod recount;
mod search;
mod site;
mod trash;
mod webhook;

use std::sync::Arc;

use crate::{error::Result, registry::Registry};

/// Runs all jobs until it is dropped.
pub async fn run(registry: Arc<Registry>) {
    let tidy = async {
        manifests::run(&registry).await;
        labels::run(&registry).await;
        gc::run(registry.clone()).await;
    };
    let webhooks = webhook::run(registry.clone());
    let downloads = downloads::run(&registry);
    tokio::join!(
        site::run(&registry),
        search::run(&registry),
        webhooks,
        live::run(&registry),
        metrics::run(&registry),
        downloads,
        recount::run(registry.clone()),
        trash::run(&registry),
        asked::run(&registry),
        tidy
    );
}

/// Counts a round of a job, and logs why it failed.
fn ended<T>(registry: &Registry, job: &'static str, outcome: &Result<T>) {
    registry.metrics().jobs.ran(job, outcome.is_ok());
    if let Err(error) = outcome {
        crate::protocol::log(error);
    }
}

/// Does what must not be left undone when the server stops.
pub async fn finish(registry: &Arc<Registry>) {
    downloads::write(registry).await;
}
