//! Uploads of blobs to a container, in one chunk or in several that follow each other.
//!
//! A chunk is staged by itself and counts once its row is written, so an upload goes on after a lost connection, after a
//! crash and on another replica. What arrived of a chunk that was cut counts, too. At the end the chunks are joined.
mod finish;

use std::{collections::HashSet, io, time::Duration};

use bytes::Bytes;
use chrono::TimeDelta;
use entity::{blob_chunk, blob_upload};
use futures::{Stream, StreamExt};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set,
    sea_query::Expr,
};
use tokio::time::Instant;

pub use finish::{finish, finished};

use super::{
    BlobUploadId, Caller, Digest, blob, container as containers, fresh_id,
    image::signed_size,
    open_uploads,
    path::ContainerPath,
    protection::check_frozen,
    quota::{self, Room},
    site,
};
use crate::{
    access::{Push, internal},
    error::{Error, Result},
    event::Change,
    storage::{Staged, Writer},
};

/// The most chunks of one upload.
const CHUNKS_MAX: u64 = 10_000;
/// How often a running chunk renews its upload.
const RENEWAL: Duration = Duration::from_secs(60);

/// An upload under way.
#[derive(Clone, Debug)]
pub struct BlobUpload {
    row: blob_upload::Model,
}

impl BlobUpload {
    /// Its id.
    pub fn id(&self) -> BlobUploadId {
        self.row.id
    }

    /// How many bytes have arrived.
    pub fn received(&self) -> u64 {
        self.row.received.unsigned_abs()
    }
}

/// A piece of a blob.
#[derive(Debug)]
pub struct Chunk<S> {
    /// The place of its first byte in the blob, if the client tells.
    pub start: Option<u64>,
    /// How many bytes it has, if the client tells.
    pub length: Option<u64>,
    /// What the whole blob hashes to, if the client tells already.
    pub digest: Option<Digest>,
    /// The bytes.
    pub body: S,
}

/// Begins an upload to a container, which is made if it is not there.
///
/// # Errors
/// [`Error::Forbidden`] and others of [`containers::create`], where the container is not there and may not be made;
/// [`Error::Conflict`] when it is frozen; [`Error::TooMany`] when the caller has too many uploads under way.
pub async fn start(caller: &Caller, path: &ContainerPath) -> Result<BlobUpload> {
    let container = containers::reach(caller, path).await?;
    check_frozen(caller.db(), &container).await?;
    open_uploads::admit(caller).await?;
    let row = blob_upload::ActiveModel {
        id: Set(BlobUploadId(fresh_id())),
        container_id: Set(container.id),
        user_id: Set(caller.account()?.id),
        received: Set(0),
        created_at: Set(caller.now()),
        expires_at: Set(caller.now() + retention(caller)),
    };
    let row = caller
        .change(async |tx| Ok(Change::none(row.insert(tx.db()).await?)))
        .await?;
    Ok(BlobUpload { row })
}

fn retention(caller: &Caller) -> TimeDelta {
    TimeDelta::from_std(caller.config().storage.staging_retention.get()).unwrap_or(TimeDelta::MAX)
}

/// The upload of that id to a container that the caller may push to.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or its time has run out; those of `open` for the container.
pub async fn find(caller: &Caller, path: &ContainerPath, id: BlobUploadId) -> Result<BlobUpload> {
    let container = containers::at::<Push>(caller, path).await?;
    let row = internal::<blob_upload::Entity>()
        .filter(blob_upload::Column::Id.eq(id))
        .filter(blob_upload::Column::ContainerId.eq(container.id))
        .filter(blob_upload::Column::ExpiresAt.gt(caller.now()))
        .one(caller.db())
        .await?;
    row.map(|row| BlobUpload { row })
        .ok_or(Error::NotFound("upload"))
}

/// Adds a chunk.
///
/// # Errors
/// [`Error::OutOfOrder`] when it does not follow what has arrived, also because somebody else sent a chunk meanwhile;
/// [`Error::Invalid`] when it is longer than it says, or cut, in which case what arrived counts; [`Error::TooLarge`]
/// above the site's limit; [`Error::QuotaExceeded`] when the blob does not fit, and the upload is over then.
pub async fn append(
    caller: &Caller,
    upload: BlobUpload,
    chunk: Chunk<impl Stream<Item = io::Result<Bytes>> + Unpin>,
) -> Result<BlobUpload> {
    match add(caller, upload.clone(), chunk).await {
        Err(Error::QuotaExceeded(words)) => {
            cancel(caller, upload).await?;
            Err(Error::QuotaExceeded(words))
        }
        added => added,
    }
}

async fn add(
    caller: &Caller,
    upload: BlobUpload,
    chunk: Chunk<impl Stream<Item = io::Result<Bytes>> + Unpin>,
) -> Result<BlobUpload> {
    check_chunks(caller, &upload).await?;
    let arrived = receive(caller, &upload, chunk).await?;
    let upload = keep(caller, upload, &arrived.staged).await?;
    arrived.cut.map_or(Ok(upload), Err)
}

/// A chunk that has arrived, or as much of it as came before it was cut.
struct Arrived {
    staged: Staged,
    cut: Option<Error>,
}

async fn receive(
    caller: &Caller,
    upload: &BlobUpload,
    chunk: Chunk<impl Stream<Item = io::Result<Bytes>> + Unpin>,
) -> Result<Arrived> {
    let received = upload.received();
    if chunk.start.is_some_and(|start| start != received) {
        return Err(Error::OutOfOrder { received });
    }
    site::admit(caller).await?;
    let room = room(caller, upload, chunk.digest.as_ref()).await?;
    let announced = received.saturating_add(chunk.length.unwrap_or_default());
    room.admit(caller, announced).await?;
    let name = format!("blob-{}-{received}", upload.id());
    let mut writer = caller.storage().stage(&name)?;
    let cut = pump(caller, (upload, &room), chunk, &mut writer).await?;
    let staged = writer.finish().await?;
    Ok(Arrived { staged, cut })
}

/// What the upload must fit into. What the namespace has, and the caller knows of, need not fit: its manifest does, or is
/// refused.
async fn room(caller: &Caller, upload: &BlobUpload, digest: Option<&Digest>) -> Result<Room> {
    let container = upload.row.container_id;
    let room = quota::room(caller, container).await?;
    match digest {
        Some(digest) if !room.is_endless() => {
            let there = blob::is_beside(caller, container, digest).await?;
            Ok(if there { Room::default() } else { room })
        }
        _ => Ok(room),
    }
}

/// # Errors
/// [`Error::Invalid`] when there are too many chunks: each is a file and a row.
async fn check_chunks(caller: &Caller, upload: &BlobUpload) -> Result<()> {
    use sea_orm::PaginatorTrait;
    let chunks =
        internal::<blob_chunk::Entity>().filter(blob_chunk::Column::UploadId.eq(upload.id()));
    match chunks.count(caller.db()).await? {
        ..CHUNKS_MAX => Ok(()),
        _ => Err(Error::invalid(
            "body",
            format!("an upload has {CHUNKS_MAX} chunks at most; send larger ones"),
        )),
    }
}

/// Hands on what arrives, and tells whether it was cut.
async fn pump(
    caller: &Caller,
    (upload, room): (&BlobUpload, &Room),
    mut chunk: Chunk<impl Stream<Item = io::Result<Bytes>> + Unpin>,
    writer: &mut Writer,
) -> Result<Option<Error>> {
    let (mut received, mut renewed) = (0, Instant::now());
    while let Some(bytes) = chunk.body.next().await {
        let Ok(bytes) = bytes else {
            return Ok(Some(cut(received)));
        };
        received += bytes.len() as u64;
        check_length(caller, upload.received() + received)?;
        room.admit(caller, upload.received() + received).await?;
        if chunk.length.is_some_and(|length| received > length) {
            let why = "the chunk is longer than its range; send the bytes that the range names";
            return Err(Error::invalid("body", why));
        }
        writer.write(bytes).await?;
        if renewed.elapsed() > RENEWAL {
            renew(caller, upload).await?;
            renewed = Instant::now();
        }
    }
    let short = chunk.length.is_some_and(|length| received < length);
    Ok(short.then(|| cut(received)))
}

fn cut(received: u64) -> Error {
    Error::invalid(
        "body",
        format!("the chunk was cut after {received} bytes; ask how far the upload is, and go on"),
    )
}

fn check_length(caller: &Caller, size: u64) -> Result<()> {
    match caller.config().registry.max_image_size {
        Some(limit) if size > limit.bytes() => Err(Error::TooLarge {
            what: "blob",
            limit: limit.bytes(),
        }),
        _ => Ok(()),
    }
}

async fn renew(caller: &Caller, upload: &BlobUpload) -> Result<()> {
    let _turn = caller.turn_to_write().await;
    blob_upload::Entity::update_many()
        .col_expr(
            blob_upload::Column::ExpiresAt,
            Expr::value(caller.now() + retention(caller)),
        )
        .filter(blob_upload::Column::Id.eq(upload.id()))
        .exec(caller.db())
        .await?;
    Ok(())
}

/// Counts a chunk that has arrived, unless another came before it; then it is thrown away.
async fn keep(caller: &Caller, upload: BlobUpload, staged: &Staged) -> Result<BlobUpload> {
    if staged.size == 0 {
        caller.storage().discard(&staged.key).await?;
        return Ok(upload);
    }
    let counted = count(caller, upload, staged).await;
    if counted.is_err() {
        caller.storage().discard(&staged.key).await?;
    }
    counted
}

async fn count(caller: &Caller, upload: BlobUpload, staged: &Staged) -> Result<BlobUpload> {
    caller.storage().settle().await?;
    let (before, size) = (upload.row.received, signed_size(staged.size)?);
    let chunk = blob_chunk::ActiveModel {
        upload_id: Set(upload.id()),
        start: Set(before),
        staged: Set(staged.key.clone()),
        size: Set(size),
        digest: Set(staged.digest.to_string()),
    };
    let expires_at = caller.now() + retention(caller);
    let next = blob_upload::Entity::update_many()
        .col_expr(blob_upload::Column::Received, Expr::value(before + size))
        .col_expr(blob_upload::Column::ExpiresAt, Expr::value(expires_at))
        .filter(blob_upload::Column::Id.eq(upload.id()))
        .filter(blob_upload::Column::Received.eq(before));
    let counted = caller
        .change(async |tx| {
            if next.exec(tx.db()).await?.rows_affected == 0 {
                return Ok(Change::none(false));
            }
            chunk.insert(tx.db()).await?;
            Ok(Change::none(true))
        })
        .await?;
    match counted {
        true => Ok(BlobUpload {
            row: blob_upload::Model {
                received: before + size,
                expires_at,
                ..upload.row
            },
        }),
        false => Err(Error::OutOfOrder {
            received: now(caller, &upload).await?,
        }),
    }
}

/// How far an upload is that somebody else brought forward.
async fn now(caller: &Caller, upload: &BlobUpload) -> Result<u64> {
    let row = internal::<blob_upload::Entity>()
        .filter(blob_upload::Column::Id.eq(upload.id()))
        .one(caller.db())
        .await?;
    row.map(|row| row.received.unsigned_abs())
        .ok_or(Error::NotFound("upload"))
}

async fn chunks(caller: &Caller, upload: &BlobUpload) -> Result<Vec<Staged>> {
    let rows = internal::<blob_chunk::Entity>()
        .filter(blob_chunk::Column::UploadId.eq(upload.id()))
        .order_by_asc(blob_chunk::Column::Start)
        .all(caller.db())
        .await?;
    let staged = |row: blob_chunk::Model| {
        Ok(Staged {
            key: row.staged,
            size: row.size.unsigned_abs(),
            digest: row.digest.parse()?,
        })
    };
    rows.into_iter().map(staged).collect()
}

/// Gives an upload up.
pub async fn cancel(caller: &Caller, upload: BlobUpload) -> Result<()> {
    let chunks = chunks(caller, &upload).await?;
    forget(caller.db(), &upload).await?;
    for staged in chunks {
        caller.storage().discard(&staged.key).await?;
    }
    Ok(())
}

/// False: it is over already.
async fn forget(db: &impl ConnectionTrait, upload: &BlobUpload) -> Result<bool> {
    let forgotten = blob_upload::Entity::delete_many()
        .filter(blob_upload::Column::Id.eq(upload.id()))
        .exec(db)
        .await?;
    Ok(forgotten.rows_affected > 0)
}

/// Ends uploads whose time has run out, and counts them. Their chunks are leftovers then.
pub(in crate::registry) async fn expire(caller: &Caller, dry_run: bool) -> Result<u64> {
    use sea_orm::PaginatorTrait;
    let over = blob_upload::Column::ExpiresAt.lte(caller.now());
    if dry_run {
        let rows = internal::<blob_upload::Entity>().filter(over);
        return Ok(rows.count(caller.db()).await?);
    }
    let _turn = caller.turn_to_write().await;
    let delete = blob_upload::Entity::delete_many().filter(over);
    Ok(delete.exec(caller.db()).await?.rows_affected)
}

/// Those of staged objects that uploads under way still need.
pub(in crate::registry) async fn staged_among(
    caller: &Caller,
    keys: &[&str],
) -> Result<HashSet<String>> {
    use sea_orm::QuerySelect;
    let needed = internal::<blob_chunk::Entity>()
        .filter(blob_chunk::Column::Staged.is_in(keys.iter().copied()))
        .select_only()
        .column(blob_chunk::Column::Staged);
    let needed: Vec<String> = needed.into_tuple().all(caller.db()).await?;
    Ok(needed.into_iter().collect())
}
