//! Bytes of images, on their way down.
use poem::{
    Body, Request, Response,
    http::{Method, StatusCode, header},
    web::headers::ETag,
};

use super::{error::Result, image as images, message::id};
use crate::{
    auth,
    error::Error,
    protocol::{RequestContext, range::Wanted},
    registry::{
        Caller, blob,
        image::{self, Image},
    },
};

/// `GET v1/imagefile/<reference>?arch=`. Where the site wants it, clients are sent to the image by its id, from where
/// they fetch parts at once; older ones follow and fetch the whole.
pub(super) async fn by_name(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let found = images::find(&caller, &request).await?;
    if caller.config().registry.concurrent_downloads && found.blob.is_some() {
        let base = &RequestContext::of(&request).base_url;
        return Ok(Response::builder()
            .status(StatusCode::SEE_OTHER)
            .header(
                header::LOCATION,
                format!("{base}/v2/imagefile/{}", found.id),
            )
            .finish());
    }
    content(&request, &caller, &found).await
}

/// `GET v2/imagefile/<image>`: the bytes of an image whatever happens to its tags meanwhile.
pub(super) async fn by_id(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let found = image::get(&caller, id(&request, "image")?).await?;
    content(&request, &caller, &found).await
}

async fn content(request: &Request, caller: &Caller, image: &Image) -> Result<Response> {
    let size = image.size.unsigned_abs();
    if image.blob.is_none() {
        return Err(Error::NotFound("image").into());
    }
    let etag: ETag = format!("\"{}\"", image.digest)
        .parse()
        .map_err(anyhow::Error::from)
        .map_err(Error::Internal)?;
    let wanted = Wanted::of(request, &etag, size);
    let answer = wanted
        .answer(etag, size)
        .content_type("application/octet-stream");
    match wanted
        .bytes(size)
        .filter(|_| request.method() != Method::HEAD)
    {
        Some(range) => {
            let bytes = blob::read(caller, image, range).await?;
            Ok(answer.body(Body::from_bytes_stream(bytes)))
        }
        None => Ok(answer.finish()),
    }
}
