//! The token service: a registry token for a credential, or for nobody.
use poem::{Request, Response, http::header};
use serde_json::json;

use super::{
    failure::Failure,
    holder::{Holder, holder},
};
use crate::{
    auth::{
        extract::{Credential, anonymous, credential, no_token},
        page::form::{Form, posted},
    },
    error::{Error, Result},
    registry::registry_token::{self, Access, by_refresh_token},
};

/// Clients look for the words "basic" and "bearer" in challenges, which name this path, so it has neither.
pub(super) const PATH: &str = "/auth/registry-token";

/// `GET ?service=&scope=&scope=&offline_token=`, with a credential in the header, or none. Without a scope the answer
/// tells whether the credential is right.
pub(super) async fn get(request: Request) -> Result<Response, Failure> {
    let query = Form::query(&request);
    let holder = holder(&request, credential(&request)?).await?;
    Ok(answer(holder, &query, query.get("offline_token") == "true").await?)
}

/// The same as OAuth 2 has it (RFC 6749, 4.3 and 6), with the credential in the form.
pub(super) async fn post(mut request: Request) -> Result<Response, Failure> {
    let form = posted(&mut request).await?;
    let holder = match form.get("grant_type") {
        "password" => {
            let credential = Credential::Basic {
                name: form.get("username").to_owned(),
                password: form.get("password").to_owned(),
            };
            holder(&request, credential).await?
        }
        "refresh_token" => renewed(&request, form.get("refresh_token")).await?,
        other => {
            let why = format!("{other:?} is not taken here; use password or refresh_token");
            return Err(Error::invalid("grant_type", why).into());
        }
    };
    let first = form.get("grant_type") == "password";
    Ok(answer(holder, &form, first && form.get("access_type") == "offline").await?)
}

async fn renewed(request: &Request, text: &str) -> Result<Holder> {
    let proven = by_refresh_token(&anonymous(request), text).await?;
    Ok(Holder::new(request, Some(proven.ok_or_else(no_token)?)))
}

async fn answer(holder: Holder, asked: &Form, refreshable: bool) -> Result<Response> {
    let Holder { caller, proof } = holder;
    let issued = registry_token::issue(&caller, proof.clone(), &scopes(asked)).await?;
    let access: Vec<_> = issued.access.iter().map(ToString::to_string).collect();
    let mut answer = json!({
        "token": issued.token,
        "access_token": issued.token,
        "scope": access.join(" "),
        "expires_in": issued.seconds,
        "issued_at": issued.at,
    });
    if let Some(proof) = proof.filter(|_| refreshable) {
        answer["refresh_token"] = registry_token::refresh_token(&caller, proof)?.into();
    }
    Ok(Response::builder()
        .header(header::CACHE_CONTROL, "no-store")
        .content_type("application/json")
        .body(answer.to_string()))
}

/// What is asked for. A scope may be repeated, or hold several with spaces between.
fn scopes(asked: &Form) -> Vec<Access> {
    let scopes = asked.all("scope").flat_map(str::split_whitespace);
    scopes.filter_map(Access::parse).collect()
}
