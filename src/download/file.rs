//! The files: an image, and its checksum.
use std::time::SystemTime;

use poem::{
    Request, Response,
    http::{HeaderValue, header},
    web::headers::{HeaderMapExt, LastModified},
};

use super::{address::Address, error::Result, share};
use crate::{
    auth,
    protocol::download::Content,
    registry::{
        Caller, Digest,
        download::{self, Via},
        image::{self, Image},
        path::Reference,
    },
};

/// `GET /sif/<namespace>/<collection>/<container>[:<tag>|@sha256:<hex>][.sha256][?arch=][&token=]`.
pub(super) async fn get(request: Request) -> Result<Response> {
    let address = Address::of(&request, &auth::anonymous(&request))?;
    let secret = match &address.secret {
        Some(secret) => Some(secret.clone()),
        None => auth::link_secret(&request)?,
    };
    if let Some(secret) = secret {
        return share::get_at(&request, &address, &secret).await;
    }
    let caller = auth::caller(&request).await?;
    let image = address.find(&caller).await?;
    let name = address.file_name(&image);
    let (mut response, name) = if address.checksum {
        (checksum(&image, &name)?, format!("{name}.sha256"))
    } else {
        let via = address.via(&caller, &image).await?;
        (bytes(&request, &caller, &image, &via).await?, name)
    };
    let headers = response.headers_mut();
    let caching = caching(&caller, &address.reference);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    // RFC 6266, 4.3; names are ASCII, so the form of RFC 8187 has nothing to add.
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    headers.extend(disposition.map(|value| (header::CONTENT_DISPOSITION, value)));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    if let (Reference::Digest(_), Some(at)) = (&address.reference, image.uploaded_at) {
        // Apptainer's cache goes by the address and this date. A tag gets none: it may move twice in a second, and the
        // cache would not see it.
        headers.typed_insert(LastModified::from(SystemTime::from(at)));
    }
    Ok(response)
}

pub(super) async fn bytes(
    request: &Request,
    caller: &Caller,
    image: &Image,
    via: &Via,
) -> Result<Response> {
    let content = Content {
        digest: &image.digest,
        size: image::size(image)?,
    };
    Ok(content
        .answer(request, async |range| {
            download::read(caller, image, range, via).await
        })
        .await?)
}

/// One line that `sha256sum -c` reads.
pub(super) fn checksum(image: &Image, name: &str) -> Result<Response> {
    image::size(image)?;
    let digest: Digest = image.digest.parse()?;
    let line = format!("{}  {name}\n", digest.hex());
    Ok(Response::builder()
        .content_type("text/plain; charset=utf-8")
        .header(header::CONTENT_LENGTH, line.len())
        .body(line))
}

/// How long an answer may be kept. What a digest names never changes, but who may see it does: caches that serve many
/// ask again after an hour, and keep nothing that took a credential to get.
fn caching(caller: &Caller, reference: &Reference) -> &'static str {
    match (reference, caller.account()) {
        (Reference::Digest(_), Err(_)) => "public, max-age=31536000, s-maxage=3600, immutable",
        (Reference::Digest(_), Ok(_)) => "private, max-age=31536000, immutable",
        (Reference::Tag(_), Err(_)) => "no-cache",
        (Reference::Tag(_), Ok(_)) => "private, no-cache",
    }
}
