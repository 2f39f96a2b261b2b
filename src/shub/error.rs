//! Errors as JSON. Clients look at the status alone.
use poem::{Response, error::ResponseError, http::StatusCode};
use serde_json::json;

use crate::{error, protocol};

/// An error on its way to a client.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] error::Error);

/// What the handlers of this room return.
pub(super) type Result<T> = std::result::Result<T, Error>;

impl ResponseError for Error {
    fn status(&self) -> StatusCode {
        protocol::status(&self.0)
    }

    fn as_response(&self) -> Response {
        let error = json!({"code": self.status().as_u16(), "message": self.to_string()});
        protocol::failure(&self.0)
            .content_type("application/json")
            .body(json!({"error": error}).to_string())
    }
}
