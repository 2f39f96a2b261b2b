//! What the server does by itself, beside answering.
//!
//! Owns the clockwork. Must not hold rules: a job is a few lines around a call of the registry.
mod downloads;
mod gc;
mod labels;
mod live;
mod manifests;
mod search;
mod site;
mod trash;
mod webhook;

use std::sync::Arc;

use crate::registry::Registry;

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
        downloads,
        trash::run(&registry),
        tidy
    );
}

/// Does what must not be left undone when the server stops.
pub async fn finish(registry: &Arc<Registry>) {
    downloads::write(registry).await;
}
