//! Counts again what there is, and reports sums that say something else.
use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    access::Actor,
    error::Result,
    registry::{
        Caller, JobKind, Registry,
        job::{self, NewJob},
        site::is_read_only,
        usage::{Plan, recount},
    },
};

/// How often.
const EVERY: Duration = Duration::from_secs(3600);
/// What was counted again since then is left alone.
const WITHIN: Duration = Duration::from_secs(24 * 3600);
/// At most so many things each time, so that a large site is counted bit by bit through the day.
const AT_ONCE: u64 = 2000;

/// Counts once an hour what was not counted for a day, unless the site takes no changes.
pub(super) async fn run(registry: Arc<Registry>) {
    let mut clock = interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        #[expect(
            clippy::disallowed_methods,
            reason = "this job acts for nobody but the site"
        )]
        let caller = registry.caller(Actor::system("recount"), "recount");
        if is_read_only(&caller).await.unwrap_or(true) {
            continue;
        }
        if let Err(error) = count(&caller).await {
            crate::protocol::log(&error);
        }
    }
}

/// What is wrong stays as it is, to be looked into: `sifhub recount --mend` puts it right.
async fn count(caller: &Caller) -> Result<()> {
    let plan = Plan {
        before: caller.ago(WITHIN),
        mend: false,
        limit: AT_ONCE,
    };
    let new = NewJob {
        kind: JobKind::Recount,
        before: plan.before,
        rate: None,
        mend: false,
    };
    let work = async |caller: &Caller| recount(caller, plan).await;
    let counted = job::run(caller, new, work).await?;
    for drift in &counted.drifts {
        tracing::warn!(%drift, "a sum is wrong; sifhub recount --mend puts it right");
    }
    let wrong = counted.drifts.len();
    tracing::info!(
        checked = counted.checked,
        wrong,
        "counted again what there is"
    );
    Ok(())
}
