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

/// What is remembered.
pub(super) struct Recent {
    key: hmac::Key,
    seen: Mutex<LruCache<Vec<u8>, Instant>>,
}

impl Recent {
    /// Nothing yet, under a key of its own.
    pub(super) fn new() -> Self {
        let mut key = [0; 32];
        rand::fill(&mut key).expect("the operating system gives random numbers");
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            seen: Mutex::new(LruCache::new(MOST)),
        }
    }

    /// Whether this was the password a moment ago.
    pub(super) fn knows(&self, known: &Credentials, password: &str) -> bool {
        let Some(mark) = self.mark(known, password) else {
            return false;
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&mark).is_some_and(|at| at.elapsed() < KEPT)
    }

    /// Remembers that this is the password.
    pub(super) fn add(&self, known: &Credentials, password: &str) {
        if let Some(mark) = self.mark(known, password) {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.put(mark, Instant::now());
        }
    }

    /// Neither an id nor a stored hash has a space, so nothing else gives the same text.
    fn mark(&self, known: &Credentials, password: &str) -> Option<Vec<u8>> {
        let (id, hash) = (known.account.id, known.password_hash.as_ref()?);
        let text = format!("{id} {hash} {password}");
        Some(hmac::sign(&self.key, text.as_bytes()).as_ref().to_vec())
    }
}
