//! Blobs: bytes by digest, one copy whatever the door and the name.
//!
//! Bytes come first, rows second, and [`collect()`] may run at any time. Bytes without a row are left alone while they are
//! young. Whoever publishes bytes that have a row announces that before; collection marks a row before it removes the
//! bytes, and never one that was announced within the time of grace. Should a push take longer than that, it finds its
//! bytes gone while it holds their row, and fails.
mod collect;
mod explain;
mod remove;

use std::{collections::HashMap, ops::Range};

use bytes::Bytes;
use chrono::TimeDelta;
use entity::{
    blob, collection, container, container_blob, id::ContainerId, manifest, manifest_part,
};
use futures::Stream;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait,
    Set,
    sea_query::{Expr, OnConflict},
};

pub use collect::{Collected, collect};
pub use explain::{Decision, Hold, Reason, What, explain, explain_one};

use super::{
    Caller, Digest, Tx, container as containers, image::Image, path::ContainerPath,
    protection::check_frozen, usage,
};
use crate::{
    access::{Actor, Admin, Pull, Push, internal, open, rows},
    error::{Error, Result},
    event::{Change, Event},
};

/// A blob that a container holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its digest.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
}

/// A blob of the container that is or was at `path`, and that container.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see.
pub async fn find(
    caller: &Caller,
    path: &ContainerPath,
    digest: &Digest,
) -> Result<(ContainerId, Stored)> {
    let container = containers::find(caller, path).await?;
    of_container(caller, container.id, digest).await
}

/// A blob of the container that is at `path` now, for those who are about to push there. What storage has lost is not there, so
/// that it is pushed again.
///
/// # Errors
/// Those of [`find`].
pub async fn find_here(
    caller: &Caller,
    path: &ContainerPath,
    digest: &Digest,
) -> Result<(ContainerId, Stored)> {
    let container = containers::find_here(caller, path).await?.id;
    Ok((container, find_in(caller, container, digest).await?))
}

/// The same for a container that was found.
pub(in crate::registry) async fn find_in(
    caller: &Caller,
    container: ContainerId,
    digest: &Digest,
) -> Result<Stored> {
    let (_, found) = of_container(caller, container, digest).await?;
    match caller.storage().blob(digest).await? {
        Some(_) => Ok(found),
        None => Err(Error::NotFound("blob")),
    }
}

async fn of_container(
    caller: &Caller,
    container: ContainerId,
    digest: &Digest,
) -> Result<(ContainerId, Stored)> {
    let stored = held(caller.db(), caller.actor(), digest, Some(container)).await?;
    Ok((container, stored.ok_or(Error::NotFound("blob"))?))
}

/// A blob of `container`, or of any, that the actor may pull. One statement.
async fn held(
    db: &impl ConnectionTrait,
    actor: &Actor,
    digest: &Digest,
    container: Option<ContainerId>,
) -> Result<Option<Stored>> {
    let held = rows::<Pull, container::Entity>(actor)
        .into_select()
        .join(
            JoinType::InnerJoin,
            container_blob::Relation::Container.def().rev(),
        )
        .join(JoinType::InnerJoin, container_blob::Relation::Blob.def())
        .filter(container_blob::Column::Digest.eq(digest.to_string()))
        .filter(blob::Column::DamagedAt.is_null())
        .select_only()
        .column(blob::Column::Size)
        .limit(1);
    let held = match container {
        Some(id) => held.filter(container::Column::Id.eq(id)),
        None => held,
    };
    let size: Option<i64> = held.into_tuple().one(db).await?;
    Ok(size.map(|size| Stored {
        digest: *digest,
        size: size.unsigned_abs(),
    }))
}

/// Whether the namespace of a container holds a blob where the caller may see it.
pub(in crate::registry) async fn is_beside(
    caller: &Caller,
    container: ContainerId,
    digest: &Digest,
) -> Result<bool> {
    let digest = container_blob::Column::Digest.eq(digest.to_string());
    let holders = rows::<Pull, container::Entity>(caller.actor())
        .into_select()
        .join(JoinType::InnerJoin, container::Relation::Collection.def())
        .join(
            JoinType::InnerJoin,
            container_blob::Relation::Container.def().rev(),
        )
        .filter(collection::Column::NamespaceId.in_subquery(containers::namespace_of(container)))
        .filter(digest)
        .select_only()
        .column(container::Column::Id)
        .limit(1);
    Ok(holders
        .into_tuple::<i64>()
        .one(caller.db())
        .await?
        .is_some())
}

/// Reads a range of a blob that was found, in large pieces.
///
/// # Errors
/// [`Error::Unavailable`] when storage does not answer or has lost the blob.
pub async fn read_stored(
    caller: &Caller,
    blob: &Stored,
    range: Range<u64>,
) -> Result<impl Stream<Item = std::io::Result<Bytes>> + Send + 'static + use<>> {
    match caller.storage().read(&blob.digest, range).await {
        Err(Error::NotFound(_)) => Err(lost(&blob.digest)),
        read => read,
    }
}

/// Where a container takes a blob from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// This container alone.
    pub from: Option<&'a ContainerPath>,
    /// What everybody may pull alone, since what the caller shows is good for other containers.
    pub open: bool,
}

/// Gives a container a blob of another one that the caller may pull from. `None`: there is none, or storage has lost it, so it
/// must be uploaded.
///
/// # Errors
/// [`Error::Unauthenticated`] for what the caller may pull, but not with what they show; [`Error::Forbidden`] and others of
/// [`containers::create`], where the container is not there and may not be made.
pub async fn mount(
    caller: &Caller,
    path: &ContainerPath,
    digest: &Digest,
    source: Source<'_>,
) -> Result<Option<Stored>> {
    let from = match source.from {
        None => None,
        Some(from) => match containers::find(caller, from).await {
            Ok(container) => Some(container.id),
            Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        },
    };
    let reader = match source.open {
        true => &Actor::Anonymous,
        false => caller.actor(),
    };
    let there = held(caller.db(), reader, digest, from).await?;
    if there.is_none() {
        check_shown(caller, digest, from).await?;
    }
    if there.is_none() || caller.storage().blob(digest).await?.is_none() {
        return Ok(None);
    }
    let container = containers::reach(caller, path).await?.id;
    caller
        .change(async |tx| {
            let container = open::<Push, container::Entity>(tx.db(), tx.actor(), container).await?;
            containers::lock(tx, container.id).await?;
            check_frozen(tx.db(), &container).await?;
            let path = containers::path(tx, &container).await?;
            // What was seen may have been removed before it is held.
            let text = digest.to_string();
            let kept = hold(tx, &text).await?;
            let still = held(tx.db(), reader, digest, from).await?;
            let Some(stored) = still.filter(|_| kept) else {
                return Ok(Change::none(None));
            };
            link(tx, container.id, &text).await?;
            Ok(Event::new("blob.mount", path, digest).with(Some(stored)))
        })
        .await
}

/// # Errors
/// [`Error::Unauthenticated`] for a blob of `from` that the caller may pull, so that they fetch a token that is good for both.
async fn check_shown(caller: &Caller, digest: &Digest, from: Option<ContainerId>) -> Result<()> {
    if from.is_none()
        || held(caller.db(), caller.actor(), digest, from)
            .await?
            .is_none()
    {
        return Ok(());
    }
    let why =
        "the token is not good for pulling the blob; fetch one that is good for both repositories";
    Err(Error::Unauthenticated(why.into()))
}

/// Notes that a container, whose lock is held, holds a blob whose row is held by the transaction.
pub(in crate::registry) async fn link(tx: &Tx, container: ContainerId, digest: &str) -> Result<()> {
    let renewed = container_blob::Entity::update_many()
        .col_expr(container_blob::Column::LinkedAt, Expr::value(tx.now()))
        .filter(container_blob::Column::ContainerId.eq(container))
        .filter(container_blob::Column::Digest.eq(digest))
        .exec(tx.db())
        .await?;
    if renewed.rows_affected > 0 {
        return Ok(());
    }
    let row = container_blob::ActiveModel {
        container_id: Set(container),
        digest: Set(digest.to_owned()),
        linked_at: Set(tx.now()),
    };
    container_blob::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await?;
    usage::blob_linked(tx, container, digest);
    Ok(())
}

/// Takes a blob from a container. Its bytes go when no other holds them.
///
/// # Errors
/// [`Error::NotFound`] when the container does not hold it; [`Error::Conflict`] while a manifest names it.
pub async fn unlink(caller: &Caller, path: &ContainerPath, digest: &Digest) -> Result<()> {
    let container = containers::at::<Admin>(caller, path).await?.id;
    let text = digest.to_string();
    caller
        .change(async |tx| {
            let container =
                open::<Admin, container::Entity>(tx.db(), tx.actor(), container).await?;
            containers::lock(tx, container.id).await?;
            check_frozen(tx.db(), &container).await?;
            let path = containers::path(tx, &container).await?;
            if is_named(tx, container.id, &text).await? {
                let why =
                    format!("a manifest of {path} names this blob; delete the manifest first");
                return Err(Error::Conflict(why));
            }
            match drop_link(tx, container.id, &text).await? {
                false => Err(Error::NotFound("blob")),
                true => Ok(Event::new("blob.delete", path, digest).with(())),
            }
        })
        .await
}

/// Takes the blob of an image that is gone from its container, whose lock is held, unless a manifest there names it: what
/// was deleted is not to be had by its digest until a collection comes by.
pub(in crate::registry) async fn release(
    tx: &Tx,
    container: ContainerId,
    digest: &str,
) -> Result<()> {
    if !is_named(tx, container, digest).await? {
        drop_link(tx, container, digest).await?;
    }
    Ok(())
}

/// False: there was no link.
async fn drop_link(tx: &Tx, container: ContainerId, digest: &str) -> Result<bool> {
    let gone = container_blob::Entity::delete_many()
        .filter(container_blob::Column::ContainerId.eq(container))
        .filter(container_blob::Column::Digest.eq(digest))
        .exec(tx.db())
        .await?;
    let dropped = gone.rows_affected > 0;
    if dropped {
        usage::blob_unlinked(tx, container, digest);
    }
    Ok(dropped)
}

/// Whether a manifest of the container names a blob.
async fn is_named(tx: &Tx, container: ContainerId, digest: &str) -> Result<bool> {
    let part = internal::<manifest_part::Entity>()
        .join(JoinType::InnerJoin, manifest_part::Relation::Manifest.def())
        .filter(manifest::Column::ContainerId.eq(container))
        .filter(manifest_part::Column::Digest.eq(digest))
        .limit(1);
    Ok(part.one(tx.db()).await?.is_some())
}

/// Those of `digests` that the container holds whole, with their sizes in bytes. Until the end of the transaction they stay there.
pub(in crate::registry) async fn keep_linked(
    tx: &Tx,
    container: ContainerId,
    digests: &[String],
) -> Result<HashMap<String, u64>> {
    container_blob::Entity::update_many()
        .col_expr(container_blob::Column::LinkedAt, Expr::value(tx.now()))
        .filter(container_blob::Column::ContainerId.eq(container))
        .filter(container_blob::Column::Digest.is_in(digests))
        .exec(tx.db())
        .await?;
    let rows: Vec<(String, i64)> = internal::<container_blob::Entity>()
        .join(JoinType::InnerJoin, container_blob::Relation::Blob.def())
        .filter(container_blob::Column::ContainerId.eq(container))
        .filter(container_blob::Column::Digest.is_in(digests))
        .filter(blob::Column::DamagedAt.is_null())
        .select_only()
        .column(container_blob::Column::Digest)
        .column(blob::Column::Size)
        .into_tuple()
        .all(tx.db())
        .await?;
    let size = |(digest, size): (String, i64)| (digest, size.unsigned_abs());
    Ok(rows.into_iter().map(size).collect())
}

/// Reads a range of an image's bytes, in large pieces.
///
/// # Errors
/// [`Error::NotFound`] while the image is not uploaded; [`Error::Unavailable`] when storage does not answer.
pub async fn read(
    caller: &Caller,
    image: &Image,
    range: Range<u64>,
) -> Result<impl Stream<Item = std::io::Result<Bytes>> + Send + 'static + use<>> {
    let digest = image.blob.as_deref().ok_or(Error::NotFound("image"))?;
    let blob = Stored {
        digest: digest.parse()?,
        size: image.size.unsigned_abs(),
    };
    read_stored(caller, &blob, range).await
}

/// The row says that the bytes are there, so it is storage that lost them: a folder that is not mounted, a bucket that
/// was emptied.
fn lost(digest: &Digest) -> Error {
    let source = anyhow::anyhow!("the bytes of {digest} are not in storage");
    Error::Unavailable {
        what: "storage",
        source,
    }
}

/// How long it is enough to have been touched. Every collection waits longer.
const TOUCHED: TimeDelta = TimeDelta::minutes(5);

/// Says that these bytes are about to be published, so that collection leaves them alone. Nobody needs to be told of bytes
/// that nobody had, nor of those that were touched just now.
///
/// # Errors
/// [`Error::Unavailable`] while the same bytes are being collected: a moment later they may be pushed again.
pub(in crate::registry) async fn announce(
    caller: &Caller,
    digest: &Digest,
    size: u64,
) -> Result<()> {
    match touched(caller, digest).await? {
        None | Some(true) => Ok(()),
        Some(false) => keep_row(caller, digest, size).await,
    }
}

/// As [`announce`], and makes the row: for bytes that whoever needs them does not bring.
pub(in crate::registry) async fn announce_row(
    caller: &Caller,
    digest: &Digest,
    size: u64,
) -> Result<()> {
    match touched(caller, digest).await? {
        Some(true) => Ok(()),
        None | Some(false) => keep_row(caller, digest, size).await,
    }
}

/// Whether the row was touched just now; `None`: there is none.
async fn touched(caller: &Caller, digest: &Digest) -> Result<Option<bool>> {
    let row = internal::<blob::Entity>()
        .filter(blob::Column::Digest.eq(digest.to_string()))
        .one(caller.db())
        .await?;
    let recent = caller.ago(caller.config().storage.staging_retention.get() / 2);
    let recent = recent.max(caller.now() - TOUCHED);
    Ok(row.map(|row| !row.removing && row.touched_at > recent))
}

async fn keep_row(caller: &Caller, digest: &Digest, size: u64) -> Result<()> {
    caller
        .change(async |tx| {
            touch(tx, &digest.to_string(), size).await?;
            Ok(Change::none(()))
        })
        .await
}

/// Adds the row, or renews the one that is there.
pub(in crate::registry) async fn touch(tx: &Tx, digest: &str, size: u64) -> Result<()> {
    let row = blob::ActiveModel {
        digest: Set(digest.to_owned()),
        size: Set(super::image::signed_size(size)?),
        touched_at: Set(tx.now()),
        removing: Set(false),
        verified_at: Set(None),
        damaged_at: Set(None),
    };
    let renew = OnConflict::column(blob::Column::Digest)
        .update_column(blob::Column::TouchedAt)
        .to_owned();
    let row = blob::Entity::insert(row)
        .on_conflict(renew)
        .exec_with_returning(tx.db())
        .await?;
    match row.removing {
        false => Ok(()),
        true => Err(Error::Unavailable {
            what: "storage",
            source: anyhow::anyhow!("{digest} is being collected"),
        }),
    }
}

/// Keeps collection away from a blob until the end of the transaction, and for the time of grace. False: it is not there,
/// or being collected.
pub(in crate::registry) async fn hold(tx: &Tx, digest: &str) -> Result<bool> {
    let held = blob::Entity::update_many()
        .col_expr(blob::Column::TouchedAt, Expr::value(tx.now()))
        .filter(blob::Column::Digest.eq(digest))
        .filter(blob::Column::Removing.eq(false))
        .exec(tx.db())
        .await?;
    Ok(held.rows_affected > 0)
}

/// Makes sure that bytes whose row is held were not collected before.
///
/// # Errors
/// [`Error::Unavailable`] when they were: they must be pushed again.
pub(in crate::registry) async fn check_there(caller: &Caller, digest: &Digest) -> Result<()> {
    match caller.storage().blob(digest).await? {
        Some(_) => Ok(()),
        None => Err(lost(digest)),
    }
}
