//! The plain pages below `/auth/`: sign-in, tokens, password, terms of use, and the first administrator.
//!
//! Every page works without a script. A form is taken only from a page of this server, and one that somebody signed in
//! sends carries the form token of their session ([`form`]). What goes wrong becomes a page, too ([`failure`]).
mod failure;
pub(super) mod form;
mod frame;
mod password;
mod place;
mod setup;
mod sign_in;
mod terms;
mod tokens;

use askama::Template;
use futures::FutureExt;
use poem::{EndpointExt, Request, Response, Route};

use super::{SignIns, throttle::Throttle};
use crate::{
    error::Result,
    protocol::route::{self, Row},
};
use failure::Failure;

const TABLE: &[Row<Failure>] = &[
    ("GET", "/auth/sign-in", |r| sign_in::show(r).boxed()),
    ("POST", "/auth/sign-in", |r| sign_in::submit(r).boxed()),
    ("POST", "/auth/sign-out", |r| sign_in::leave(r).boxed()),
    ("GET", "/auth/tokens", |r| tokens::show(r).boxed()),
    ("POST", "/auth/tokens", |r| tokens::submit(r).boxed()),
    ("POST", "/auth/tokens/:id/revoke", |r| {
        tokens::revoke(r).boxed()
    }),
    ("GET", "/auth/password", |r| password::show(r).boxed()),
    ("POST", "/auth/password", |r| password::submit(r).boxed()),
    ("GET", "/auth/terms", |r| terms::show(r).boxed()),
    ("POST", "/auth/terms", |r| terms::submit(r).boxed()),
    ("GET", "/auth/setup/:word", |r| setup::show(r).boxed()),
    ("POST", "/auth/setup/:word", |r| setup::submit(r).boxed()),
];

/// The routes of this room: method and path.
pub const ROUTES: &[(&str, &str)] = &route::names::<Failure, { TABLE.len() }>(TABLE);

/// Adds the pages.
pub(super) fn routes(route: Route) -> Route {
    let pages = route::join(Route::new(), TABLE).around(failure::rendered);
    route.nest_no_strip("/auth", pages)
}

fn throttle(request: &Request) -> &Throttle {
    &SignIns::of(request).throttle
}

/// Fills in a template.
fn render(template: &impl Template) -> Result<Response> {
    Ok(crate::page::html(
        template.render().map_err(anyhow::Error::from)?,
    ))
}
