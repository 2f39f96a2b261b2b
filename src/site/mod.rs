//! Plain pages for people who follow a link: the front page, and a container as clients name it after a push, with the
//! collection and the namespace that it is in.
//!
//! Must not hold rules. They work without a script, and show what the visitor may see. What goes wrong becomes a page, too
//! ([`rendered`]).
mod container;
mod failure;
mod found;
mod frame;
mod front;
mod shelf;
mod text;

use askama::Template;
use futures::FutureExt;
use poem::{Request, Response, Route};
use url::form_urlencoded;

use crate::{
    page,
    protocol::route::{self, Row},
};
use failure::Failure;
pub use failure::rendered;

const TABLE: &[Row<Failure>] = &[
    ("GET", "/", |r| front::show(r).boxed()),
    ("GET", "/library/:namespace", |r| {
        shelf::namespace(r).boxed()
    }),
    ("GET", "/library/:namespace/:collection", |r| {
        shelf::collection(r).boxed()
    }),
    ("GET", "/library/:namespace/:collection/:container", |r| {
        container::show(r).boxed()
    }),
];

/// The routes of this room: method and path.
pub const ROUTES: &[(&str, &str)] = &route::names::<Failure, { TABLE.len() }>(TABLE);

/// Adds the pages.
pub fn routes(route: Route) -> Route {
    route::join(route, TABLE)
}

/// A field of the query; empty when absent.
fn query(request: &Request, name: &str) -> String {
    let query = request.uri().query().unwrap_or_default();
    let mut fields = form_urlencoded::parse(query.as_bytes());
    let field = fields.find(|(known, _)| known == name);
    field
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn render(page: &impl Template) -> Result<Response, Failure> {
    let body = page
        .render()
        .map_err(anyhow::Error::from)
        .map_err(crate::error::Error::from)?;
    Ok(page::html(body))
}
