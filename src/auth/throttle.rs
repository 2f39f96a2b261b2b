//! Slows those who guess passwords, in memory.
//!
//! Wrong passwords are counted for the account and address together, for the address, and for the account. The first
//! count waits longest; the last is mild, and spares addresses from which the account has signed in before, lest
//! anybody lock somebody else out. Counts fade, and their number is bounded.
#[cfg(test)]
mod tests;

use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lru::LruCache;
use tokio::time::Instant;

use crate::{
    error::{Error, Result},
    registry::path::Name,
};

/// The most counts of each kind; the one unused for longest makes room.
const COUNTS_MAX: NonZeroUsize = NonZeroUsize::new(10_000).expect("it is more than nothing");

const BY_BOTH: Rule = Rule {
    free: 5,
    first: Duration::from_secs(5),
    longest: Duration::from_mins(5),
    halved: Duration::from_mins(15),
};
const BY_ADDRESS: Rule = Rule {
    free: 30,
    first: Duration::from_secs(5),
    longest: Duration::from_mins(1),
    halved: Duration::from_mins(5),
};
const BY_ACCOUNT: Rule = Rule {
    free: 100,
    first: Duration::from_secs(1),
    longest: Duration::from_secs(5),
    halved: Duration::from_mins(5),
};

/// How a number of wrong passwords becomes a wait.
#[derive(Clone, Copy, Debug)]
struct Rule {
    /// So many cost nothing.
    free: u32,
    /// The wait after that many; it doubles with each further one.
    first: Duration,
    /// No wait is longer.
    longest: Duration,
    /// The count halves whenever this time passes without a wrong password.
    halved: Duration,
}

/// Who guesses. Texts that cannot be a name count as one account, so that nobody fills the memory with them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Guesser {
    account: Option<Name>,
    address: Address,
}

impl Guesser {
    /// Somebody at this address who wants to be `account`.
    pub(super) fn new(account: Option<Name>, client: Option<IpAddr>) -> Self {
        Self {
            account,
            address: client.map(network),
        }
    }
}

/// An address as far as one person has it: IPv6 is handed out by networks of 64 bits.
type Address = Option<IpAddr>;

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (!0 << 64)).into(),
    }
}

/// What was counted. One for the process.
pub(super) struct Throttle(Mutex<Counts>);

struct Counts {
    both: Kind<Guesser>,
    addresses: Kind<Address>,
    accounts: Kind<Option<Name>>,
}

impl Throttle {
    /// Nothing was counted yet.
    pub(super) fn new() -> Self {
        Self(Mutex::new(Counts {
            both: Kind::new(BY_BOTH),
            addresses: Kind::new(BY_ADDRESS),
            accounts: Kind::new(BY_ACCOUNT),
        }))
    }

    /// Lets a password be checked, and counts it as wrong until [`Throttle::clear`] says otherwise: of many at once,
    /// none gets around the count. An attempt that is not let through does not count.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when one has to wait.
    pub(super) fn admit(&self, who: &Guesser, now: Instant) -> Result<()> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let after = counts.wait(who, now);
        if !after.is_zero() {
            return Err(Error::RateLimited { after });
        }
        counts.both.add(who, now);
        counts.addresses.add(&who.address, now);
        counts.accounts.add(&who.account, now);
        Ok(())
    }

    /// The password was right.
    pub(super) fn clear(&self, who: &Guesser) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.both.trust(who);
        counts.addresses.take_back(&who.address);
        counts.accounts.take_back(&who.account);
    }
}

impl Counts {
    fn wait(&self, who: &Guesser, now: Instant) -> Duration {
        let both = self.both.wait(who, now);
        if self.both.is_trusted(who) {
            return both;
        }
        both.max(self.addresses.wait(&who.address, now))
            .max(self.accounts.wait(&who.account, now))
    }
}

/// The counts of one kind, under one rule.
struct Kind<K: Hash + Eq> {
    rule: Rule,
    counts: LruCache<K, Count>,
}

#[derive(Clone, Copy)]
struct Count {
    wrong: u32,
    last: Instant,
    trusted: bool,
}

impl<K: Hash + Eq + Clone> Kind<K> {
    fn new(rule: Rule) -> Self {
        Self {
            rule,
            counts: LruCache::new(COUNTS_MAX),
        }
    }

    fn wait(&self, key: &K, now: Instant) -> Duration {
        self.counts.peek(key).map_or(Duration::ZERO, |count| {
            let wait = self.rule.wait(self.rule.faded(*count, now));
            wait.saturating_sub(now - count.last)
        })
    }

    fn add(&mut self, key: &K, now: Instant) {
        let rule = self.rule;
        let fresh = || Count {
            wrong: 0,
            last: now,
            trusted: false,
        };
        let count = self.counts.get_or_insert_mut(key.clone(), fresh);
        count.wrong = rule.faded(*count, now).saturating_add(1);
        count.last = now;
    }

    fn take_back(&mut self, key: &K) {
        if let Some(count) = self.counts.get_mut(key) {
            count.wrong = count.wrong.saturating_sub(1);
        }
    }

    fn trust(&mut self, key: &K) {
        if let Some(count) = self.counts.get_mut(key) {
            count.wrong = 0;
            count.trusted = true;
        }
    }

    fn is_trusted(&self, key: &K) -> bool {
        self.counts.peek(key).is_some_and(|count| count.trusted)
    }
}

impl Rule {
    /// What is left of a count.
    fn faded(self, count: Count, now: Instant) -> u32 {
        let halvings = (now - count.last).as_millis() / self.halved.as_millis();
        let halvings = u32::try_from(halvings).unwrap_or(u32::MAX);
        count.wrong.checked_shr(halvings).unwrap_or(0)
    }

    fn wait(self, wrong: u32) -> Duration {
        let Some(doublings) = wrong.checked_sub(self.free) else {
            return Duration::ZERO;
        };
        let times = 2_u32.checked_pow(doublings).unwrap_or(u32::MAX);
        self.first.saturating_mul(times).min(self.longest)
    }
}
