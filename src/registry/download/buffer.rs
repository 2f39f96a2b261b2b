//! Where pulls are counted while they wait to be written down.
use std::{
    collections::HashMap,
    mem::take,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use chrono::{DateTime, NaiveDate, Utc};

use crate::registry::{ContainerId, Digest, Door, ImageId, ManifestId, UserId};

/// The most rows that wait. Each takes some 200 bytes.
const KEYS_MAX: usize = 10_000;

/// What is counted in one row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) container: ContainerId,
    pub(super) day: NaiveDate,
    pub(super) item: Item,
    /// Empty when nobody knows.
    pub(super) tag: String,
    pub(super) door: Door,
    pub(super) signed_in: bool,
    /// Who, where that is written down.
    pub(super) by: Option<UserId>,
}

/// What is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Item {
    Image(ImageId),
    Manifest(ManifestId),
    /// An image, or a layer, which does not count.
    Blob(Digest),
}

/// How often, and when last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    pub(super) count: i64,
    pub(super) last: DateTime<Utc>,
}

pub(super) type Tallies = HashMap<Key, Tally>;

/// What was pulled and is not written down yet. One for the process.
#[derive(Default)]
pub(in crate::registry) struct Downloads {
    waiting: Mutex<Tallies>,
    /// Pulls for which there was no room.
    lost: AtomicU64,
    /// Held while rows are written, so that who flushes last finds all written.
    pub(super) turn: tokio::sync::Mutex<()>,
}

impl Downloads {
    /// Counts. When there are too many kinds of pulls, their tags and who pulled are forgotten first.
    pub(super) fn add(&self, key: Key, count: i64, at: DateTime<Utc>) {
        let mut waiting = self.waiting();
        let full = waiting.len() >= KEYS_MAX;
        let key = match full && !waiting.contains_key(&key) {
            true => Key {
                tag: String::new(),
                by: None,
                ..key
            },
            false => key,
        };
        if full && !waiting.contains_key(&key) {
            self.lost.fetch_add(count.unsigned_abs(), Relaxed);
            return;
        }
        let tally = waiting.entry(key).or_insert(Tally { count: 0, last: at });
        tally.count += count;
        tally.last = tally.last.max(at);
    }

    /// What waits. It waits again unless it is [`Taken::done`].
    pub(super) fn take(&self) -> Taken<'_> {
        let lost = self.lost.swap(0, Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "pulls were not counted: too many wait to be written");
        }
        Taken {
            from: self,
            tallies: take(&mut *self.waiting()),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Tallies> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is being written.
pub(super) struct Taken<'a> {
    from: &'a Downloads,
    tallies: Tallies,
}

impl Taken<'_> {
    pub(super) fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// It is written.
    pub(super) fn done(mut self) {
        self.tallies.clear();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        for (key, tally) in take(&mut self.tallies) {
            self.from.add(key, tally.count, tally.last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(item: i64, tag: &str) -> Key {
        Key {
            container: ContainerId(1),
            day: NaiveDate::default(),
            item: Item::Image(ImageId(item)),
            tag: tag.into(),
            door: Door::File,
            signed_in: false,
            by: None,
        }
    }

    fn count(downloads: &Downloads) -> i64 {
        downloads.waiting().values().map(|tally| tally.count).sum()
    }

    #[test]
    fn what_is_not_written_waits_again() {
        let downloads = Downloads::default();
        downloads.add(key(1, ""), 2, DateTime::UNIX_EPOCH);
        let taken = downloads.take();
        downloads.add(key(1, ""), 3, DateTime::UNIX_EPOCH);
        assert_eq!(count(&downloads), 3);
        drop(taken);
        assert_eq!(count(&downloads), 5);
        downloads.take().done();
        assert_eq!(count(&downloads), 0);
    }

    #[test]
    fn when_there_is_no_room_tags_are_forgotten_before_pulls() {
        let downloads = Downloads::default();
        downloads.add(key(1, ""), 1, DateTime::UNIX_EPOCH);
        for number in 1..=KEYS_MAX + 5 {
            let tag = format!("t{number}");
            downloads.add(key(1, &tag), 1, DateTime::UNIX_EPOCH);
        }
        assert_eq!(downloads.waiting().len(), KEYS_MAX);
        assert_eq!(count(&downloads), 1 + KEYS_MAX as i64 + 5);
        downloads.add(key(2, ""), 1, DateTime::UNIX_EPOCH);
        assert_eq!(downloads.lost.load(Relaxed), 1);
    }
}
