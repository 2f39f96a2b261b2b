//! Collection of garbage: what nothing refers to goes, beside a working server.
use std::{
    collections::HashSet,
    future::ready,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use entity::{blob, container, container_blob, id::ContainerId, image, manifest, manifest_part};
use futures::{TryStreamExt, pin_mut};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Func, IntoIden, Query},
};

use super::remove::{Claim, claimable};
use crate::{
    access::internal,
    error::{Error, Result},
    event::Change,
    metrics::{Lot, Sweep},
    registry::{
        Caller, Digest, blob_upload, container as containers, job, manifest::delete_outdated,
        place, scrub, upload, usage,
    },
    storage,
};

/// How many blobs or staged objects the database is asked about at once.
pub(super) const BATCH: usize = 500;

/// What collection did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Blobs that no image refers to.
    pub blobs: Vec<(Digest, u64)>,
    /// Staged leftovers of uploads that ended badly.
    pub staged: Vec<String>,
    /// Damaged blobs that were put aside and are whole again.
    pub aside: Vec<Digest>,
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
/// [`Error::Forbidden`] for anybody but the site; those of [`place::check`], of database and storage.
pub async fn collect(caller: &Caller, grace: Duration, dry_run: bool) -> Result<Collected> {
    check_admin(caller)?;
    place::check(caller).await?;
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
    collected.staged = collect_staged(caller, grace, dry_run).await?;
    collected.aside = scrub::clear(caller, grace, dry_run).await?;
    if !dry_run {
        let sweep = weigh(caller, young, &collected).await?;
        caller.metrics().garbage.swept(&sweep, begun.elapsed());
    }
    Ok(collected)
}

/// Staged bytes that no upload needs.
async fn collect_staged(caller: &Caller, grace: Duration, dry_run: bool) -> Result<Vec<String>> {
    let mut collected = Vec::new();
    let leftovers = caller.storage().staged_older_than(grace).await?;
    for some in leftovers.chunks(BATCH) {
        let keys: Vec<&str> = some.iter().map(|leftover| leftover.key.as_str()).collect();
        let mut kept = upload::staged_among(caller, &keys).await?;
        kept.extend(blob_upload::staged_among(caller, &keys).await?);
        for key in keys.into_iter().filter(|key| !kept.contains(*key)) {
            if !dry_run {
                caller.storage().discard(key).await?;
            }
            collected.push(key.to_owned());
        }
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
                .limit(BATCH as u64)
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
            .filter(claimable(caller, young))
            .order_by_asc(blob::Column::Digest)
            .limit(BATCH as u64)
            .all(caller.db())
            .await?;
        let Some(last) = candidates.last() else {
            return Ok(());
        };
        after.clone_from(&last.digest);
        for row in candidates {
            let digest = row.digest.parse()?;
            if dry_run || remove(caller, &digest, young).await? {
                collected.blobs.push((digest, row.size.unsigned_abs()));
                job::told(caller, |progress| progress.found(1));
            }
            job::told(caller, |progress| progress.did(1));
        }
    }
}

async fn remove(caller: &Caller, digest: &Digest, young: DateTime<Utc>) -> Result<bool> {
    let unreferenced = unreferenced(DateTime::UNIX_EPOCH);
    match Claim::of(caller, digest, young, unreferenced).await? {
        Some(claim) => claim.remove(caller).await,
        None => Ok(false),
    }
}

/// Stored bytes without a row: their push was killed between bytes and rows, or a database was restored.
async fn collect_orphans(
    caller: &Caller,
    grace: Duration,
    dry_run: bool,
    collected: &mut Collected,
) -> Result<()> {
    let old = |blob: &storage::Blob| {
        let age = blob.published.and_then(|at| at.elapsed().ok());
        age.is_some_and(|age| age > grace)
    };
    let blobs = caller.storage().blobs();
    let blobs = blobs.try_filter(|blob| ready(old(blob))).try_chunks(BATCH);
    pin_mut!(blobs);
    while let Some(some) = blobs.try_next().await.map_err(|failure| failure.1)? {
        job::told(caller, |progress| progress.did(some.len() as u64));
        for orphan in unknown(caller, some).await? {
            if dry_run || remove_orphan(caller, &orphan).await? {
                collected.blobs.push((orphan.digest, orphan.size));
                job::told(caller, |progress| progress.found(1));
            }
        }
    }
    Ok(())
}

async fn remove_orphan(caller: &Caller, orphan: &storage::Blob) -> Result<bool> {
    match Claim::of_orphan(caller, orphan).await? {
        Some(claim) => claim.remove(caller).await,
        None => Ok(false),
    }
}

/// Those of stored blobs that have no row. One statement.
pub(super) async fn unknown(
    caller: &Caller,
    stored: Vec<storage::Blob>,
) -> Result<Vec<storage::Blob>> {
    let digests = stored.iter().map(|blob| blob.digest.to_string());
    let known: Vec<String> = internal::<blob::Entity>()
        .filter(blob::Column::Digest.is_in(digests))
        .select_only()
        .column(blob::Column::Digest)
        .into_tuple()
        .all(caller.db())
        .await?;
    let known: HashSet<String> = known.into_iter().collect();
    let is_unknown = |blob: &storage::Blob| !known.contains(&blob.digest.to_string());
    Ok(stored.into_iter().filter(is_unknown).collect())
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
