//! Bytes of images, on their way down.
use poem::{
    Request, Response,
    http::{StatusCode, header},
};

use serde::Deserialize;

use super::{
    error::Result,
    image as images,
    message::{id, query},
};
use crate::{
    auth,
    protocol::{RequestContext, download::Content},
    registry::{
        Caller, Door,
        download::{self, Via},
        image::{self, Image},
        path::TagName,
    },
};

/// `GET v1/imagefile/<reference>?arch=`. Where the site wants it, clients are sent to the image by its id, from where
/// they fetch parts at once; older ones follow and fetch the whole.
pub(super) async fn by_name(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let (found, tag) = images::find_by(&caller, &request).await?;
    if caller.config().registry.concurrent_downloads && found.blob.is_some() {
        let base = &RequestContext::of(&request).base_url;
        return Ok(Response::builder()
            .status(StatusCode::SEE_OTHER)
            .header(header::LOCATION, address(base, &found, tag.as_ref()))
            .finish());
    }
    content(&request, &caller, &found, tag).await
}

/// The image whatever happens to its tags, and by which it was found.
fn address(base: &str, image: &Image, tag: Option<&TagName>) -> String {
    let address = format!("{base}/v2/imagefile/{}", image.id);
    match tag {
        Some(tag) => format!("{address}?tag={tag}"),
        None => address,
    }
}

#[derive(Deserialize)]
struct Query {
    tag: Option<String>,
}

/// `GET v2/imagefile/<image>?tag=`: the bytes of an image whatever happens to its tags meanwhile. The one by which it was
/// found is for the count of downloads.
pub(super) async fn by_id(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let found = image::get(&caller, id(&request, "image")?).await?;
    let claim = query::<Query>(&request)?.tag;
    let tag = download::claimed(&caller, &found, claim).await?;
    content(&request, &caller, &found, tag).await
}

async fn content(
    request: &Request,
    caller: &Caller,
    image: &Image,
    tag: Option<TagName>,
) -> Result<Response> {
    let via = Via {
        door: Door::Library,
        tag,
    };
    let content = Content {
        digest: &image.digest,
        size: image::size(image)?,
    };
    Ok(content
        .answer(request, async |range| {
            download::read(caller, image, range, &via).await
        })
        .await?)
}
