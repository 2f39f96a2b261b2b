//! Reading what clients send and writing what they expect.
use std::{fmt::Display, str::FromStr};

use poem::{Request, Response, error::ReadBodyError};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{Error, Result},
    registry::Caller,
};

/// Reads a JSON body, whatever content type the client claims, for it claims none. Unknown fields are ignored: clients
/// send whole objects of theirs.
///
/// # Errors
/// [`Error::TooLarge`] beyond the site's limit; [`Error::Invalid`] for what is no such JSON.
pub(super) async fn body<T: DeserializeOwned>(caller: &Caller, request: &mut Request) -> Result<T> {
    let limit = caller.config().http.request_body_limit.bytes();
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let bytes = request.take_body().into_bytes_limit(most).await;
    let bytes = bytes.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => Error::TooLarge {
            what: "body",
            limit,
        },
        cut => Error::invalid("body", cut.to_string()),
    })?;
    serde_json::from_slice(&bytes).map_err(|error| Error::invalid("body", error.to_string()))
}

/// Answers `{"data": value}`.
pub(super) fn data(value: impl Serialize) -> Response {
    #[derive(Serialize)]
    struct Envelope<T> {
        data: T,
    }
    json(&Envelope { data: value })
}

/// Answers `value` as it is.
pub(super) fn json(value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).expect("answers are plain data");
    Response::builder()
        .content_type("application/json")
        .body(body)
}

/// Reads the query of a request's URL.
///
/// # Errors
/// [`Error::Invalid`] when a parameter is there twice.
pub(super) fn query<T: DeserializeOwned>(request: &Request) -> Result<T> {
    request
        .params()
        .map_err(|error| Error::invalid("query", error.to_string()))
}

/// A part of the path.
pub(super) fn part<'a>(request: &'a Request, name: &str) -> &'a str {
    request.raw_path_param(name).unwrap_or_default()
}

/// The id of a thing in the path. What is no id, no thing has.
///
/// # Errors
/// [`Error::NotFound`].
pub(super) fn id<T: FromStr>(request: &Request, name: &'static str) -> Result<T> {
    part(request, name)
        .parse()
        .map_err(|_| Error::NotFound(name))
}

/// A field of a body.
///
/// # Errors
/// [`Error::Invalid`], naming the field.
pub(super) fn field<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T> {
    text.parse::<T>()
        .map_err(|error| Error::invalid(name, error.to_string()))
}
