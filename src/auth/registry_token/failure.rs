//! Errors as OCI clients read them: `{"errors":[{"code":"UNAUTHORIZED","message":"…"}]}`.
use poem::{Response, error::ResponseError, http::StatusCode};
use serde_json::json;

use crate::{error::Error, protocol};

/// An error on its way to a client that fetches a token.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Failure(#[from] Error);

impl Failure {
    fn code(&self) -> &'static str {
        match &self.0 {
            Error::Unauthenticated(_) => "UNAUTHORIZED",
            Error::Forbidden(_) => "DENIED",
            Error::RateLimited { .. } => "TOOMANYREQUESTS",
            Error::Unavailable { .. } => "UNAVAILABLE",
            Error::Unsupported(_) | Error::Invalid { .. } => "UNSUPPORTED",
            _ => "UNKNOWN",
        }
    }
}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        protocol::status(&self.0)
    }

    fn as_response(&self) -> Response {
        let error = json!({"code": self.code(), "message": self.0.to_string()});
        protocol::failure(&self.0)
            .content_type("application/json")
            .body(json!({"errors": [error]}).to_string())
    }
}
