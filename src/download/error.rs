//! Errors as a line of text, and as the question for a password.
use poem::{
    Response,
    error::ResponseError,
    http::{HeaderValue, StatusCode, header},
};

use crate::{error, protocol};

/// An error on its way to whoever downloads.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] error::Error);

/// What the handlers of this room return.
pub(super) type Result<T> = std::result::Result<T, Error>;

/// `wget` and browsers send a password only when they are asked for one (RFC 7617).
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Basic realm="sifhub", charset="UTF-8""#);

impl ResponseError for Error {
    fn status(&self) -> StatusCode {
        protocol::status(&self.0)
    }

    fn as_response(&self) -> Response {
        let mut response = protocol::failure(&self.0)
            .content_type("text/plain; charset=utf-8")
            .body(format!("{self}\n"));
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(self.0, error::Error::Unauthenticated(_)) {
            headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        response
    }
}
