//! Routes as a table, so that what is served and what is listed cannot disagree.
use std::error::Error as StdError;

use futures::future::BoxFuture;
use poem::{
    IntoResponse, Request, Response, Route,
    endpoint::make,
    error::ResponseError,
    http::{Method, header},
};

use crate::error::Error;

/// The error of a surface, which it renders in its own shape.
pub trait Refusal: From<Error> + ResponseError + StdError + Send + Sync + 'static {}

impl<E: From<Error> + ResponseError + StdError + Send + Sync + 'static> Refusal for E {}

/// Answers one kind of request.
pub type Handler<E> = fn(Request) -> BoxFuture<'static, Result<Response, E>>;
/// Method, path as poem writes it, and what answers. Rows of one path stand together.
pub type Row<E> = (&'static str, &'static str, Handler<E>);

/// Adds the routes of a table. `HEAD` is answered as `GET` without the body where the table does not say otherwise;
/// other methods are refused in the words of `E`.
pub fn join<E>(route: Route, table: &'static [Row<E>]) -> Route
where
    E: Refusal,
{
    let mut paths: Vec<_> = table.iter().map(|(_, path, _)| *path).collect();
    paths.dedup();
    paths.into_iter().fold(route, |route, path| {
        route.at(path, make(move |request| answer(table, path, request)))
    })
}

/// The methods and paths of a table.
pub const fn names<E, const N: usize>(table: &[Row<E>]) -> [(&'static str, &'static str); N] {
    let mut names = [("", ""); N];
    let mut index = 0;
    while index < N {
        names[index] = (table[index].0, table[index].1);
        index += 1;
    }
    names
}

async fn answer<E>(table: &'static [Row<E>], path: &'static str, request: Request) -> Response
where
    E: Refusal,
{
    let find = |method: &str| {
        let row = table.iter().find(|row| row.1 == path && row.0 == method);
        row.map(|row| row.2)
    };
    let method = request.method().clone();
    if let Some(handler) = find(method.as_str()) {
        return handler(request)
            .await
            .unwrap_or_else(|error| error.as_response());
    }
    match find("GET").filter(|_| method == Method::HEAD) {
        Some(handler) => {
            let mut response = handler(request)
                .await
                .unwrap_or_else(|error| error.as_response());
            response.set_body(());
            response
        }
        None => refuse(table, path, &method),
    }
}

/// RFC 9110, 15.5.6: the answer names the methods that are allowed.
fn refuse<E: Refusal>(table: &[Row<E>], path: &str, method: &Method) -> Response {
    let here = table.iter().filter(|row| row.1 == path);
    let allowed: Vec<_> = here.map(|row| row.0).collect();
    let allowed = allowed.join(", ");
    let words = format!("{method} is not possible here; use {allowed}");
    E::from(Error::Unsupported(words))
        .as_response()
        .with_header(header::ALLOW, allowed)
        .into_response()
}
