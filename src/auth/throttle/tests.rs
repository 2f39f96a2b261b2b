use std::{net::Ipv4Addr, time::Duration};

use tokio::time::Instant;

use super::*;

const HERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const DAY: Duration = Duration::from_hours(24);

fn guesser(account: &str, address: impl Into<IpAddr>) -> Guesser {
    Guesser::new(account.parse().ok(), Some(address.into()))
}

/// An address that nobody else has.
fn elsewhere(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a00_0000 + number)
}

fn wait(throttle: &Throttle, who: &Guesser, now: Instant) -> Duration {
    match throttle.admit(who, now) {
        Ok(()) => Duration::ZERO,
        Err(Error::RateLimited { after }) => after,
        Err(other) => panic!("{other}"),
    }
}

/// Guesses until refused, and tells how often that was possible.
fn guess_until_refused(throttle: &Throttle, who: &Guesser, now: Instant) -> u32 {
    (0..)
        .find(|_| !wait(throttle, who, now).is_zero())
        .expect("it ends")
}

#[test]
fn a_few_mistakes_cost_nothing() {
    let (throttle, now) = (Throttle::new(), Instant::now());
    let count = guess_until_refused(&throttle, &guesser("alice", HERE), now);
    assert_eq!(count, BY_BOTH.free);
}

#[test]
fn each_further_guess_waits_twice_as_long_up_to_a_bound() {
    let (throttle, mut now) = (Throttle::new(), Instant::now());
    let alice = guesser("alice", HERE);
    guess_until_refused(&throttle, &alice, now);
    let mut waits = Vec::new();
    for _ in 0..8 {
        let after = wait(&throttle, &alice, now);
        waits.push(after.as_secs());
        now += after;
        assert!(wait(&throttle, &alice, now).is_zero());
    }
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300]);
}

#[test]
fn a_refused_guess_does_not_prolong_the_wait() {
    let (throttle, now) = (Throttle::new(), Instant::now());
    let alice = guesser("alice", HERE);
    guess_until_refused(&throttle, &alice, now);
    for _ in 0..100 {
        assert_eq!(wait(&throttle, &alice, now), BY_BOTH.first);
    }
}

#[test]
fn guesses_under_way_count_already() {
    let (throttle, now) = (Throttle::new(), Instant::now());
    let alice = guesser("alice", HERE);
    let at_once = (0..1000).filter(|_| throttle.admit(&alice, now).is_ok());
    assert_eq!(at_once.count(), 5);
}

#[test]
fn the_right_password_clears_the_count() {
    let (throttle, now) = (Throttle::new(), Instant::now());
    let alice = guesser("alice", HERE);
    for _ in 0..50 {
        throttle.admit(&alice, now).expect("not held up");
        throttle.clear(&alice);
    }
}

#[test]
fn counts_fade() {
    let (throttle, now) = (Throttle::new(), Instant::now());
    let alice = guesser("alice", HERE);
    guess_until_refused(&throttle, &alice, now);
    assert_eq!(guess_until_refused(&throttle, &alice, now + DAY), 5);
}

#[test]
fn guessing_at_one_account_does_not_hold_up_others_at_the_same_address() {
    let (throttle, now) = (Throttle::new(), Instant::now());
    guess_until_refused(&throttle, &guesser("alice", HERE), now);
    assert!(wait(&throttle, &guesser("bob", HERE), now).is_zero());
}

#[test]
fn guessing_at_one_account_does_not_hold_up_its_owner_elsewhere() {
    let (throttle, now) = (Throttle::new(), Instant::now());
    guess_until_refused(&throttle, &guesser("alice", HERE), now);
    let owner = guesser("alice", elsewhere(1));
    assert!(wait(&throttle, &owner, now).is_zero());
}

#[test]
fn one_address_cannot_try_many_accounts() {
    let (throttle, now) = (Throttle::new(), Instant::now());
    let tried = (0..1000)
        .filter(|number| wait(&throttle, &guesser(&format!("user{number}"), HERE), now).is_zero());
    assert_eq!(tried.count(), 30);
}

#[test]
fn one_network_of_ipv6_counts_as_one_address() {
    let (throttle, now) = (Throttle::new(), Instant::now());
    let tried = (0..100_u128).filter(|number| {
        let address = Ipv6Addr::from_bits((0x2001_0db8 << 96) + number);
        wait(&throttle, &guesser("alice", address), now).is_zero()
    });
    assert_eq!(tried.count(), 5);
}

#[test]
fn many_addresses_together_only_slow_an_account_a_little() {
    let (throttle, now) = (Throttle::new(), Instant::now());
    let tried = (0..1000)
        .filter(|number| wait(&throttle, &guesser("alice", elsewhere(*number)), now).is_zero());
    assert_eq!(tried.count(), 100);
    let owner = guesser("alice", HERE);
    assert!(wait(&throttle, &owner, now) <= BY_ACCOUNT.longest);
}

#[test]
fn many_addresses_do_not_hold_up_an_owner_where_they_signed_in_before() {
    let (throttle, now) = (Throttle::new(), Instant::now());
    let owner = guesser("alice", HERE);
    throttle.admit(&owner, now).expect("the first time");
    throttle.clear(&owner);
    for number in 0..1000 {
        wait(&throttle, &guesser("alice", elsewhere(number)), now);
    }
    assert!(wait(&throttle, &owner, now).is_zero());
}

#[test]
fn memory_is_bounded() {
    let (throttle, now) = (Throttle::new(), Instant::now());
    for number in 0..25_000 {
        wait(
            &throttle,
            &guesser(&format!("user{number}"), elsewhere(number)),
            now,
        );
    }
    let counts = throttle.0.lock().expect("nobody panicked");
    assert_eq!(counts.both.counts.len(), COUNTS_MAX.get());
    assert_eq!(counts.addresses.counts.len(), COUNTS_MAX.get());
    assert_eq!(counts.accounts.counts.len(), COUNTS_MAX.get());
}
