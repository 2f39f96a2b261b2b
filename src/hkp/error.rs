//! Errors as the clients of Singularity read them; others look at the status alone.
use poem::{Response, error::ResponseError, http::StatusCode};
use serde_json::json;

use crate::{error, protocol};

/// An error on its way to a client of the key server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the registry says.
    #[error(transparent)]
    Registry(#[from] error::Error),
    /// An operation of HKP that this server does not have.
    #[error("the operation {0:?} is not implemented; use get, index or vindex")]
    NotImplemented(String),
}

/// What the handlers of this room return.
pub(super) type Result<T> = std::result::Result<T, Error>;

impl ResponseError for Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::Registry(error) => protocol::status(error),
            Self::NotImplemented(_) => StatusCode::NOT_IMPLEMENTED,
        }
    }

    fn as_response(&self) -> Response {
        let response = match self {
            Self::Registry(error) => protocol::failure(error),
            Self::NotImplemented(_) => Response::builder().status(self.status()),
        };
        let error = json!({"code": self.status().as_u16(), "message": self.to_string()});
        response
            .content_type("application/json")
            .body(json!({"error": error}).to_string())
    }
}
