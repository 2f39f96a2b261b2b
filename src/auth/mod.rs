//! Who is calling: credentials become a [`Caller`](crate::registry::Caller).
//!
//! Owns passwords, what is read from headers and cookies, the slowing of guesses, and the plain pages below `/auth/`.
//! Must not decide what anybody may do.
mod account;
mod extract;
mod page;
mod password;
mod sign_in;
mod throttle;

pub use account::{create_first, create_user, set_password};
pub use extract::{COOKIE, CSRF_HEADER, caller, form_token};
pub use page::{ROUTES, routes};
