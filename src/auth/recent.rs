//! Passwords that were right a moment ago, so that a client that shows one with every request does not cost a hash each
//! time. Kept as keyed hashes over the stored hash, too: another password, and what was remembered of the old one is
//! never found again.
use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::{hmac, rand};
use lru::LruCache;
use tokio::time::Instant;

use crate::registry::user::Credentials;

/// How long one is remembered.
const KEPT: Duration = Duration::from_mins(1);
/// How many are remembered; the one unused for longest makes room.
const MOST: NonZeroUsize = NonZeroUsize::new(1000).expect("it is more than nothing");

/// How many passwords are checked at once at most.
const TURNS: usize = 64;

/// What is remembered.
pub(super) struct Recent {
    key: hmac::Key,
    seen: Mutex<LruCache<Mark, Instant>>,
    turns: [tokio::sync::Mutex<()>; TURNS],
}

/// A password of an account, as it is remembered.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Mark(Vec<u8>);

impl Recent {
    /// Nothing yet, under a key of its own.
    pub(super) fn new() -> Self {
        let mut key = [0; 32];
        rand::fill(&mut key).expect("the operating system gives random numbers");
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            seen: Mutex::new(LruCache::new(MOST)),
            turns: [const { tokio::sync::Mutex::const_new(()) }; TURNS],
        }
    }

    /// How this password would be remembered; `None` for an account without one. Neither an id nor a stored hash has a
    /// space, so nothing else gives the same text.
    pub(super) fn mark(&self, known: &Credentials, password: &str) -> Option<Mark> {
        let (id, hash) = (known.account.id, known.password_hash.as_ref()?);
        let text = format!("{id} {hash} {password}");
        Some(Mark(
            hmac::sign(&self.key, text.as_bytes()).as_ref().to_vec(),
        ))
    }

    /// Waits while somebody else checks the same password. Of many requests at once, the first has it checked, and the
    /// others find it remembered; or else they would count as guesses.
    pub(super) async fn turn(&self, mark: &Mark) -> tokio::sync::MutexGuard<'_, ()> {
        let place = usize::from(mark.0.first().copied().unwrap_or_default());
        self.turns[place % TURNS].lock().await
    }

    /// Whether this was the password a moment ago.
    pub(super) fn knows(&self, mark: &Mark) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(mark).is_some_and(|at| at.elapsed() < KEPT)
    }

    /// Remembers that this is the password.
    pub(super) fn add(&self, mark: Mark) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.put(mark, Instant::now());
    }
}
