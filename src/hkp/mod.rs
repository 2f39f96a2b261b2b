//! The key server: HKP (draft-shaw-openpgp-hkp-00), as Singularity, Apptainer and GnuPG speak it.
//!
//! Owns its two paths and their statuses. Must not know OpenPGP, SQL or rules.
mod add;
mod error;
mod lookup;

use futures::FutureExt;
use poem::Route;

use crate::protocol::route::{self, Row};
pub use error::Error;

const TABLE: &[Row<Error>] = &[
    ("POST", "/pks/add", |r| add::add(r).boxed()),
    ("GET", "/pks/lookup", |r| lookup::lookup(r).boxed()),
];

/// The routes of this room: method and path.
pub const ROUTES: &[(&str, &str)] = &route::names::<Error, { TABLE.len() }>(TABLE);

/// Adds the routes of this room.
pub fn routes(route: Route) -> Route {
    route::join(route, TABLE)
}
