//! What went wrong, as a page.
use std::{fmt, sync::Arc};

use askama::Template;
use poem::{
    Endpoint, IntoResponse, Request, Response,
    error::ResponseError,
    http::{HeaderValue, StatusCode, header},
};

use super::{frame::Frame, render};
use crate::{error::Error, protocol};

/// An error of a page.
#[derive(Debug)]
pub(super) struct Failure(Error);

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
}

#[derive(Template)]
#[template(path = "auth/error.html")]
struct Page {
    frame: Frame,
    title: &'static str,
    back: &'static str,
    back_to: &'static str,
}

/// Runs the endpoint of a page and makes a page of its error.
pub(super) async fn rendered<E: Endpoint>(
    endpoint: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let frame = Frame::new(&request);
    match endpoint.call(request).await {
        Ok(output) => Ok(output.into_response()),
        Err(error) => {
            let Failure(error) = error.downcast::<Failure>()?;
            Ok(page(frame, &error))
        }
    }
}

fn page(frame: Frame, error: &Error) -> Response {
    let (back, back_to) = match error {
        Error::Unauthenticated(_) => ("Sign in", "/auth/sign-in"),
        _ => ("Go to your tokens", "/auth/tokens"),
    };
    let page = Page {
        frame: frame.refusing(error),
        title: protocol::status(error)
            .canonical_reason()
            .unwrap_or("Error"),
        back,
        back_to,
    };
    let page = render(&page).unwrap_or_else(|error| error.to_string().into_response());
    refused(page, error)
}

/// Gives a page that tells of the error the status and the header that belong to it, and logs it.
pub(super) fn refused(mut page: Response, error: &Error) -> Response {
    protocol::log(error);
    page.set_status(protocol::status(error));
    let (name, value) = match error {
        Error::RateLimited { after } => (header::RETRY_AFTER, after.as_secs().max(1).into()),
        Error::Unauthenticated(_) => (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
        _ => return page,
    };
    page.headers_mut().insert(name, value);
    page
}
