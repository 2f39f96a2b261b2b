//! Those who listen, and where.
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use entity::event;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    What,
    crowd::{Crowd, Seat},
};
use crate::{
    access::Actor,
    error::Result,
    registry::{
        Caller, Shown,
        event::{Event, Place},
    },
};

/// How many events wait for a listener that is slow.
const WAITING: usize = 128;

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
pub(in crate::registry) struct Listeners {
    seats: Mutex<Seats>,
    /// Those who listen, and those who do not take their last answer yet.
    listening: Arc<Crowd>,
    /// Connections that stay open, whether or not somebody listens by them.
    connected: Arc<Crowd>,
    closed: AtomicBool,
    /// After the close, when everybody has been ended.
    told: CancellationToken,
}

#[derive(Default)]
struct Seats {
    next: u64,
    all: HashMap<u64, Arc<Listener>>,
    at: HashMap<Option<Place>, HashSet<u64>>,
    /// How far the events have been read; absent while nobody listens.
    read: Option<i64>,
}

impl Listeners {
    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seat for the caller, who is told what comes after the position `from`; after the close, that the process stops.
    pub(super) fn join(
        &self,
        caller: &Caller,
        place: Option<Place>,
        what: What,
        from: i64,
    ) -> Result<Listening> {
        let seat = self.listening.enter(caller)?;
        let mut seats = self.seats();
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
        let listener = Arc::new(listener);
        seats.all.insert(id, listener.clone());
        drop(seats);
        // Whoever comes while it closes is found by one of the two.
        if self.closed.load(SeqCst) {
            self.end(&listener, End::Stopping);
        }
        Ok(Listening {
            heard,
            end,
            id,
            caller: caller.clone(),
            _seat: seat,
        })
    }

    /// A seat for a connection that stays open.
    pub(super) fn connect(&self, caller: &Caller) -> Result<Seat> {
        self.connected.enter(caller)
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

    /// How many listen.
    pub(in crate::registry) fn len(&self) -> usize {
        self.seats().all.len()
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

    /// Ends everybody, and whoever comes from now on.
    pub(in crate::registry) fn close(&self) {
        self.closed.store(true, SeqCst);
        for listener in self.all() {
            self.end(&listener, End::Stopping);
        }
        self.told.cancel();
    }

    /// Resolves once everybody has been ended.
    pub(super) async fn closed(&self) {
        self.told.cancelled().await;
    }

    /// Resolves when no connection stays open any more.
    pub(in crate::registry) async fn gone(&self) {
        self.connected.gone().await;
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
    _seat: Seat,
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
