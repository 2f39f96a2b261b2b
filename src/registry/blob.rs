//! Blobs: bytes by digest, one copy whatever the door and the name.
//!
//! Bytes come first, rows second, and [`collect`] may run at any time. So whoever publishes announces the blob's row
//! before its bytes; collection marks a row before it removes the bytes, and never one that was announced within the
//! time of grace. Should a push take longer than that, it finds its bytes gone while it holds their row, and fails.
use std::{ops::Range, time::Duration};

use bytes::Bytes;
use chrono::TimeDelta;
use entity::{blob, image};
use futures::{Stream, TryStreamExt, pin_mut};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    TryInsertResult,
    sea_query::{Expr, OnConflict, Query},
};

use super::{Caller, Digest, Tx, image::Image};
use crate::{
    access::internal,
    error::{Error, Result},
    event::Change,
};

/// Reads a range of an image's bytes, in large pieces.
///
/// # Errors
/// [`Error::NotFound`] while the image is not uploaded; [`Error::Unavailable`] when storage does not answer.
pub async fn read(
    caller: &Caller,
    image: &Image,
    range: Range<u64>,
) -> Result<impl Stream<Item = std::io::Result<Bytes>> + Send + 'static + use<>> {
    let blob: Digest = image
        .blob
        .as_deref()
        .ok_or(Error::NotFound("image"))?
        .parse()?;
    match caller.storage().read(&blob, range).await {
        Err(Error::NotFound(_)) => Err(lost(&blob)),
        read => read,
    }
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

/// Says that these bytes are about to be published, so that collection leaves them alone.
///
/// # Errors
/// [`Error::Unavailable`] while the same bytes are being collected: a moment later they may be pushed again.
pub(in crate::registry) async fn announce(
    caller: &Caller,
    digest: &Digest,
    size: u64,
) -> Result<()> {
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
    };
    let renew = OnConflict::column(blob::Column::Digest)
        .update_column(blob::Column::TouchedAt)
        .to_owned();
    blob::Entity::insert(row)
        .on_conflict(renew)
        .exec_without_returning(tx.db())
        .await?;
    let row = internal::<blob::Entity>()
        .filter(blob::Column::Digest.eq(digest))
        .one(tx.db())
        .await?;
    match row {
        Some(row) if !row.removing => Ok(()),
        _ => Err(Error::Unavailable {
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

/// What collection did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Blobs that no image refers to.
    pub blobs: Vec<(Digest, u64)>,
    /// Staged leftovers of uploads that ended badly.
    pub staged: Vec<String>,
    /// Uploads whose time has run out.
    pub uploads: u64,
}

impl Collected {
    /// How many bytes of blobs.
    pub fn bytes(&self) -> u64 {
        self.blobs.iter().map(|(_, size)| size).sum()
    }
}

/// Removes blobs that no image refers to and leftovers of uploads, both only if untouched for `grace`. Runs beside a
/// working server. A dry run removes nothing and reports the same.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but the site; those of database and storage.
pub async fn collect(caller: &Caller, grace: Duration, dry_run: bool) -> Result<Collected> {
    if !caller.actor().is_site_admin() {
        return Err(Error::Forbidden(
            "only an administrator may collect garbage".into(),
        ));
    }
    let mut collected = Collected {
        uploads: super::upload::expire(caller, dry_run).await?,
        ..Collected::default()
    };
    collect_rows(caller, grace, dry_run, &mut collected).await?;
    collect_orphans(caller, grace, dry_run, &mut collected).await?;
    let kept = super::upload::staged_keys(caller).await?;
    for leftover in caller.storage().staged_older_than(grace).await? {
        if !kept.contains(&leftover.key) {
            if !dry_run {
                caller.storage().discard(&leftover.key).await?;
            }
            collected.staged.push(leftover.key);
        }
    }
    Ok(collected)
}

/// Blobs with a row that nothing refers to.
async fn collect_rows(
    caller: &Caller,
    grace: Duration,
    dry_run: bool,
    collected: &mut Collected,
) -> Result<()> {
    let young = caller.now() - TimeDelta::from_std(grace).unwrap_or(TimeDelta::MAX);
    let mut after = String::new();
    loop {
        let candidates = internal::<blob::Entity>()
            .filter(blob::Column::Digest.gt(after.as_str()))
            .filter(unreferenced())
            .filter(blob::Column::TouchedAt.lt(young))
            .order_by_asc(blob::Column::Digest)
            .limit(500)
            .all(caller.db())
            .await?;
        let Some(last) = candidates.last() else {
            return Ok(());
        };
        after.clone_from(&last.digest);
        for row in candidates {
            if dry_run || remove(caller, &row, young).await? {
                collected
                    .blobs
                    .push((row.digest.parse()?, row.size.unsigned_abs()));
            }
        }
    }
}

/// Marks, removes the bytes, then removes the row. Killed in between, the next collection goes on where it stopped.
async fn remove(
    caller: &Caller,
    row: &blob::Model,
    young: chrono::DateTime<chrono::Utc>,
) -> Result<bool> {
    if !mark(caller, &row.digest, young).await? {
        return Ok(false);
    }
    remove_marked(caller, &row.digest.parse()?).await?;
    Ok(true)
}

/// Marks a blob, unless it was touched or referred to meanwhile. Whoever holds the row is waited for, and only the next
/// statement sees what they did.
async fn mark(caller: &Caller, digest: &str, young: chrono::DateTime<chrono::Utc>) -> Result<bool> {
    caller
        .change(async |tx| {
            internal::<blob::Entity>()
                .filter(blob::Column::Digest.eq(digest))
                .lock_exclusive()
                .one(tx.db())
                .await?;
            let marked = blob::Entity::update_many()
                .col_expr(blob::Column::Removing, Expr::value(true))
                .filter(blob::Column::Digest.eq(digest))
                .filter(blob::Column::TouchedAt.lt(young))
                .filter(unreferenced())
                .exec(tx.db())
                .await?;
            Ok(Change::none(marked.rows_affected > 0))
        })
        .await
}

async fn remove_marked(caller: &Caller, digest: &Digest) -> Result<()> {
    caller.storage().remove(digest).await?;
    blob::Entity::delete_many()
        .filter(blob::Column::Digest.eq(digest.to_string()))
        .filter(blob::Column::Removing.eq(true))
        .exec(caller.db())
        .await?;
    Ok(())
}

/// Stored bytes without a row: their push was killed between bytes and rows, or a database was restored.
async fn collect_orphans(
    caller: &Caller,
    grace: Duration,
    dry_run: bool,
    collected: &mut Collected,
) -> Result<()> {
    let blobs = caller.storage().blobs();
    pin_mut!(blobs);
    while let Some(blob) = blobs.try_next().await? {
        let old = blob
            .published
            .and_then(|at| at.elapsed().ok())
            .is_some_and(|age| age > grace);
        if !old || known(caller, &blob.digest).await? {
            continue;
        }
        if !dry_run && !remove_orphan(caller, &blob).await? {
            continue;
        }
        collected.blobs.push((blob.digest, blob.size));
    }
    Ok(())
}

/// Gives the bytes a row that is marked, so that nobody publishes the same ones until they are gone. Killed in between, the
/// next collection finds the row old enough.
async fn remove_orphan(caller: &Caller, orphan: &crate::storage::Blob) -> Result<bool> {
    let row = blob::ActiveModel {
        digest: Set(orphan.digest.to_string()),
        size: Set(super::image::signed_size(orphan.size)?),
        touched_at: Set(chrono::DateTime::UNIX_EPOCH),
        removing: Set(true),
    };
    let unless_there = OnConflict::column(blob::Column::Digest)
        .do_nothing()
        .to_owned();
    let added = blob::Entity::insert(row)
        .on_conflict(unless_there)
        .try_insert()
        .exec_without_returning(caller.db())
        .await?;
    if !matches!(added, TryInsertResult::Inserted(1)) {
        return Ok(false);
    }
    remove_marked(caller, &orphan.digest).await?;
    Ok(true)
}

async fn known(caller: &Caller, digest: &Digest) -> Result<bool> {
    let row = internal::<blob::Entity>()
        .filter(blob::Column::Digest.eq(digest.to_string()))
        .one(caller.db())
        .await?;
    Ok(row.is_some())
}

fn unreferenced() -> Expr {
    let images = Query::select()
        .expr(Expr::val(1))
        .from(image::Entity)
        .and_where(
            Expr::col((image::Entity, image::Column::Blob))
                .equals((blob::Entity, blob::Column::Digest)),
        )
        .to_owned();
    Expr::not_exists(images)
}
