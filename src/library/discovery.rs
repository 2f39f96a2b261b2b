//! What a client asks first: which services there are, of which version, and whether its token is good.
use poem::{Request, Response, http::header};
use serde_json::json;

use super::{
    error::Result,
    message::{data, json as plain},
};
use crate::{auth, error::Error, protocol::RequestContext};

/// The version of the protocol: from this one on clients send tags with architectures.
const API_VERSION: &str = "2.0.0-alpha.2";

/// The services. Clients fail on any value that is no object, and take every object with a `uri` for a service.
///
/// The key server is found at the root of the host whatever path its address has, for clients drop the path; they keep
/// it when they ask for `/version`.
pub(super) async fn config(request: Request) -> Result<Response> {
    let base = &*RequestContext::of(&request).base_url;
    let here = json!({"uri": base});
    // SingularityCE pushes and pulls OCI-SIF images there, which it names as those of the library.
    let library = json!({"uri": base, "registryUri": base});
    Ok(plain(
        &json!({"libraryAPI": library, "keystoreAPI": here, "tokenAPI": here}),
    ))
}

/// The version of this server, and that of the protocol.
pub(super) async fn version(_: Request) -> Result<Response> {
    let version = concat!("v", env!("CARGO_PKG_VERSION"));
    Ok(data(json!({"version": version, "apiVersion": API_VERSION})))
}

/// Whether the token is good. Clients have words for 404, "Invalid Credentials", but none for 401.
pub(super) async fn token_status(request: Request) -> Result<Response> {
    let account = auth::caller(&request)
        .await
        .and_then(|caller| caller.account().cloned());
    match account {
        Ok(account) => Ok(data(json!({"username": account.name}))),
        Err(Error::Unauthenticated(_)) => Err(Error::NotFound("valid token").into()),
        Err(error) => Err(error.into()),
    }
}

/// The account of the caller, outside the envelope. Clients use `secret` as the password of a registry; the caller's
/// own token is one, and tells them nothing new.
pub(super) async fn current_user(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let account = caller.account()?;
    let token = request
        .header(header::AUTHORIZATION)
        .and_then(|value| value.split_once(' '))
        .map_or("", |(_, token)| token.trim());
    Ok(plain(&json!({
        "username": account.name,
        "email": "",
        "realname": "",
        "oidc_user_meta": {"secret": token},
    })))
}
