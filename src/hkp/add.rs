//! Keys, pushed.
use poem::{Request, Response, error::ReadBodyError};
use url::form_urlencoded;

use super::error::Result;
use crate::{
    auth,
    error::Error,
    registry::{Caller, key},
};

/// What a form has besides the key.
const FORM: u64 = 1024;

/// `POST /pks/add` with the form field `keytext` (section 4): adds the keys, or what is new about them. The answer is
/// shown to the user by Apptainer.
pub(super) async fn add(mut request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let text = keytext(&caller, &mut request).await?;
    let fingerprints = key::add(&caller, text).await?;
    Ok(Response::builder()
        .content_type("text/plain; charset=utf-8")
        .body(format!("added {}\n", fingerprints.join(", "))))
}

async fn keytext(caller: &Caller, request: &mut Request) -> Result<Vec<u8>> {
    // In a form each byte may take three.
    let limit = caller.config().keyserver.max_key_size.bytes();
    let most = usize::try_from(limit.saturating_mul(3).saturating_add(FORM)).unwrap_or(usize::MAX);
    let body = request.take_body().into_bytes_limit(most).await;
    let body = body.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => Error::TooLarge { what: "key", limit },
        cut => Error::invalid("body", cut.to_string()),
    })?;
    let mut fields = form_urlencoded::parse(&body);
    let field = fields.find(|(name, _)| name == "keytext");
    let (_, text) = field.ok_or_else(|| {
        Error::invalid(
            "keytext",
            "it is missing; send the armored key as this field of a form",
        )
    })?;
    Ok(text.into_owned().into_bytes())
}
