//! Errors as the specification writes them: `{"errors":[{"code":"BLOB_UNKNOWN","message":"blob not found"}]}`
//! (distribution-spec, "Error Codes").
use poem::{
    Request, Response,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use serde_json::json;

use url::form_urlencoded;

use super::route::{self, Endpoint, Target};
use crate::{
    auth::{self, Wanted},
    error, protocol,
};

/// An error on its way to a client of the registry.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the registry says.
    #[error(transparent)]
    Registry(#[from] error::Error),
    /// More tags for one manifest than are taken at once.
    #[error(
        "{given} tags are more than the {limit} taken at once; send the rest in further requests"
    )]
    TooManyTags {
        /// How many there are.
        given: usize,
        /// How many are taken.
        limit: usize,
    },
}

/// What the handlers of this room return.
pub(super) type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::Registry(error) => protocol::status(error),
            Self::TooManyTags { .. } => StatusCode::URI_TOO_LONG,
        }
    }

    fn code(&self, endpoint: Endpoint) -> &'static str {
        use error::Error as E;
        match self {
            Self::TooManyTags { .. } => "MANIFEST_INVALID",
            Self::Registry(error) => match error {
                E::Unauthenticated(_) => "UNAUTHORIZED",
                E::Forbidden(_)
                | E::TermsNotAgreed { .. }
                | E::Conflict(_)
                | E::QuotaExceeded(_)
                | E::StorageFull => "DENIED",
                E::NotFound(noun) => unknown(noun),
                E::Invalid { what, .. } => invalid(what, endpoint),
                E::TooLarge { .. } => "SIZE_INVALID",
                E::OutOfOrder { .. } => "BLOB_UPLOAD_INVALID",
                E::RateLimited { .. } | E::TooMany { .. } => "TOOMANYREQUESTS",
                E::Unsupported(_) => "UNSUPPORTED",
                E::Unavailable { .. } | E::ReadOnly { .. } => "UNAVAILABLE",
                E::Internal(_) => "UNKNOWN",
            },
        }
    }

    /// The answer to a request that failed.
    pub(super) fn answer(&self, request: &Request, target: &Target) -> Response {
        // No "detail": clients show it to people as the words of a program.
        let error = json!({"code": self.code(target.endpoint), "message": self.to_string()});
        let response = match self {
            Self::Registry(error) => protocol::failure(error),
            Self::TooManyTags { .. } => Response::builder().status(self.status()),
        };
        let mut response = response
            .content_type("application/json")
            .body(json!({"errors": [error]}).to_string());
        if let Self::Registry(error) = self {
            add_headers(response.headers_mut(), error, request, target);
        }
        response
    }
}

/// The code for what is not there.
fn unknown(noun: &str) -> &'static str {
    match noun {
        "blob" => "BLOB_UNKNOWN",
        "upload" => "BLOB_UPLOAD_UNKNOWN",
        "manifest" | "tag" | "image" => "MANIFEST_UNKNOWN",
        "namespace" | "collection" | "container" => "NAME_UNKNOWN",
        _ => "UNSUPPORTED",
    }
}

/// The code for an input that is wrong.
fn invalid(what: &str, endpoint: Endpoint) -> &'static str {
    match (what, endpoint) {
        ("name" | "path", _) => "NAME_INVALID",
        ("digest", _) => "DIGEST_INVALID",
        ("size", _) => "SIZE_INVALID",
        ("blob", _) => "MANIFEST_BLOB_UNKNOWN",
        (_, Endpoint::Manifest) => "MANIFEST_INVALID",
        (_, Endpoint::Uploads | Endpoint::Upload) => "BLOB_UPLOAD_INVALID",
        _ => "UNSUPPORTED",
    }
}

/// The repository from which a request would take what it pushes.
fn mounted_from(request: &Request, target: &Target) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    let mut from = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == "from");
    let from = from.next().filter(|_| target.endpoint == Endpoint::Uploads);
    from.map(|(_, name)| name.into_owned())
}

/// What clients need to go on.
fn add_headers(headers: &mut HeaderMap, error: &error::Error, request: &Request, target: &Target) {
    let mut add = |name, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    match error {
        error::Error::Unauthenticated(_) => {
            let from = mounted_from(request, target);
            let token = match &from {
                Some(from) => Wanted::Mount {
                    to: &target.name,
                    from,
                },
                None => target.token(request.method()),
            };
            add(
                header::WWW_AUTHENTICATE,
                auth::registry_challenge(request, token),
            );
        }
        error::Error::Unsupported(_) => add(header::ALLOW, route::allowed(target.endpoint)),
        error::Error::OutOfOrder { received } => {
            add(header::LOCATION, request.uri().path().to_owned());
            add(header::RANGE, format!("0-{}", received.saturating_sub(1)));
        }
        _ => {}
    }
}
