//! Keeps the search up to date.
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::{
    access::Actor,
    registry::{Registry, search},
};

/// How many documents are written at a time, for which those who push wait.
const DOCUMENTS: u64 = 50;
/// How often it is looked for something new.
const EVERY: Duration = Duration::from_millis(500);
/// How long to wait when that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(10);
/// How often words that are used no longer are forgotten.
const TIDY: Duration = Duration::from_secs(24 * 3600);

/// Takes in what was changed, for ever. Replicas may all do so, and take turns.
pub(super) async fn run(registry: &Arc<Registry>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "this job acts for nobody but the site"
    )]
    let caller = registry.caller(Actor::system("search"), "search");
    let mut tidied = Instant::now();
    loop {
        let started = Instant::now();
        let refreshed = search::refresh(&caller, DOCUMENTS).await;
        registry.metrics().jobs.ran("search", refreshed.is_ok());
        let pause = match refreshed {
            // Half of the time belongs to those who push.
            Ok(true) => started.elapsed(),
            Ok(false) if tidied.elapsed() > TIDY => {
                tidied = Instant::now();
                match search::tidy(&caller).await {
                    Ok(()) => EVERY,
                    Err(error) => failed(&error),
                }
            }
            Ok(false) => EVERY,
            Err(error) => failed(&error),
        };
        sleep(pause).await;
    }
}

fn failed(error: &crate::error::Error) -> Duration {
    crate::protocol::log(error);
    AFTER_FAILURE
}
