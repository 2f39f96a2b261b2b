//! Bytes of images, on their way up: in one request, or to an address that carries its own permission.
use std::io;

use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use poem::{
    Request, Response,
    http::{StatusCode, header},
};

use super::{
    dto::{Completed, NewUpload, Quota, UploadUrl},
    error::Result,
    message::{body, data, field, id, part},
};
use crate::{
    auth,
    error::Error,
    protocol::{RequestContext, linger},
    registry::{
        Caller, Digest, container,
        image::Image,
        quota,
        upload::{self, Parts, Upload},
    },
};

type Inflow = BoxStream<'static, io::Result<Bytes>>;

/// `POST v1/imagefile/<image>`: the whole image in one request.
pub(super) async fn direct(mut request: Request) -> Result<Response> {
    let mut inflow = request.take_body().into_bytes_stream().boxed();
    let published = publish(&request, &mut inflow).await;
    if published.is_err() {
        linger(inflow);
    }
    published
}

async fn publish(request: &Request, inflow: &mut Inflow) -> Result<Response> {
    let caller = auth::caller(request).await?;
    let image = part(request, "path")
        .parse()
        .map_err(|_| Error::NotFound("image"))?;
    let size = request
        .header(header::CONTENT_LENGTH)
        .and_then(|text| text.parse().ok());
    upload::direct(&caller, image, size, inflow).await?;
    Ok(data(()))
}

/// `POST v2/imagefile/<image>`: asks where to put the image.
pub(super) async fn start(mut request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let image = id(&request, "image")?;
    let new: NewUpload = body(&caller, &mut request).await?;
    let digest = new.sha256sum.filter(|sum| !sum.is_empty());
    let digest: Option<Digest> = digest
        .map(|sum| field("sha256sum", &format!("sha256:{sum}")))
        .transpose()?;
    let upload = upload::start(&caller, image, new.filesize, digest, Parts::One).await?;
    let upload_url = address(&request, &caller, &upload, 1)?;
    Ok(data(UploadUrl { upload_url }))
}

/// Where a part goes. Clients send it without credentials, so the address itself is the permission.
pub(super) fn address(
    request: &Request,
    caller: &Caller,
    upload: &Upload,
    number: u32,
) -> Result<String> {
    let base = &RequestContext::of(request).base_url;
    let capability = upload.capability(caller, number)?;
    Ok(format!(
        "{base}/v2/imagefile/{}/_upload/{}/{number}/{capability}",
        upload.image(),
        upload.id()
    ))
}

/// `PUT <address>`: a part. Clients demand 200 and repeat the `ETag` at the end.
pub(super) async fn receive(mut request: Request) -> Result<Response> {
    let mut inflow = request.take_body().into_bytes_stream().boxed();
    let received = keep(&request, &mut inflow).await;
    if received.is_err() {
        linger(inflow);
    }
    let etag = format!("\"{}\"", received?.hex());
    Ok(Response::builder()
        .status(StatusCode::OK)
        .header(header::ETAG, etag)
        .finish())
}

async fn keep(request: &Request, inflow: &mut Inflow) -> Result<Digest> {
    let caller = auth::caller(request).await?;
    let number = part(request, "part").parse();
    let place = (
        id(request, "image")?,
        id(request, "upload")?,
        number.map_err(|_| Error::NotFound("upload"))?,
    );
    Ok(upload::receive(&caller, place, part(request, "capability"), inflow).await?)
}

/// `PUT v2/imagefile/<image>/_complete`.
pub(super) async fn complete(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let image = upload::complete(&caller, id(&request, "image")?, None, &[]).await?;
    completed(&caller, &image).await
}

/// What a client shows when a push is done.
pub(super) async fn completed(caller: &Caller, image: &Image) -> Result<Response> {
    let places = container::places(caller, &[image.container_id]).await?;
    let place = places
        .get(&image.container_id)
        .ok_or(Error::NotFound("container"))?;
    let quota = quota::after_push(caller, place.namespace_id).await?;
    Ok(data(Completed {
        quota: Quota {
            quota_total: quota.limits.bytes.map_or(0, i64::unsigned_abs),
            quota_usage: quota.used.bytes.unsigned_abs(),
        },
        container_url: format!("library/{place}"),
    }))
}
