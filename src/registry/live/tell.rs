//! From the log of events to those who listen.
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use entity::{event, id::EventId};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{
    What,
    listener::{End, Listener},
};
use crate::{
    access::{Actor, Pull, internal, rows},
    error::Result,
    registry::{
        Caller, Shown,
        event::{Event, moments},
        shown::{is_good, standing},
    },
};

/// How many events are read at once.
const BATCH: u64 = 200;

/// What one listener wants to hear of.
type Wish = (Arc<Listener>, Vec<EventId>);
/// Whose wishes are granted by the same statement: the account, and whether of moments or of events.
type Group = (Actor, bool);

/// Tells the next events to those who listen and may know, and tells how many there were. The server's own job calls this.
///
/// # Errors
/// [`Error::Unavailable`](crate::error::Error::Unavailable) when the database does not answer; nobody has heard anything of
/// these events then.
pub async fn tell(caller: &Caller) -> Result<usize> {
    let Some(read) = caller.listeners().read() else {
        return Ok(0);
    };
    let events = internal::<event::Entity>()
        .filter(event::Column::Position.gt(read))
        .order_by_asc(event::Column::Position)
        .limit(BATCH)
        .all(caller.db())
        .await?;
    let Some(last) = events.last().and_then(|event| event.position) else {
        return Ok(0);
    };
    let wishes = wishes(caller, &events);
    let wishes = still_good(caller, wishes).await?;
    let granted = granted(caller, &wishes).await?;
    for (listener, ids) in &wishes {
        let known = &granted[&group(listener)];
        for event in ids.iter().filter_map(|id| known.get(id)) {
            caller.listeners().tell(listener, event.clone());
        }
    }
    caller.listeners().advance(last);
    Ok(events.len())
}

/// Ends those who listen with something that is good no longer. The server's own job calls this. A statement for each 500
/// tokens and each 500 sessions.
///
/// # Errors
/// [`Error::Unavailable`](crate::error::Error::Unavailable) when the database does not answer.
pub async fn check(caller: &Caller) -> Result<()> {
    let all = caller.listeners().all().into_iter();
    let all = all.map(|listener| (listener, Vec::new())).collect();
    still_good(caller, all).await.map(drop)
}

/// Who wants to hear of which of these events, in their order.
fn wishes(caller: &Caller, events: &[event::Model]) -> Vec<Wish> {
    let mut wishes: Vec<Wish> = Vec::new();
    let mut known: HashMap<u64, usize> = HashMap::new();
    for event in events {
        for listener in caller.listeners().near(event) {
            if !listener.wants(event) {
                continue;
            }
            let place = *known.entry(listener.id).or_insert_with(|| {
                wishes.push((listener, Vec::new()));
                wishes.len() - 1
            });
            wishes[place].1.push(event.id);
        }
    }
    wishes
}

/// The wishes of those whose credentials are as good as when they came. The others are ended.
async fn still_good(caller: &Caller, wishes: Vec<Wish>) -> Result<Vec<Wish>> {
    let shown: HashSet<Shown> = wishes.iter().filter_map(|(who, _)| who.shown).collect();
    let standing = standing(caller, &shown).await?;
    let (good, over): (Vec<_>, Vec<_>) = wishes
        .into_iter()
        .partition(|(who, _)| is_good(&who.actor, who.shown, &standing));
    for (listener, _) in over {
        caller.listeners().end(&listener, End::Credential);
    }
    Ok(good)
}

fn group(listener: &Listener) -> Group {
    let moments = matches!(listener.what, What::Moments(_));
    (listener.actor.clone(), moments)
}

/// What each group may know of what it wishes, in one statement for each.
async fn granted(
    caller: &Caller,
    wishes: &[Wish],
) -> Result<HashMap<Group, HashMap<EventId, Arc<Event>>>> {
    let mut wished: HashMap<Group, HashSet<EventId>> = HashMap::new();
    for (listener, ids) in wishes {
        wished.entry(group(listener)).or_default().extend(ids);
    }
    let mut granted = HashMap::new();
    for (group, ids) in wished {
        let (actor, is_moments) = &group;
        let rows = match is_moments {
            true => moments(actor),
            false => rows::<Pull, event::Entity>(actor),
        };
        let rows = rows.narrow(|q| q.filter(event::Column::Id.is_in(ids)));
        let found = rows.all(caller.db()).await?.into_iter();
        let found = found.map(|event| (event.id, Arc::new(event))).collect();
        granted.insert(group, found);
    }
    Ok(granted)
}
