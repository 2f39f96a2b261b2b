//! Registry tokens: what clients of the OCI door fetch with their credentials, and show there in place of them.
//!
//! The [`service`] gives them out as <https://distribution.github.io/distribution/spec/auth/token/> says, and by its
//! OAuth 2 twin. They are good at the OCI [`door`] and nowhere else.
mod door;
mod failure;
mod holder;
mod service;
mod wanted;

use futures::FutureExt;
use poem::Route;

use crate::protocol::route::{self, Row};
pub use door::{names_repositories, registry_caller, registry_challenge};
use failure::Failure;
pub use wanted::Wanted;

const TABLE: &[Row<Failure>] = &[
    ("GET", service::PATH, |r| service::get(r).boxed()),
    ("POST", service::PATH, |r| service::post(r).boxed()),
];

/// The routes of the token service: method and path.
pub const TOKEN_ROUTES: &[(&str, &str)] = &route::names::<Failure, { TABLE.len() }>(TABLE);

/// Adds the token service.
pub(super) fn routes(route: Route) -> Route {
    route::join(route, TABLE)
}
