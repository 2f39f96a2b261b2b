//! Collects leftovers of uploads and blobs that nothing refers to, and what is no longer to be known.
use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    access::Actor,
    registry::{
        Caller, JobKind, Registry,
        blob::collect,
        download,
        job::{self, NewJob},
        site::is_read_only,
    },
};

/// How often.
const EVERY: Duration = Duration::from_secs(3600);

/// Collects once an hour, unless the site takes no changes. Replicas may all do so: what one has removed, the others do not find.
pub(super) async fn run(registry: Arc<Registry>) {
    let mut clock = interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        #[expect(
            clippy::disallowed_methods,
            reason = "this job acts for nobody but the site"
        )]
        let caller = registry.caller(Actor::system("gc"), "gc");
        // A backup may be under way.
        if is_read_only(&caller).await.unwrap_or(true) {
            continue;
        }
        if let Err(error) = download::forget(&caller).await {
            crate::protocol::log(&error);
        }
        let grace = registry.config().storage.staging_retention.get();
        let new = NewJob::of(&caller, JobKind::Collect);
        let work = async |caller: &Caller| collect(caller, grace, false).await;
        let collected = job::run(&caller, new, work).await;
        super::ended(&registry, "gc", &collected);
        if let Ok(collected) = collected {
            tracing::info!(
                blobs = collected.blobs.len(),
                bytes = collected.bytes(),
                staged = collected.staged.len(),
                uploads = collected.uploads,
                "collected garbage"
            );
        }
    }
}
