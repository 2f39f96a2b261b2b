//! The one error of the house. It knows nothing of HTTP, GraphQL or OCI: each surface has one table that renders it.
//!
//! Messages are lower-case, without a full stop, and safe to show to anybody; the text of [`Error::Internal`] is not
//! shown but logged, once, at the edge.
use std::time::Duration;

/// What went wrong, in words that may be shown to the caller.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in, and somebody must be.
    #[error("{0}")]
    Unauthenticated(String),
    /// The caller may see the thing, but not do this to it.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such thing, or the caller may not know that there is.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The change contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// An input is wrong: `what` names it as the caller knows it, `why` says what was expected.
    #[error("{what}: {why}")]
    Invalid {
        /// The name of the input.
        what: String,
        /// What is wrong with it and how to put it right.
        why: String,
    },
    /// An input is larger than this server takes.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// The name of the input.
        what: &'static str,
        /// The largest size that is taken, in bytes.
        limit: u64,
    },
    /// A piece of something larger does not follow what has arrived.
    #[error(
        "expected the bytes from {received} on; ask how far the upload is, and go on from there"
    )]
    OutOfOrder {
        /// How many bytes have arrived.
        received: u64,
    },
    /// A quota would be exceeded.
    #[error("{0}")]
    QuotaExceeded(String),
    /// There is no room left where bytes are kept.
    #[error(
        "the server has no space left for this; ask its administrator to make room, then try again"
    )]
    StorageFull,
    /// Too many requests; worth another try after the wait.
    #[error("too many attempts; try again in {} s", .after.as_secs().max(1))]
    RateLimited {
        /// How long to wait.
        after: Duration,
    },
    /// There is as much of something as is allowed; worth another try once there is less. The text says of what.
    #[error("{why}")]
    TooMany {
        /// What there is too much of, and how there comes to be less.
        why: String,
        /// How long to wait.
        after: Duration,
    },
    /// This server does not do that.
    #[error("{0}")]
    Unsupported(String),
    /// This server takes no changes at the moment, because its administrator said so; worth another try later.
    #[error("this server takes no changes at the moment{}{reason}; pulling goes on, try again later", if .reason.is_empty() { "" } else { ": " })]
    ReadOnly {
        /// Why, as its administrator put it; perhaps in no words.
        reason: String,
    },
    /// Whoever asks must agree to the terms of use first.
    #[error("agree to the terms of use of this server first, at {url}")]
    TermsNotAgreed {
        /// Where.
        url: String,
    },
    /// Something this server needs does not answer; worth another try later. The cause is logged, not shown.
    #[error("{what} is unavailable at the moment; try again later")]
    Unavailable {
        /// `"database"` or `"storage"`.
        what: &'static str,
        /// The cause.
        #[source]
        source: anyhow::Error,
    },
    /// A fault of ours. The cause is logged, not shown.
    #[error("internal error")]
    Internal(#[from] anyhow::Error),
}

impl Error {
    /// An input that is wrong.
    pub fn invalid(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Invalid {
            what: what.into(),
            why: why.into(),
        }
    }
}

/// What functions of the house return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
