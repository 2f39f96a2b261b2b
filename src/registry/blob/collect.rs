//! Collection of garbage: what nothing refers to goes, beside a working server.
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use entity::{blob, container, container_blob, id::ContainerId, image, manifest, manifest_part};
use futures::{TryStreamExt, pin_mut};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    TryInsertResult,
    sea_query::{Expr, Func, IntoIden, OnConflict, Query},
};

use crate::{
    access::internal,
    error::{Error, Result},
    event::Change,
    metrics::{Lot, Sweep},
    registry::{
        Caller, Digest, blob_upload, container as containers, image::signed_size,
        manifest::delete_outdated, upload, usage,
    },
};

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
    check_admin(caller)?;
    let begun = Instant::now();
    let mut collected = Collected {
        uploads: upload::expire(caller, dry_run).await?
            + blob_upload::expire(caller, dry_run).await?,
        ..Collected::default()
    };
    let young = caller.ago(grace);
    if !dry_run {
        delete_outdated(caller, young).await?;
        unlink_unnamed(caller, young).await?;
    }
    collect_rows(caller, young, dry_run, &mut collected).await?;
    collect_orphans(caller, grace, dry_run, &mut collected).await?;
    let mut kept = upload::staged_keys(caller).await?;
    kept.extend(blob_upload::staged_keys(caller).await?);
    for leftover in caller.storage().staged_older_than(grace).await? {
        if !kept.contains(&leftover.key) {
            if !dry_run {
                caller.storage().discard(&leftover.key).await?;
            }
            collected.staged.push(leftover.key);
        }
    }
    if !dry_run {
        let sweep = weigh(caller, young, &collected).await?;
        caller.metrics().garbage.swept(&sweep, begun.elapsed());
    }
    Ok(collected)
}

/// What a collection took, and what it left.
async fn weigh(caller: &Caller, young: DateTime<Utc>, collected: &Collected) -> Result<Sweep> {
    let all = lot(caller, Condition::all()).await?;
    let unneeded = unreferenced(DateTime::UNIX_EPOCH).add(blob::Column::TouchedAt.gte(young));
    let young = lot(caller, unneeded).await?;
    Ok(Sweep {
        removed: Lot {
            blobs: collected.blobs.len() as u64,
            bytes: collected.bytes(),
        },
        needed: Lot {
            blobs: all.blobs.saturating_sub(young.blobs),
            bytes: all.bytes.saturating_sub(young.bytes),
        },
        young,
        staged: collected.staged.len() as u64,
        uploads: collected.uploads,
    })
}

/// How many blobs fulfil a condition, and their bytes.
async fn lot(caller: &Caller, condition: Condition) -> Result<Lot> {
    let bytes = Func::coalesce([blob::Column::Size.sum(), Expr::val(0_i64)]);
    let row: Option<(i64, i64)> = internal::<blob::Entity>()
        .filter(condition)
        .select_only()
        .column_as(blob::Column::Digest.count(), "blobs")
        .column_as(Expr::expr(bytes).cast_as("bigint"), "bytes")
        .into_tuple()
        .one(caller.db())
        .await?;
    let (blobs, bytes) = row.unwrap_or_default();
    Ok(Lot {
        blobs: blobs.unsigned_abs(),
        bytes: bytes.unsigned_abs(),
    })
}

pub(super) fn check_admin(caller: &Caller) -> Result<()> {
    if caller.actor().is_site_admin() {
        return Ok(());
    }
    caller.account()?;
    Err(Error::Forbidden(
        "only an administrator may collect garbage".into(),
    ))
}

/// Takes blobs from containers in which no manifest and no image came to name them. One that is needed meanwhile is
/// brought again by whoever needs it: the link of a blob whose manifest is pushed is renewed with it.
async fn unlink_unnamed(caller: &Caller, young: DateTime<Utc>) -> Result<()> {
    let mut from = ContainerId(0);
    loop {
        let first = internal::<container_blob::Entity>()
            .filter(container_blob::Column::ContainerId.gte(from))
            .filter(unnamed(young))
            .order_by_asc(container_blob::Column::ContainerId)
            .one(caller.db())
            .await?;
        let Some(link) = first else {
            return Ok(());
        };
        from = link.container_id;
        unlink_unnamed_in(caller, from, young).await?;
    }
}

/// The same for one container.
async fn unlink_unnamed_in(
    caller: &Caller,
    container: ContainerId,
    young: DateTime<Utc>,
) -> Result<()> {
    caller
        .change(async |tx| {
            if !containers::lock_if_there(tx, container).await? {
                return Ok(Change::none(()));
            }
            let digests: Vec<String> = internal::<container_blob::Entity>()
                .filter(container_blob::Column::ContainerId.eq(container))
                .filter(unnamed(young))
                .select_only()
                .column(container_blob::Column::Digest)
                .limit(500)
                .into_tuple()
                .all(tx.db())
                .await?;
            container_blob::Entity::delete_many()
                .filter(container_blob::Column::ContainerId.eq(container))
                .filter(container_blob::Column::Digest.is_in(&digests))
                .exec(tx.db())
                .await?;
            for digest in &digests {
                usage::blob_unlinked(tx, container, digest);
            }
            Ok(Change::none(()))
        })
        .await
}

/// Links older than that to blobs that nothing in their container names. What is in the trash keeps its own.
fn unnamed(young: DateTime<Utc>) -> Condition {
    let parts = Query::select()
        .expr(Expr::val(1))
        .from(manifest_part::Entity)
        .inner_join(
            manifest::Entity,
            Expr::col((manifest::Entity, manifest::Column::Id))
                .equals((manifest_part::Entity, manifest_part::Column::ManifestId)),
        )
        .and_where(same_container(
            manifest::Entity,
            manifest::Column::ContainerId,
        ))
        .and_where(same_digest(
            manifest_part::Entity,
            manifest_part::Column::Digest,
        ))
        .to_owned();
    let images = Query::select()
        .expr(Expr::val(1))
        .from(image::Entity)
        .and_where(same_container(image::Entity, image::Column::ContainerId))
        .and_where(same_digest(image::Entity, image::Column::Blob))
        .to_owned();
    let trash = Query::select()
        .expr(Expr::val(1))
        .from(container::Entity)
        .and_where(same_container(container::Entity, container::Column::Id))
        .and_where(Expr::col((container::Entity, container::Column::TrashId)).is_not_null())
        .to_owned();
    Condition::all()
        .add(container_blob::Column::LinkedAt.lt(young))
        .add(Expr::not_exists(trash))
        .add(Expr::not_exists(parts))
        .add(Expr::not_exists(images))
}

fn same_container(table: impl IntoIden, column: impl IntoIden) -> Expr {
    Expr::col((table, column)).equals((container_blob::Entity, container_blob::Column::ContainerId))
}

fn same_digest(table: impl IntoIden, column: impl IntoIden) -> Expr {
    Expr::col((table, column)).equals((container_blob::Entity, container_blob::Column::Digest))
}

/// Blobs with a row that nothing refers to.
async fn collect_rows(
    caller: &Caller,
    young: DateTime<Utc>,
    dry_run: bool,
    collected: &mut Collected,
) -> Result<()> {
    // Links that name nothing are gone; a dry run takes them for gone.
    let links = match dry_run {
        true => young,
        false => DateTime::UNIX_EPOCH,
    };
    let mut after = String::new();
    loop {
        let candidates = internal::<blob::Entity>()
            .filter(blob::Column::Digest.gt(after.as_str()))
            .filter(unreferenced(links))
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
async fn remove(caller: &Caller, row: &blob::Model, young: DateTime<Utc>) -> Result<bool> {
    if !mark(caller, &row.digest, young).await? {
        return Ok(false);
    }
    remove_marked(caller, &row.digest.parse()?).await?;
    Ok(true)
}

/// Marks a blob, unless it was touched or referred to meanwhile. Whoever holds the row is waited for, and only the next
/// statement sees what they did.
async fn mark(caller: &Caller, digest: &str, young: DateTime<Utc>) -> Result<bool> {
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
                .filter(unreferenced(DateTime::UNIX_EPOCH))
                .exec(tx.db())
                .await?;
            Ok(Change::none(marked.rows_affected > 0))
        })
        .await
}

async fn remove_marked(caller: &Caller, digest: &Digest) -> Result<()> {
    caller.storage().remove(digest).await?;
    let _turn = caller.turn_to_write().await;
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
        size: Set(signed_size(orphan.size)?),
        touched_at: Set(DateTime::UNIX_EPOCH),
        removing: Set(true),
        verified_at: Set(None),
        damaged_at: Set(None),
    };
    let unless_there = OnConflict::column(blob::Column::Digest)
        .do_nothing()
        .to_owned();
    let turn = caller.turn_to_write().await;
    let added = blob::Entity::insert(row)
        .on_conflict(unless_there)
        .try_insert()
        .exec_without_returning(caller.db())
        .await?;
    drop(turn);
    if !matches!(added, TryInsertResult::Inserted(1)) {
        return Ok(false);
    }
    remove_marked(caller, &orphan.digest).await?;
    Ok(true)
}

pub(super) async fn known(caller: &Caller, digest: &Digest) -> Result<bool> {
    let row = internal::<blob::Entity>()
        .filter(blob::Column::Digest.eq(digest.to_string()))
        .one(caller.db())
        .await?;
    Ok(row.is_some())
}

/// Blobs that no image has, and no container but by links that are older than that and name nothing.
fn unreferenced(young: DateTime<Utc>) -> Condition {
    let images = Query::select()
        .expr(Expr::val(1))
        .from(image::Entity)
        .and_where(
            Expr::col((image::Entity, image::Column::Blob))
                .equals((blob::Entity, blob::Column::Digest)),
        )
        .to_owned();
    let containers = Query::select()
        .expr(Expr::val(1))
        .from(container_blob::Entity)
        .and_where(
            Expr::col((container_blob::Entity, container_blob::Column::Digest))
                .equals((blob::Entity, blob::Column::Digest)),
        )
        .cond_where(unnamed(young).not())
        .to_owned();
    Condition::all()
        .add(Expr::not_exists(images))
        .add(Expr::not_exists(containers))
}
