//! Tells webhooks what happened.
mod message;
mod send;

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    access::Actor,
    error::Result,
    registry::{Caller, Registry, webhook},
};
use send::Sender;

/// How often to look for what other replicas left, and for what is to be tried again.
const EVERY: Duration = Duration::from_secs(1);
/// The pause after events were handed out, so that many at once are handed out together.
const BREATH: Duration = Duration::from_millis(50);
/// How often the log is shortened.
const CLEANING: Duration = Duration::from_secs(3600);
/// How many webhooks are told something at once.
const MOST: usize = 16;

/// Hands out events and tells webhooks of them, for ever. Replicas may all do so.
pub(super) async fn run(registry: Arc<Registry>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "this job acts for nobody but the site"
    )]
    let caller = registry.caller(Actor::system("webhook"), "webhook");
    let sender = Arc::new(Sender::new(registry.clone()));
    let mut telling = JoinSet::new();
    let mut cleaned = None::<Instant>;
    loop {
        while telling.try_join_next().is_some() {}
        let told = round(&caller, &sender, &mut telling).await;
        super::ended(&registry, "webhook", &told);
        if told.is_err() {
            sleep(EVERY).await;
        }
        if cleaned.is_none_or(|at| at.elapsed() > CLEANING) {
            cleaned = Some(Instant::now());
            if let Err(error) = webhook::clean(&caller).await {
                crate::protocol::log(&error);
            }
        }
        sleep(BREATH).await;
        registry.heard(EVERY).await;
    }
}

/// Hands out what happened, and begins to tell it.
async fn round(caller: &Caller, sender: &Arc<Sender>, telling: &mut JoinSet<()>) -> Result<()> {
    while webhook::dispatch(caller).await? > 0 {}
    while telling.len() < MOST {
        let Some(claimed) = webhook::claim(caller).await? else {
            break;
        };
        let (caller, sender) = (caller.clone(), sender.clone());
        telling.spawn(async move {
            if let Err(error) = tell(&caller, &sender, &claimed).await {
                crate::protocol::log(&error);
            }
        });
    }
    Ok(())
}

/// Tells one webhook all that is due, in order, until something does not arrive.
async fn tell(caller: &Caller, sender: &Sender, claimed: &webhook::Claimed) -> Result<()> {
    while let Some(sending) = webhook::next(caller, claimed).await? {
        let outcome = sender.send(caller, claimed, &sending).await;
        if !webhook::note(caller, claimed, &sending, &outcome).await? {
            return Ok(());
        }
    }
    webhook::release(caller, claimed).await
}
