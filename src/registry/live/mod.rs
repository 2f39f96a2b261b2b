//! What happens, told to those who listen while it happens.
//!
//! One reader for the process takes events in the order of their positions, which they get when they are handed out, also by
//! other replicas: none is passed over because it was committed late, and none comes twice. Listeners are found by the place
//! where they listen, so that idle ones cost nothing. Whether they may know is asked when there is something to tell, in one
//! statement for all that one account listens to; so is whether what they showed is still good.
mod crowd;
mod listener;
mod tell;

use entity::{collection, container, event, namespace};
use sea_orm::{ColumnTrait, QuerySelect};

pub use crowd::Seat;
pub(in crate::registry) use listener::Listeners;
pub use listener::{End, Listening};
pub use tell::{check, tell};

use super::{
    Caller,
    event::{Moment, MomentKind, Place, check_action},
};
use crate::{
    access::{Pull, internal, open},
    error::Result,
};

/// What somebody wants to hear of.
#[derive(Clone, Debug)]
pub enum What {
    /// Of events, as their log tells them: those of these actions, such as `image.push`, or first words of actions, such as
    /// `image`; of all, if none is named.
    Events(Vec<String>),
    /// Of these kinds of things that are told of containers to whoever sees them.
    Moments(Vec<MomentKind>),
}

impl What {
    fn includes(&self, event: &event::Model) -> bool {
        match self {
            Self::Events(actions) => {
                let noun = event.action.split('.').next().unwrap_or_default();
                let named = |action: &String| *action == event.action || action == noun;
                actions.is_empty() || actions.iter().any(named)
            }
            Self::Moments(kinds) => {
                Moment::is_told(event) && kinds.contains(&Moment::kind_of(event))
            }
        }
    }
}

/// Listens, from now on, to what happens at a place; without one, to all of which the caller may know.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) for what cannot be an action; for a place that the caller may not see
/// or, to hear of events, does not administer, those of [`open`]; [`Error::RateLimited`](crate::error::Error::RateLimited)
/// while as many listen as this process takes, or of this client.
pub async fn listen(caller: &Caller, place: Option<Place>, what: What) -> Result<Listening> {
    if let What::Events(actions) = &what {
        actions.iter().try_for_each(|action| check_action(action))?;
    }
    match (place, &what) {
        (Some(place), What::Events(_)) => place.check(caller).await?,
        (Some(place), What::Moments(_)) => see(caller, place).await?,
        (None, _) => {}
    }
    let heard = last(caller).await?;
    caller.listeners().join(caller, place, what, heard)
}

/// A seat for a connection of the caller's that stays open, by which somebody may listen.
///
/// # Errors
/// [`Error::RateLimited`](crate::error::Error::RateLimited) while as many are open as this process takes, or of this client.
pub fn connect(caller: &Caller) -> Result<Seat> {
    caller.listeners().connect(caller)
}

/// Resolves when this process stops, after all who listen have been told.
pub async fn stopping(caller: &Caller) {
    caller.listeners().closed().await;
}

/// Succeeds for those who see it.
async fn see(caller: &Caller, place: Place) -> Result<()> {
    let (db, actor) = (caller.db(), caller.actor());
    match place {
        Place::Namespace(id) => open::<Pull, namespace::Entity>(db, actor, id)
            .await
            .map(drop),
        Place::Collection(id) => open::<Pull, collection::Entity>(db, actor, id)
            .await
            .map(drop),
        Place::Container(id) => open::<Pull, container::Entity>(db, actor, id)
            .await
            .map(drop),
    }
}

/// The position of the latest event.
async fn last(caller: &Caller) -> Result<i64> {
    let last: Option<Option<i64>> = internal::<event::Entity>()
        .select_only()
        .expr(event::Column::Position.max())
        .into_tuple()
        .one(caller.db())
        .await?;
    Ok(last.flatten().unwrap_or(0))
}
