//! New ids: milliseconds above, chance below, and never the same twice in one process.
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::rand;
use chrono::{DateTime, Utc};
use entity::id::ENTROPY_BITS;

use super::caller::now;

/// 2024-01-01T00:00:00Z in Unix milliseconds; ids last until 2093.
const EPOCH: i64 = 1_704_067_200_000;

/// A number larger than those made before.
///
/// Two replicas collide once in four million pairs made in the same millisecond; the unique key then refuses the
/// second, and its caller tries again.
pub(in crate::registry) fn fresh_id() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let candidate = id_at(now(), chance());
    let next = |last: i64| Some(candidate.max(last + 1));
    match LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
        Ok(last) | Err(last) => candidate.max(last + 1),
    }
}

/// The id of a thing made at `at`, and the `number`th of its kind; distinct as long as there are fewer than 2^22 of them.
pub(in crate::registry) fn id_at(at: DateTime<Utc>, number: i64) -> i64 {
    ((at.timestamp_millis() - EPOCH) << ENTROPY_BITS) | (number & ((1 << ENTROPY_BITS) - 1))
}

fn chance() -> i64 {
    let mut bytes = [0; 4];
    rand::fill(&mut bytes).expect("the operating system gives random numbers");
    i64::from(u32::from_le_bytes(bytes) >> (32 - ENTROPY_BITS))
}
