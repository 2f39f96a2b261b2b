//! Who is calling: credentials become a [`Caller`](crate::registry::Caller).
//!
//! Owns passwords, what is read from headers and cookies, the slowing of guesses, and the plain pages below `/auth/`.
//! Must not decide what anybody may do.
mod extract;

pub use extract::caller;
