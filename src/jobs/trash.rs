//! Purges what has been in the trash for long enough.
use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    access::Actor,
    registry::{Registry, site::is_read_only, trash::purge_due},
};

/// How often.
const EVERY: Duration = Duration::from_secs(60);

/// Purges once a minute, unless the site takes no changes. Replicas may all do so: what one has purged, the others do not
/// find.
pub(super) async fn run(registry: &Arc<Registry>) {
    let mut clock = interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        #[expect(
            clippy::disallowed_methods,
            reason = "this job acts for nobody but the site"
        )]
        let caller = registry.caller(Actor::system("trash"), "trash");
        if is_read_only(&caller).await.unwrap_or(true) {
            continue;
        }
        let purged = purge_due(&caller).await;
        super::ended(registry, "trash", &purged);
        if let Ok(purged @ 1..) = purged {
            tracing::info!(purged, "purged what was in the trash for long enough");
        }
    }
}
