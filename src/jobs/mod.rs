//! What the server does by itself, beside answering.
//!
//! Owns the clockwork. Must not hold rules: a job is a few lines around a call of the registry.
mod gc;
mod labels;
mod manifests;
mod site;

use std::sync::Arc;

use crate::registry::Registry;

/// Runs all jobs until it is dropped.
pub async fn run(registry: Arc<Registry>) {
    let tidy = async {
        manifests::run(&registry).await;
        labels::run(&registry).await;
        gc::run(registry.clone()).await;
    };
    tokio::join!(site::run(&registry), tidy);
}
