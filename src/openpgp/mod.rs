//! `OpenPGP` public keys for the key server: reads what clients push, keeps what a key says about itself, merges copies
//! of one key, understands the search terms of HKP and writes its index.
//!
//! Pure: it knows nothing of HTTP, the database or the clock, and it decides nothing about who may publish a key. What
//! comes in is hostile until proved: sizes are bounded before anything is parsed, and a part of a key that the key did
//! not sign itself is dropped. Verifying costs processor time, so call it off the async threads.
mod armor;
mod binding;
mod certificate;
mod index;
mod packets;
mod query;
mod refusal;
#[cfg(test)]
mod tests;

pub use certificate::{Certificate, Subkey, UserId};
pub use index::{IndexEntry, index};
pub use packets::{MAX_BYTES, MAX_CERTIFICATES, MAX_SUBKEYS, MAX_USER_IDS};
pub use query::KeyQuery;
