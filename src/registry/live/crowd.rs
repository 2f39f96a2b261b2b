//! How many there are of a kind: together, and of each client, so that none of them takes all the room.
use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use entity::id::UserId;
use tokio::sync::watch;

use crate::{
    error::{Error, Result},
    registry::Caller,
};

/// When to ask again who found no room.
const FULL: Duration = Duration::from_secs(30);

/// Whom the room is shared with: accounts, and addresses of those who did not sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
    Account(UserId),
    Address(Option<IpAddr>),
}

/// See the module.
#[derive(Default)]
pub(super) struct Crowd {
    of: Mutex<HashMap<Client, usize>>,
    all: watch::Sender<usize>,
}

impl Crowd {
    fn of(&self) -> MutexGuard<'_, HashMap<Client, usize>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when there are as many as the configuration allows, of this client or together.
    pub(super) fn enter(self: &Arc<Self>, caller: &Caller) -> Result<Seat> {
        let account = caller.actor().account().map(|account| account.id);
        let client = account.map_or(Client::Address(caller.client()), Client::Account);
        let limits = &caller.config().graphql;
        let mut of = self.of();
        let here = of.get(&client).copied().unwrap_or_default();
        if here >= limits.max_subscriptions_per_client
            || *self.all.borrow() >= limits.max_subscriptions
        {
            return Err(Error::RateLimited { after: FULL });
        }
        of.insert(client, here + 1);
        self.all.send_modify(|all| *all += 1);
        Ok(Seat {
            crowd: self.clone(),
            client,
        })
    }

    /// Resolves when nobody is there.
    pub(super) async fn gone(&self) {
        let mut all = self.all.subscribe();
        let _sender_lives = all.wait_for(|all| *all == 0).await.is_ok();
    }
}

/// One of a crowd, as long as it is held.
pub struct Seat {
    crowd: Arc<Crowd>,
    client: Client,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Entry::Occupied(mut here) = self.crowd.of().entry(self.client) {
            *here.get_mut() -= 1;
            if *here.get() == 0 {
                here.remove();
            }
        }
        self.crowd.all.send_modify(|all| *all -= 1);
    }
}
