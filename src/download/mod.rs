//! Images as plain files: `https://host/sif/namespace/collection/container:tag`, for browsers, `curl`, `wget`, and for
//! workflow engines that are given an address and nothing else; and what takes how much, as a table.
//!
//! Owns these addresses and the headers of their answers. Must not know SQL or rules.
mod address;
mod error;
mod file;
mod share;
mod sizes;

use futures::FutureExt;
use poem::Route;

use crate::protocol::route::{self, Row};
pub use error::Error;

const TABLE: &[Row<Error>] = &[
    ("GET", "/sif/:namespace/:collection/:container", |r| {
        file::get(r).boxed()
    }),
    ("GET", "/share/:secret/:file", |r| share::get(r).boxed()),
    ("GET", "/sizes.csv", |r| sizes::get(r).boxed()),
];

/// The routes of this room: method and path.
pub const ROUTES: &[(&str, &str)] = &route::names::<Error, { TABLE.len() }>(TABLE);

/// Adds the routes of this room.
pub fn routes(route: Route) -> Route {
    route::join(route, TABLE)
}
