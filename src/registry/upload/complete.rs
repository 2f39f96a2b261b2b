//! The end of an upload: its bytes become an image.
use std::{io, time::Duration};

use bytes::Bytes;
use entity::{
    id::{ImageId, UploadId},
    image,
};
use futures::Stream;
use tokio::time::sleep;

use super::{
    Upload, check_size, discard, find, forget,
    inflow::Inflow,
    newest,
    part::{compare, parts},
};
use crate::{
    access::{Push, open},
    error::{Error, Result},
    registry::{
        Caller, Digest,
        image::{Image, check_push, is_complete, publish},
        quota, site,
    },
};

/// Receives a whole image in one request, and publishes it.
///
/// # Errors
/// [`Error::Invalid`] when the bytes are not the image that was announced; [`Error::QuotaExceeded`] when they do not fit;
/// those of [`open`].
pub async fn direct(
    caller: &Caller,
    image: ImageId,
    size: Option<u64>,
    body: impl Stream<Item = io::Result<Bytes>> + Unpin,
) -> Result<Image> {
    let row = open::<Push, image::Entity>(caller.db(), caller.actor(), image).await?;
    check_push(caller, &row).await?;
    site::admit(caller).await?;
    let room = quota::room_for_image(caller, &row).await?;
    if let Some(size) = size {
        check_size(caller, size)?;
        room.admit(caller, size).await?;
    }
    let mut inflow = Inflow {
        caller,
        upload: None,
        size,
        room,
        first: true,
    };
    let staged = inflow.stage(&format!("image-{image}"), body).await?;
    let published = publish(caller, image, &staged, None).await;
    if published.is_err() {
        caller.storage().discard(&staged.key).await?;
    }
    published
}

/// Ends an upload: joins its parts and publishes the image. Without `id`, the caller's newest upload of the image in
/// one part that has arrived. `claimed` are numbers and digests of parts as the client was told them, to be compared
/// with what is here. An image that is uploaded already stays as it is, so that a lost answer may be asked for again.
///
/// # Errors
/// [`Error::Invalid`] when parts are missing or not as claimed, or the whole is not the image that was announced; those
/// of [`open`].
pub async fn complete(
    caller: &Caller,
    image: ImageId,
    id: Option<UploadId>,
    claimed: &[(u32, Digest)],
) -> Result<Image> {
    open::<Push, image::Entity>(caller.db(), caller.actor(), image).await?;
    site::admit(caller).await?;
    let upload = match id {
        Some(id) => find(caller, image, id).await,
        None => newest(caller, image).await,
    };
    match upload {
        Err(Error::NotFound(_)) => ended(caller, image).await,
        upload => end(caller, image, upload?, claimed).await,
    }
}

/// The image, if another request ended an upload of it.
async fn ended(caller: &Caller, image: ImageId) -> Result<Image> {
    let image = open::<Push, image::Entity>(caller.db(), caller.actor(), image)
        .await?
        .for_pull();
    match is_complete(caller, &image).await? {
        true => Ok(image),
        false => Err(Error::NotFound("upload")),
    }
}

async fn end(
    caller: &Caller,
    image: ImageId,
    upload: Upload,
    claimed: &[(u32, Digest)],
) -> Result<Image> {
    let parts = match parts(caller, &upload).await {
        Err(missing) => return ended(caller, image).await.map_err(|_| missing),
        parts => parts?,
    };
    compare(&parts, claimed)?;
    let name = format!("upload-{}-whole", upload.id());
    let published = match caller.storage().join(&parts, &name).await {
        Ok(whole) => {
            let published = publish(caller, image, &whole, Some(upload.id())).await;
            if published.is_err() && parts.len() > 1 {
                caller.storage().discard(&whole.key).await?;
            }
            published
        }
        Err(error) => Err(error),
    };
    match published {
        Err(Error::NotFound("upload")) => wait_for_other(caller, image).await,
        Err(Error::Invalid { .. }) => {
            forget(caller.db(), upload.id()).await?;
            discard(caller, &parts).await?;
            published
        }
        // Storage has taken the only part.
        Ok(_) if parts.len() > 1 => {
            discard(caller, &parts).await?;
            published
        }
        published => published,
    }
}

/// Another request ends the same upload: it has taken the bytes, and is about to say so.
async fn wait_for_other(caller: &Caller, image: ImageId) -> Result<Image> {
    for _ in 0..20 {
        sleep(Duration::from_millis(50)).await;
        match ended(caller, image).await {
            Err(Error::NotFound("upload")) => {}
            outcome => return outcome,
        }
    }
    Err(Error::NotFound("upload"))
}
