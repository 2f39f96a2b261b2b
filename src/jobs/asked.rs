//! Does the jobs that administrators asked for in the graph.
use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    access::Actor,
    error::Result,
    registry::{Caller, Registry, job},
};

/// How often to look whether there is one.
const EVERY: Duration = Duration::from_secs(1);
/// How often to look after those whose server is gone.
const TIDYING: Duration = Duration::from_secs(60);

/// Does one after another, for ever. Of several replicas, one takes up each.
pub(super) async fn run(registry: &Arc<Registry>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "this job acts for nobody but the site"
    )]
    let caller = registry.caller(Actor::system("job"), "job");
    let mut tidied: Option<Instant> = None;
    loop {
        if tidied.is_none_or(|at| at.elapsed() >= TIDYING) {
            let done = job::tidy(&caller).await;
            super::ended(registry, "tidy", &done);
            tidied = Some(Instant::now());
        }
        match next(registry, &caller).await {
            Ok(true) => {}
            Ok(false) => sleep(EVERY).await,
            Err(error) => {
                crate::protocol::log(&error);
                sleep(EVERY).await;
            }
        }
    }
}

/// Whether there was one.
async fn next(registry: &Registry, caller: &Caller) -> Result<bool> {
    let Some(job) = job::next(caller).await? else {
        return Ok(false);
    };
    let done = job::perform(caller, &job).await;
    super::ended(registry, "asked", &done);
    Ok(true)
}
