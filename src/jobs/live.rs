//! Tells those who listen what happened.
use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    access::Actor,
    error::Result,
    registry::{Caller, Registry, live},
};

/// How often to look for what other replicas handed out.
const EVERY: Duration = Duration::from_millis(500);
/// How often to see whether what listeners showed is still good.
const CHECKING: Duration = Duration::from_secs(2);

/// Tells what happened, for ever. Each replica tells those who are connected to it.
pub(super) async fn run(registry: &Arc<Registry>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "this job acts for nobody but the site"
    )]
    let caller = registry.caller(Actor::system("live"), "live");
    let mut checked = Instant::now();
    loop {
        let told = round(&caller, &mut checked).await;
        super::ended(registry, "live", &told);
        if told.is_err() {
            sleep(EVERY).await;
        }
        registry.heard_numbered(EVERY).await;
    }
}

async fn round(caller: &Caller, checked: &mut Instant) -> Result<()> {
    while live::tell(caller).await? > 0 {}
    if checked.elapsed() >= CHECKING {
        *checked = Instant::now();
        live::check(caller).await?;
    }
    Ok(())
}
