//! Keeps labels of images of a server that kept none.
use std::sync::Arc;

use crate::{
    access::Actor,
    registry::{Registry, label::backfill},
};

/// Once, beside answering: until then such images are not found by their labels.
pub(super) async fn run(registry: &Arc<Registry>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "this job acts for nobody but the site"
    )]
    let caller = registry.caller(Actor::system("labels"), "labels");
    match backfill(&caller).await {
        Ok(0) => {}
        Ok(images) => tracing::info!(images, "kept the labels of images that came before"),
        Err(error) => crate::protocol::log(&error),
    }
}
