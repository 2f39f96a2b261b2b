//! Gives manifests to images of a server that knew none, and reads configurations that came before they were read.
use std::sync::Arc;

use crate::{
    access::Actor,
    registry::{
        Registry,
        manifest::{backfill, config},
    },
};

/// Once, beside answering: until then such images are shown to all but OCI clients, and such manifests without configuration.
pub(super) async fn run(registry: &Arc<Registry>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "this job acts for nobody but the site"
    )]
    let caller = registry.caller(Actor::system("manifests"), "manifests");
    match backfill(&caller).await {
        Ok(0) => {}
        Ok(images) => tracing::info!(images, "gave manifests to images that came without"),
        Err(error) => crate::protocol::log(&error),
    }
    match config::backfill(&caller).await {
        Ok(0) => {}
        Ok(images) => tracing::info!(images, "read the configurations of images that came before"),
        Err(error) => crate::protocol::log(&error),
    }
}
