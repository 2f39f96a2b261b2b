//! Who is calling: credentials become a [`Caller`](crate::registry::Caller).
//!
//! Owns passwords, what is read from headers and cookies, the slowing of guesses, the token service of the OCI protocol,
//! and the plain pages below `/auth/`. Must not decide what anybody may do.
mod account;
mod extract;
mod page;
mod password;
mod recent;
mod registry_token;
mod sign_in;
mod throttle;

use poem::Route;

pub use account::{create_first, create_user, set_password};
pub use extract::{COOKIE, CSRF_HEADER, anonymous, caller, form_token, link_secret, opener, sayer};
pub use page::ROUTES;
pub use registry_token::{
    TOKEN_ROUTES, Wanted, names_repositories, registry_caller, registry_challenge,
};
pub use sign_in::SignIns;

/// Adds the pages and the token service.
pub fn routes(route: Route) -> Route {
    registry_token::routes(page::routes(route))
}
