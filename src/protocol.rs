//! What all surfaces share because all of them speak HTTP: facts about the request, and the status of an error.
//!
//! `http` finds out the facts, once, before any surface sees the request. Must not know any protocol above HTTP.
use std::{net::IpAddr, sync::Arc, time::Duration};

use poem::{
    Request, Response, ResponseBuilder,
    http::{StatusCode, header},
};
use url::Url;

use crate::error::Error;

pub mod download;
mod linger;
pub mod range;
pub mod route;

pub use linger::linger;

/// After what time clients are told to try again while the site takes no changes.
const READ_ONLY_RETRY: Duration = Duration::from_mins(2);
/// The same while database or storage do not answer.
const UNAVAILABLE_RETRY: Duration = Duration::from_secs(5);

/// Facts about a request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Names the request in logs, events and the header `X-Request-Id`.
    pub id: Arc<str>,
    /// What clients put before a path to reach this server, such as `https://registry.example.org`; without a slash at
    /// its end.
    pub base_url: Arc<str>,
    /// Where the request comes from, seen through the trusted proxies.
    pub client: Option<IpAddr>,
}

impl RequestContext {
    /// The facts about `request`.
    ///
    /// # Panics
    /// When `http` did not put them there: a fault in how the routes are joined, which every test would show.
    pub fn of(request: &Request) -> &Self {
        request
            .extensions()
            .get()
            .expect("http adds the context to every request")
    }

    /// What comes before the path of a link: nothing, or the prefix that a proxy adds, such as `/hub`.
    pub fn root(&self) -> String {
        let base = Url::parse(&self.base_url);
        base.map(|base| base.path().trim_end_matches('/').to_owned())
            .unwrap_or_default()
    }
}

/// The status of an error, for every surface that has no codes of its own.
pub fn status(error: &Error) -> StatusCode {
    match error {
        Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) | Error::TermsNotAgreed { .. } => StatusCode::FORBIDDEN,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::Invalid { .. } => StatusCode::BAD_REQUEST,
        Error::OutOfOrder { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
        Error::TooLarge { .. } | Error::QuotaExceeded(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        Error::RateLimited { .. } | Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Unsupported(_) => StatusCode::METHOD_NOT_ALLOWED,
        Error::Unavailable { .. } | Error::ReadOnly { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Logs, once, at the edge, what the caller is not told.
pub fn log(error: &Error) {
    match error {
        Error::Internal(source) => tracing::error!(error = ?source, "internal error"),
        Error::Unavailable { what, source } => {
            tracing::error!(what, error = ?source, "unavailable")
        }
        Error::StorageFull => tracing::error!("no space left"),
        _ => {}
    }
}

/// Begins the answer to a request that failed: logs it, and adds the status and the headers that HTTP demands. The
/// surface adds the body.
pub fn failure(error: &Error) -> ResponseBuilder {
    log(error);
    let response = Response::builder().status(status(error));
    match error {
        Error::Unauthenticated(_) => response.header(header::WWW_AUTHENTICATE, "Bearer"),
        Error::RateLimited { after } | Error::TooMany { after, .. } => {
            response.header(header::RETRY_AFTER, after.as_secs().max(1))
        }
        Error::ReadOnly { .. } => response.header(header::RETRY_AFTER, READ_ONLY_RETRY.as_secs()),
        Error::Unavailable { .. } => {
            response.header(header::RETRY_AFTER, UNAVAILABLE_RETRY.as_secs())
        }
        _ => response,
    }
}
