//! Measures what is there.
use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    access::Actor,
    config::MetricsAccess,
    registry::{Registry, measure::measure},
};

/// How often. Whoever reads the numbers more often gets the same.
const EVERY: Duration = Duration::from_secs(60);

/// Measures for ever, if anybody may read it. Each replica measures for itself.
pub(super) async fn run(registry: &Arc<Registry>) {
    if registry.config().metrics.access == MetricsAccess::Off {
        return;
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "this job acts for nobody but the site"
    )]
    let caller = registry.caller(Actor::system("metrics"), "metrics");
    let mut clock = interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        super::ended(registry, "metrics", &measure(&caller).await);
    }
}
