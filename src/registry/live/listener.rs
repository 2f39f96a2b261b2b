//! Those who listen, and where.
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use entity::event;
use tokio::sync::mpsc;

use super::What;
use crate::{
    access::Actor,
    error::{Error, Result},
    registry::{
        Caller, Shown,
        event::{Event, Place},
    },
};

/// How many events wait for a listener that is slow.
const WAITING: usize = 128;
/// When to ask again who found no room.
const FULL: Duration = Duration::from_secs(30);

/// Why a listener hears nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// More happened than it took in time.
    Behind,
    /// What it showed is good no longer, or reaches another way.
    Credential,
    /// The process stops.
    Stopping,
}

/// Somebody who listens.
pub(super) struct Listener {
    pub(super) id: u64,
    pub(super) actor: Actor,
    pub(super) shown: Option<Shown>,
    place: Option<Place>,
    pub(super) what: What,
    /// The position up to which it was told, or did not want to be.
    from: i64,
    heard: mpsc::Sender<Arc<Event>>,
    end: Arc<OnceLock<End>>,
}

impl Listener {
    pub(super) fn wants(&self, event: &event::Model) -> bool {
        event.position.is_some_and(|position| position > self.from) && self.what.includes(event)
    }
}

/// All who listen in this process.
#[derive(Default)]
pub(in crate::registry) struct Listeners(Mutex<Seats>);

#[derive(Default)]
struct Seats {
    next: u64,
    all: HashMap<u64, Arc<Listener>>,
    at: HashMap<Option<Place>, HashSet<u64>>,
    /// How far the events have been read; absent while nobody listens.
    read: Option<i64>,
    closed: bool,
}

impl Listeners {
    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seat for the caller, who is told what comes after the position `from`.
    pub(super) fn join(
        &self,
        caller: &Caller,
        place: Option<Place>,
        what: What,
        from: i64,
    ) -> Result<Listening> {
        let mut seats = self.seats();
        if seats.closed || seats.all.len() >= caller.config().graphql.max_subscriptions {
            return Err(Error::RateLimited { after: FULL });
        }
        let (sender, heard) = mpsc::channel(WAITING);
        let end = Arc::new(OnceLock::new());
        let id = seats.next;
        seats.next += 1;
        seats.read.get_or_insert(from);
        seats.at.entry(place).or_default().insert(id);
        let listener = Listener {
            id,
            actor: caller.actor().clone(),
            shown: caller.shown(),
            place,
            what,
            from,
            heard: sender,
            end: end.clone(),
        };
        seats.all.insert(id, Arc::new(listener));
        Ok(Listening {
            heard,
            end,
            id,
            caller: caller.clone(),
        })
    }

    /// How far the events have been read; `None` while nobody listens.
    pub(super) fn read(&self) -> Option<i64> {
        self.seats().read
    }

    /// The events up to this position have been told.
    pub(super) fn advance(&self, position: i64) {
        if let Some(read) = &mut self.seats().read {
            *read = position.max(*read);
        }
    }

    /// Everybody.
    pub(super) fn all(&self) -> Vec<Arc<Listener>> {
        self.seats().all.values().cloned().collect()
    }

    /// Those who listen where this happened, each once.
    pub(super) fn near(&self, event: &event::Model) -> Vec<Arc<Listener>> {
        let places = [
            event.namespace_id.map(Place::Namespace),
            event.collection_id.map(Place::Collection),
            event.container_id.map(Place::Container),
        ];
        let named = places.into_iter().flatten().map(Some);
        let seats = self.seats();
        named
            .chain([None])
            .filter_map(|place| seats.at.get(&place))
            .flatten()
            .filter_map(|id| seats.all.get(id).cloned())
            .collect()
    }

    /// Tells a listener, unless it is too far behind, which ends it.
    pub(super) fn tell(&self, listener: &Listener, event: Arc<Event>) {
        if let Err(mpsc::error::TrySendError::Full(_)) = listener.heard.try_send(event) {
            self.end(listener, End::Behind);
        }
    }

    /// The listener hears what waits for it, and why there is no more.
    pub(super) fn end(&self, listener: &Listener, why: End) {
        let _first = listener.end.set(why);
        self.leave(listener.id);
    }

    /// Ends everybody, and takes nobody any more.
    pub(in crate::registry) fn close(&self) {
        self.seats().closed = true;
        for listener in self.all() {
            self.end(&listener, End::Stopping);
        }
    }

    fn leave(&self, id: u64) {
        let mut seats = self.seats();
        let Some(listener) = seats.all.remove(&id) else {
            return;
        };
        if let Some(there) = seats.at.get_mut(&listener.place) {
            there.remove(&id);
            if there.is_empty() {
                seats.at.remove(&listener.place);
            }
        }
        if seats.all.is_empty() {
            seats.read = None;
        }
    }
}

/// What somebody hears. They stop listening when it is dropped.
pub struct Listening {
    heard: mpsc::Receiver<Arc<Event>>,
    end: Arc<OnceLock<End>>,
    id: u64,
    caller: Caller,
}

impl Listening {
    /// The next event, or why there is none; `None` after that.
    pub async fn next(&mut self) -> Option<Result<Event, End>> {
        match self.heard.recv().await {
            Some(event) => Some(Ok(Event::clone(&event))),
            None => self.end.get().copied().map(Err),
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.caller.listeners().leave(self.id);
    }
}
