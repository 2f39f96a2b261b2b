//! Keeps what this replica knows of the site up to date with what others change.
use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    access::Actor,
    registry::{Registry, site::refresh},
};

/// How long a change made at another replica goes unnoticed, at most.
const EVERY: Duration = Duration::from_secs(1);

/// Reads one row each time, so that no request has to. While the database does not answer, what was known last holds.
pub(super) async fn run(registry: &Arc<Registry>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "this job acts for nobody but the site"
    )]
    let caller = registry.caller(Actor::system("site"), "site");
    let mut clock = interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = true;
    loop {
        clock.tick().await;
        let read = refresh(&caller).await;
        registry.metrics().jobs.ran("site", read.is_ok());
        // Said once, not once a second.
        if let Err(error) = &read
            && known
        {
            crate::protocol::log(error);
        }
        known = read.is_ok();
    }
}
