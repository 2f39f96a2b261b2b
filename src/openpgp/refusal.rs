//! Why a key is refused, in words for the one who sent it.
use super::packets::MAX_BYTES;
use crate::error::{Error, Result};

/// Refuses more than `limit` of `what`.
pub(super) fn at_most(count: usize, limit: usize, what: &str) -> Result<()> {
    if count > limit {
        return Err(invalid(format!(
            "it has more than {limit} {what}; send fewer"
        )));
    }
    Ok(())
}

/// A key that is refused, and why.
pub(super) fn invalid(why: impl Into<String>) -> Error {
    Error::invalid("public key", why)
}

/// An input or a certificate past [`MAX_BYTES`].
pub(super) fn too_large() -> Error {
    Error::TooLarge {
        what: "public key",
        limit: MAX_BYTES as u64,
    }
}

/// Packets that end early or make no sense.
pub(super) fn damaged() -> Error {
    invalid("the data is damaged or cut short; export the key again and send all of it")
}

/// What its owner must learn at once.
pub(super) fn private_key() -> Error {
    invalid(
        "a PRIVATE key was sent; it was not stored, but it has left your computer and must be considered exposed: revoke \
         it, make a new one and send only its public part",
    )
}
