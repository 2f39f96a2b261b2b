//! What went wrong, as a page.
use std::fmt;

use askama::Template;
use poem::{Response, error::ResponseError, http::StatusCode};

use crate::{error::Error, page, protocol};

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

#[derive(Template)]
#[template(path = "site/failure.html")]
struct Page {
    root: &'static str,
    title: &'static str,
    words: String,
}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        protocol::status(&self.0)
    }

    fn as_response(&self) -> Response {
        let failure = protocol::failure(&self.0).finish();
        let title = failure.status().canonical_reason().unwrap_or("Error");
        let body = Page {
            root: "",
            title,
            words: self.0.to_string(),
        }
        .render();
        let mut response = page::html(body.unwrap_or_else(|_| self.0.to_string()));
        response.set_status(failure.status());
        response.headers_mut().extend(failure.headers().clone());
        response
    }
}
