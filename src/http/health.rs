//! Whether the server lives, and whether it can work.
use std::sync::Arc;

use poem::{IntoResponse, Response, handler, http::StatusCode, web::Data};

use crate::{error::Error, protocol, registry::Registry};

/// The process answers: 200.
#[handler]
pub(super) fn healthz() -> &'static str {
    "ok\n"
}

/// Database and storage answer: 200; otherwise 503, naming the one that does not.
#[handler]
pub(super) async fn readyz(registry: Data<&Arc<Registry>>) -> Response {
    match registry.ready().await {
        Ok(()) => "ok\n".into_response(),
        Err(error) => {
            protocol::log(&error);
            let what = if let Error::Unavailable { what, .. } = &error {
                what
            } else {
                "server"
            };
            format!("{what} does not answer\n")
                .with_status(StatusCode::SERVICE_UNAVAILABLE)
                .into_response()
        }
    }
}
