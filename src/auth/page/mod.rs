//! The plain pages below `/auth/`: sign-in, tokens, password, and the first administrator.
//!
//! Every page works without a script. A form is taken only from a page of this server, and one that somebody signed in
//! sends carries the form token of their session ([`form`]). What goes wrong becomes a page, too ([`failure`]).
mod failure;
mod form;
mod frame;
mod password;
mod place;
mod setup;
mod sign_in;
mod tokens;

use std::sync::Arc;

use askama::Template;
use poem::{
    Endpoint, EndpointExt, Response, Route, RouteMethod, get,
    http::{HeaderValue, header},
    post,
};

use super::throttle::Throttle;
use crate::error::Result;

/// The routes of these pages.
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/auth/sign-in"),
    ("POST", "/auth/sign-in"),
    ("POST", "/auth/sign-out"),
    ("GET", "/auth/tokens"),
    ("POST", "/auth/tokens"),
    ("POST", "/auth/tokens/:id/revoke"),
    ("GET", "/auth/password"),
    ("POST", "/auth/password"),
    ("GET", "/auth/setup/:word"),
    ("POST", "/auth/setup/:word"),
];

/// The pages, and the count of wrong passwords that they share.
pub fn routes() -> Route {
    let throttle = Arc::new(Throttle::new());
    let page = |methods| page(methods, &throttle);
    Route::new()
        .at(
            "/auth/sign-in",
            page(get(sign_in::show).post(sign_in::submit)),
        )
        .at("/auth/sign-out", page(post(sign_in::leave)))
        .at("/auth/tokens", page(get(tokens::show).post(tokens::submit)))
        .at("/auth/tokens/:id/revoke", page(post(tokens::revoke)))
        .at(
            "/auth/password",
            page(get(password::show).post(password::submit)),
        )
        .at(
            "/auth/setup/:word",
            page(get(setup::show).post(setup::submit)),
        )
}

fn page(
    methods: RouteMethod,
    throttle: &Arc<Throttle>,
) -> impl Endpoint<Output = Response> + use<> {
    methods.data(throttle.clone()).around(failure::rendered)
}

/// Fills in a template.
fn render(template: &impl Template) -> Result<Response> {
    let mut response = crate::page::html(template.render().map_err(anyhow::Error::from)?);
    // Told to send no referrer at all, browsers post forms from the origin `null`, even to the server of the page.
    response.headers_mut().insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    Ok(response)
}
