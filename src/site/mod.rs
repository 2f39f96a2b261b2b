//! Plain pages for people who follow a link: the front page, and a container as clients name it after a push.
//!
//! Must not hold rules. They work without a script, and show what the visitor may see.
mod container;
mod failure;
mod front;

use askama::Template;
use futures::FutureExt;
use poem::{Request, Response, Route};

use crate::{
    page,
    protocol::route::{self, Row},
};
use failure::Failure;

const TABLE: &[Row<Failure>] = &[
    ("GET", "/", |r| front::show(r).boxed()),
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

/// Where links of a page begin: the path prefix of the server's URL, if it has one.
fn root(request: &Request) -> String {
    let base = &crate::protocol::RequestContext::of(request).base_url;
    let after_scheme = base.split_once("://").map_or(&**base, |(_, rest)| rest);
    after_scheme
        .split_once('/')
        .map(|(_, path)| format!("/{path}"))
        .unwrap_or_default()
}

fn render(page: &impl Template) -> Result<Response, Failure> {
    let body = page
        .render()
        .map_err(anyhow::Error::from)
        .map_err(crate::error::Error::from)?;
    Ok(page::html(body))
}
