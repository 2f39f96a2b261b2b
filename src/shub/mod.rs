//! Singularity Hub's old protocol, `shub://`, as Singularity and Apptainer still speak it: one question, whose answer
//! says where to download an image. No client sends a credential here, so it reaches public images.
//!
//! Owns its paths and its JSON. Must not know SQL or rules.
mod error;
mod manifest;

use futures::FutureExt;
use poem::Route;

use crate::protocol::route::{self, Row};
pub use error::Error;

/// The protocol has two levels of names, but its clients take all that stands before them for the registry: of
/// `shub://host/namespace/collection/name` they make the second address.
const TABLE: &[Row<Error>] = &[
    ("GET", "/api/container/:collection/:name", |r| {
        manifest::get(r).boxed()
    }),
    ("GET", "/:namespace/api/container/:collection/:name", |r| {
        manifest::get(r).boxed()
    }),
];

/// The routes of this room: method and path.
pub const ROUTES: &[(&str, &str)] = &route::names::<Error, { TABLE.len() }>(TABLE);

/// Adds the routes of this room.
pub fn routes(route: Route) -> Route {
    route::join(route, TABLE)
}
