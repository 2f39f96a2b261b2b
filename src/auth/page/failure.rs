//! What went wrong, as a page.
use std::{fmt, sync::Arc};

use askama::Template;
use poem::{Endpoint, IntoResponse, Request, Response, error::ResponseError, http::StatusCode};

use super::{frame::Frame, render};
use crate::{
    error::{Error, Result},
    protocol,
};

/// An error of a page.
#[derive(Debug)]
pub struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        protocol::status(&self.0)
    }

    /// All but the page, for which [`rendered`] knows the request.
    fn as_response(&self) -> Response {
        let words = Words(self.0.to_string());
        protocol::failure(&self.0).extension(words).finish()
    }
}

/// What the page of an error is to say.
#[derive(Clone)]
struct Words(String);

#[derive(Template)]
#[template(path = "auth/error.html")]
struct Page {
    frame: Frame,
    title: &'static str,
    signed_out: bool,
}

/// Runs the endpoint of a page and makes a page of its error.
pub(super) async fn rendered<E: Endpoint>(
    endpoint: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let frame = Frame::new(&request).await;
    let response = endpoint.call(request).await?.into_response();
    match response.extensions().get::<Words>().cloned() {
        None => Ok(response),
        Some(Words(words)) => Ok(page(frame, &words, response)?),
    }
}

fn page(frame: Frame, words: &str, failure: Response) -> Result<Response, Failure> {
    let status = failure.status();
    let page = Page {
        frame: frame.refusing(words),
        title: status.canonical_reason().unwrap_or("Error"),
        signed_out: status == StatusCode::UNAUTHORIZED,
    };
    Ok(with_status_of(failure, render(&page)?))
}

/// Gives a page that tells of the error the status and the headers that belong to it.
pub(super) fn refused(page: Response, error: &Error) -> Response {
    with_status_of(protocol::failure(error).finish(), page)
}

fn with_status_of(failure: Response, mut page: Response) -> Response {
    page.set_status(failure.status());
    page.headers_mut().extend(failure.headers().clone());
    page
}
