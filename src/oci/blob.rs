//! Blobs, on their way down and away.
use poem::{
    Body, Response,
    http::{HeaderName, Method, StatusCode},
    web::headers::ETag,
};

use super::{call::Call, error::Result};
use crate::{
    error::Error,
    protocol::range::Wanted,
    registry::{Digest, blob, download},
};

/// The digest of what an answer is about.
pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// `GET` and `HEAD` `/v2/<name>/blobs/<digest>`. Clients that push ask by `HEAD` what they need not send, so that does not
/// follow what was moved.
pub(super) async fn get(call: Call<'_>) -> Result<Response> {
    let (path, digest) = (call.path()?, call.digest()?);
    let (container, stored) = match *call.request.method() == Method::HEAD {
        true => blob::find_here(call.caller, &path, &digest).await?,
        false => blob::find(call.caller, &path, &digest).await?,
    };
    let etag = etag(&stored.digest)?;
    let wanted = Wanted::of(call.request, &etag, stored.size);
    let answer = wanted
        .answer(etag, stored.size)
        .header(CONTENT_DIGEST, stored.digest.to_string())
        .content_type("application/octet-stream");
    let sent = wanted
        .bytes(stored.size)
        .filter(|range| !range.is_empty() && call.request.method() != Method::HEAD);
    Ok(match sent {
        Some(range) => {
            let bytes = download::read_blob(call.caller, container, &stored, range).await?;
            answer.body(Body::from_bytes_stream(bytes))
        }
        None => answer.finish(),
    })
}

/// What a client may compare instead of fetching again.
pub(super) fn etag(digest: &Digest) -> Result<ETag> {
    let etag = format!("\"{digest}\"").parse();
    Ok(etag.map_err(anyhow::Error::from).map_err(Error::Internal)?)
}

/// `DELETE /v2/<name>/blobs/<digest>`.
pub(super) async fn delete(call: Call<'_>) -> Result<Response> {
    blob::unlink(call.caller, &call.path()?, &call.digest()?).await?;
    Ok(StatusCode::ACCEPTED.into())
}
