//! Does the jobs that administrators asked for in the graph.
use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    access::Actor,
    error::Result,
    registry::{Caller, JobKind, Registry, job, site::is_read_only},
};

/// How often to look whether there is one.
const EVERY: Duration = Duration::from_secs(1);
/// How often to look after those whose server is gone.
const TIDYING: Duration = Duration::from_secs(60);

/// Does them for ever, of each kind one after another. Of several replicas, one takes up each.
pub(super) async fn run(registry: &Arc<Registry>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "this job acts for nobody but the site"
    )]
    let caller = registry.caller(Actor::system("job"), "job");
    tokio::join!(
        tidy(registry, &caller),
        each(registry, &caller, JobKind::Scrub),
        each(registry, &caller, JobKind::Collect),
        each(registry, &caller, JobKind::Recount),
    );
}

async fn tidy(registry: &Registry, caller: &Caller) {
    loop {
        super::ended(registry, "tidy", &job::tidy(caller).await);
        sleep(TIDYING).await;
    }
}

/// None is taken up while the site takes no changes: a backup may be under way.
async fn each(registry: &Registry, caller: &Caller, kind: JobKind) {
    loop {
        let done = match is_read_only(caller).await {
            Ok(false) => next(registry, caller, kind).await,
            Ok(true) => Ok(false),
            Err(error) => Err(error),
        };
        if let Err(error) = &done {
            crate::protocol::log(error);
        }
        if !matches!(done, Ok(true)) {
            sleep(EVERY).await;
        }
    }
}

/// Whether there was one.
async fn next(registry: &Registry, caller: &Caller, kind: JobKind) -> Result<bool> {
    let Some(job) = job::next(caller, kind).await? else {
        return Ok(false);
    };
    let done = job::perform(caller, &job).await;
    super::ended(registry, "asked", &done);
    Ok(true)
}
