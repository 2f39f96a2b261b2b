//! Bytes of images, on their way down.
use poem::{
    Request, Response,
    http::{StatusCode, header},
};

use super::{error::Result, image as images, message::id};
use crate::{
    auth,
    protocol::{RequestContext, download::Content},
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
    let content = Content {
        digest: &image.digest,
        size: image::size(image)?,
    };
    Ok(content
        .answer(request, async |range| {
            blob::read(caller, image, range).await
        })
        .await?)
}
