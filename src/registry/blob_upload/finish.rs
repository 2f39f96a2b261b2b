//! The end of an upload: its pieces become a blob that its container holds.
//!
//! The end may be sent again, since its answer may be lost: while the first is at work, after it, and after it was killed
//! between the bytes and the rows.
use std::io;

use bytes::Bytes;
use entity::container;
use futures::Stream;
use serde_json::json;

use super::{Arrived, BlobUpload, Chunk, cancel, chunks, forget, keep, now, receive, room};
use crate::{
    access::{Push, open},
    error::{Error, Result},
    event::Event,
    registry::{
        Algorithm, Caller, ContainerId, Digest,
        blob::{self, Stored},
        container as containers,
        path::ContainerPath,
        protection::check_frozen,
        scrub, site,
    },
    storage::Staged,
};

/// Ends an upload, with its last chunk if one is left: checks the bytes against the digest, stores them, and gives them to the
/// container, in one transaction that also ends the upload. Killed before, it leaves bytes without rows, which the same end takes
/// when it is sent again, and collection removes otherwise; the last chunk counts only if it was cut.
///
/// # Errors
/// [`Error::Invalid`] when the bytes are others; the upload is over then. [`Error::NotFound`] when it was over before, and the
/// container does not hold the blob; [`Error::Conflict`] when the container is frozen; those of [`super::append`].
pub async fn finish(
    caller: &Caller,
    upload: BlobUpload,
    last: Option<Chunk<impl Stream<Item = io::Result<Bytes>> + Unpin>>,
    digest: &Digest,
) -> Result<Stored> {
    let container = upload.row.container_id;
    match end(caller, upload, last, digest).await {
        // The same request may have been sent before.
        Err(Error::NotFound("upload")) => ended(caller, container, digest).await,
        ended => ended,
    }
}

/// What an upload that is over has brought to the container at `path`, for whoever may push there and did not hear of its
/// end.
///
/// # Errors
/// [`Error::NotFound`] when the container does not hold the blob; those of `open` for the container.
pub async fn finished(caller: &Caller, path: &ContainerPath, digest: &Digest) -> Result<Stored> {
    let container = containers::at::<Push>(caller, path).await?;
    ended(caller, container.id, digest).await
}

async fn ended(caller: &Caller, container: ContainerId, digest: &Digest) -> Result<Stored> {
    match blob::find_in(caller, container, digest).await {
        Err(Error::NotFound(_)) => Err(Error::NotFound("upload")),
        found => found,
    }
}

async fn end(
    caller: &Caller,
    upload: BlobUpload,
    last: Option<Chunk<impl Stream<Item = io::Result<Bytes>> + Unpin>>,
    digest: &Digest,
) -> Result<Stored> {
    site::admit(caller).await?;
    check_open(caller, &upload).await?;
    let kept = whole_chunks(caller, &upload).await?;
    let last = match last {
        Some(last) => take(caller, &upload, last).await?,
        None => {
            let room = room(caller, &upload, Some(digest)).await?;
            room.admit(caller, upload.received()).await?;
            None
        }
    };
    let mut staged: Vec<Staged> = kept.iter().cloned().chain(last).collect();
    let (whole, published) = match join(caller, &upload, &staged).await {
        Ok(whole) => {
            let published = publish(caller, &upload, &whole, digest).await;
            (Some(whole), published)
        }
        Err(error) => (None, Err(error)),
    };
    staged.extend(whole.clone());
    match &published {
        // Storage has taken the whole, which may be the only piece.
        Ok(_) => staged.retain(|one| whole.as_ref().is_some_and(|whole| whole.key != one.key)),
        Err(Error::Invalid { .. }) => {
            forget(caller.db(), &upload).await?;
        }
        // It may be tried again with what was kept; the last chunk is sent again then.
        Err(_) => staged.retain(|one| kept.iter().all(|kept| kept.key != one.key)),
    }
    for one in staged {
        caller.storage().discard(&one.key).await?;
    }
    published
}

/// Makes sure, before bytes are moved, that they may come.
async fn check_open(caller: &Caller, upload: &BlobUpload) -> Result<()> {
    let (db, actor) = (caller.db(), caller.actor());
    let to = open::<Push, container::Entity>(db, actor, upload.row.container_id).await?;
    check_frozen(db, &to).await.map(drop)
}

/// The chunks that were kept.
///
/// # Errors
/// [`Error::OutOfOrder`] when they are not what has arrived, because another came meanwhile; [`Error::NotFound`] when the upload
/// is over.
async fn whole_chunks(caller: &Caller, upload: &BlobUpload) -> Result<Vec<Staged>> {
    let kept = chunks(caller, upload).await?;
    let size: u64 = kept.iter().map(|chunk| chunk.size).sum();
    match size == upload.received() {
        true => Ok(kept),
        false => Err(Error::OutOfOrder {
            received: now(caller, upload).await?,
        }),
    }
}

/// The last chunk, if it has any bytes. Its row would be gone at once, so only one that was cut gets one.
async fn take(
    caller: &Caller,
    upload: &BlobUpload,
    last: Chunk<impl Stream<Item = io::Result<Bytes>> + Unpin>,
) -> Result<Option<Staged>> {
    let Arrived { staged, cut } = match receive(caller, upload, last).await {
        Err(Error::QuotaExceeded(words)) => {
            cancel(caller, upload.clone()).await?;
            return Err(Error::QuotaExceeded(words));
        }
        arrived => arrived?,
    };
    if cut.is_none() && staged.size > 0 {
        return Ok(Some(staged));
    }
    keep(caller, upload.clone(), &staged).await?;
    cut.map_or(Ok(None), Err)
}

async fn join(caller: &Caller, upload: &BlobUpload, pieces: &[Staged]) -> Result<Staged> {
    let name = format!("blob-{}-whole", upload.id());
    match pieces {
        [] => caller.storage().stage(&name)?.finish().await,
        pieces => caller.storage().join(pieces, &name).await,
    }
}

/// Stores bytes that are those of the digest. What the same end has stored already, before it was killed or while it is at work, is
/// taken as it is.
async fn store(caller: &Caller, whole: &Staged, digest: &Digest) -> Result<()> {
    let storage = caller.storage();
    let found = match digest.kind() {
        Algorithm::Sha256 => whole.digest,
        other => match storage.rehash(whole, other).await {
            Err(Error::NotFound(_)) if storage.holds(digest, whole).await? => *digest,
            found => found?,
        },
    };
    if found != *digest {
        let why = format!("expected {digest}, but what arrived is {found}; push the blob again");
        return Err(Error::invalid("digest", why));
    }
    blob::announce(caller, digest, whole.size).await?;
    let known = Staged {
        digest: found,
        ..whole.clone()
    };
    match storage.publish(&known, digest).await {
        Err(Error::NotFound(_)) if storage.holds(digest, whole).await? => Ok(()),
        published => published,
    }
}

async fn publish(
    caller: &Caller,
    upload: &BlobUpload,
    whole: &Staged,
    digest: &Digest,
) -> Result<Stored> {
    store(caller, whole, digest).await?;
    let (container, text) = (upload.row.container_id, digest.to_string());
    caller
        .change(async |tx| {
            let container = open::<Push, container::Entity>(tx.db(), tx.actor(), container).await?;
            containers::lock(tx, container.id).await?;
            check_frozen(tx.db(), &container).await?;
            let path = containers::path(tx, &container).await?;
            blob::touch(tx, &text, whole.size).await?;
            blob::check_there(caller, digest).await?;
            scrub::healed(tx, &text).await?;
            blob::link(tx, container.id, &text).await?;
            if !forget(tx.db(), upload).await? {
                return Err(Error::NotFound("upload"));
            }
            let stored = Stored {
                digest: *digest,
                size: whole.size,
            };
            Ok(Event::new("blob.push", path, digest)
                .details(json!({"size": whole.size}))
                .with(stored))
        })
        .await
}
