//! Large images in parts. Clients send parts one after the other, each to an address they ask for.
use std::collections::BTreeMap;

use poem::{Request, Response};

use super::{
    dto::{CompletedPart, EndOfUpload, Multipart, NewPart, NewUpload, PartUrl},
    error::Result,
    message::{body, data, field, id},
    upload::{address, completed},
};
use crate::{
    auth,
    error::Error,
    registry::{
        Digest,
        upload::{self, Parts},
    },
};

/// `POST v2/imagefile/<image>/_multipart`. The option spares the client from reading each part twice: S3 would demand
/// its digest beforehand, we tell it afterwards.
pub(super) async fn start(mut request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let image = id(&request, "image")?;
    let new: NewUpload = body(&caller, &mut request).await?;
    let upload = upload::start(&caller, image, new.filesize, None, Parts::Many).await?;
    Ok(data(Multipart {
        upload_id: upload.id().to_string(),
        total_parts: upload.part_count(),
        part_size: upload.part_size(),
        options: BTreeMap::from([("s3compliant", "false")]),
    }))
}

/// `PUT v2/imagefile/<image>/_multipart`: asks where to put a part.
pub(super) async fn part(mut request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let new: NewPart = body(&caller, &mut request).await?;
    let upload = field("uploadID", &new.upload_id)?;
    let upload = upload::find(&caller, id(&request, "image")?, upload).await?;
    let presigned_url = address(&request, &caller, &upload, new.part_number)?;
    Ok(data(PartUrl { presigned_url }))
}

/// `PUT v2/imagefile/<image>/_multipart_complete`. Clients decode the answer even if it is empty.
pub(super) async fn complete(mut request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let end: EndOfUpload = body(&caller, &mut request).await?;
    let upload = field("uploadID", &end.upload_id)?;
    let claimed = claimed(end.completed_parts.unwrap_or_default())?;
    let image = id(&request, "image")?;
    let image = upload::complete(&caller, image, Some(upload), &claimed).await?;
    completed(&caller, &image).await
}

/// Numbers and digests of the parts that the client got a token for.
fn claimed(parts: Vec<CompletedPart>) -> Result<Vec<(u32, Digest)>> {
    let with_token = parts.into_iter().filter(|part| !part.token.is_empty());
    let claim = |part: CompletedPart| {
        let hex = part.token.trim_matches('"');
        let digest = format!("sha256:{hex}").parse().map_err(|_| {
            let why = format!("{:?} is no token of part {}", part.token, part.part_number);
            Error::invalid("completedParts", why)
        })?;
        Ok((part.part_number, digest))
    };
    with_token.map(claim).collect()
}

/// `PUT v2/imagefile/<image>/_multipart_abort`.
pub(super) async fn abort(mut request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let end: EndOfUpload = body(&caller, &mut request).await?;
    let upload = field("uploadID", &end.upload_id)?;
    upload::abort(&caller, id(&request, "image")?, upload).await?;
    Ok(data(()))
}
