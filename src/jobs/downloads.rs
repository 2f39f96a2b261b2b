//! Writes down what was pulled.
use std::sync::Arc;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::{
    access::Actor,
    registry::{Registry, download::flush},
};

/// Every few seconds, as configured.
pub(super) async fn run(registry: &Arc<Registry>) {
    let every = registry.config().registry.download_flush.get();
    let mut clock = interval_at(Instant::now() + every, every);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        write(registry).await;
    }
}

/// Once. What cannot be written waits.
pub(super) async fn write(registry: &Arc<Registry>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "this job acts for nobody but the site"
    )]
    let caller = registry.caller(Actor::system("downloads"), "downloads");
    super::ended(registry, "downloads", &flush(&caller).await);
}
