//! Reading stored blobs again, to find those that rotted before somebody needs them.
//!
//! Each blob's row tells when it was last read, so a run that was stopped goes on where it was. What is damaged is put
//! aside, where no reader meets it, and the next push of the same bytes brings it back; some time after that, collection takes
//! what was put aside.
mod quarantine;

use chrono::{DateTime, Utc};
use entity::blob;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use serde_json::json;

pub(in crate::registry) use quarantine::clear;
pub use quarantine::{Quarantine, quarantine};

use super::{Caller, Digest, Tx, job, place};
use crate::{
    access::internal,
    error::{Error, Result},
    event::{Change, Event, Target},
    storage::Health,
};

/// How many blobs are taken from the database at once.
const BATCH: u64 = 100;

/// What to read again.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Blobs that were not read since then.
    pub before: DateTime<Utc>,
    /// At most so many bytes in a second.
    pub rate: Option<u64>,
}

/// A blob that was read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Which one.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
    /// What was found.
    pub health: Health,
}

/// Reads blobs again, longest unread first, and tells of each; those that are damaged in any case. What is damaged is put aside
/// and named in an event.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but the site; those of [`place::check`], of database and storage.
pub async fn scrub(caller: &Caller, plan: Plan, mut tell: impl FnMut(Checked)) -> Result<()> {
    check_admin(caller)?;
    place::check(caller).await?;
    quarantine::take_back(caller, plan.rate).await?;
    let due = due(plan, caller.now());
    let all = internal::<blob::Entity>().filter(due.clone());
    let all = all.count(caller.db()).await?;
    job::told(caller, |progress| progress.expect(all));
    loop {
        let batch = internal::<blob::Entity>()
            .filter(due.clone())
            .order_by_asc(blob::Column::VerifiedAt.is_not_null())
            .order_by_asc(blob::Column::VerifiedAt)
            .order_by_asc(blob::Column::Digest)
            .limit(BATCH)
            .all(caller.db())
            .await?;
        if batch.is_empty() {
            return Ok(());
        }
        for row in batch {
            let Some(checked) = check(caller, plan, &row.digest).await? else {
                continue;
            };
            job::told(caller, |progress| {
                progress.did(1);
                progress.found(u64::from(checked.health != Health::Sound));
            });
            tell(checked);
        }
    }
}

fn check_admin(caller: &Caller) -> Result<()> {
    if caller.actor().is_site_admin() {
        return Ok(());
    }
    caller.account()?;
    Err(Error::Forbidden(
        "only an administrator may see or check what is stored".into(),
    ))
}

/// What is to be read by a scrub that began then.
fn due(plan: Plan, began: DateTime<Utc>) -> Condition {
    let damaged = Condition::all()
        .add(blob::Column::DamagedAt.is_not_null())
        .add(blob::Column::VerifiedAt.lt(began));
    let unread = Condition::any()
        .add(blob::Column::VerifiedAt.is_null())
        .add(blob::Column::VerifiedAt.lt(plan.before))
        .add(damaged);
    Condition::all()
        .add(blob::Column::Removing.eq(false))
        .add(unread)
}

/// Reads a blob again. `None`: it was collected or pushed again meanwhile.
async fn check(caller: &Caller, plan: Plan, digest: &str) -> Result<Option<Checked>> {
    let row = internal::<blob::Entity>()
        .filter(blob::Column::Digest.eq(digest))
        .filter(blob::Column::Removing.eq(false))
        .one(caller.db())
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let (digest, size) = (row.digest.parse()?, row.size.unsigned_abs());
    let storage = caller.storage();
    let health = storage.verify(&digest, size, plan.rate).await?;
    match health {
        Health::Sound => {}
        Health::Damaged => storage.put_aside(&digest, plan.rate).await?,
        Health::Missing if storage.is_marked().await? => {}
        Health::Missing => return Err(unmounted(&storage.mark_path())),
    }
    let checked = Checked {
        digest,
        size,
        health,
    };
    let noted = note(caller, &row, checked).await?;
    Ok(noted.then_some(checked))
}

fn unmounted(mark: &str) -> Error {
    Error::Unavailable {
        what: "storage",
        source: anyhow::anyhow!("{mark} is gone; mount storage again"),
    }
}

/// Writes down what was found. False: it was collected meanwhile, or pushed again, and what was read is not what is there.
async fn note(caller: &Caller, row: &blob::Model, checked: Checked) -> Result<bool> {
    caller
        .change(async |tx| {
            let sound = checked.health == Health::Sound;
            let damaged_at = (!sound).then_some(row.damaged_at.unwrap_or(tx.now()));
            let as_it_was = match row.verified_at {
                Some(at) => blob::Column::VerifiedAt.eq(at),
                None => blob::Column::VerifiedAt.is_null(),
            };
            let update = blob::Entity::update_many()
                .col_expr(blob::Column::VerifiedAt, Expr::value(tx.now()))
                .col_expr(blob::Column::DamagedAt, Expr::value(damaged_at))
                .filter(blob::Column::Digest.eq(&row.digest))
                .filter(blob::Column::Removing.eq(false))
                .filter(as_it_was);
            let noted = update.exec(tx.db()).await?.rows_affected > 0;
            if sound || !noted || row.damaged_at.is_some() {
                return Ok(Change::none(noted));
            }
            let found = match checked.health {
                Health::Missing => "missing",
                Health::Sound | Health::Damaged => "damaged",
            };
            Ok(
                Event::new("blob.damage", Target::site(&row.digest), &row.digest)
                    .details(json!({"size": row.size, "found": found}))
                    .with(noted),
            )
        })
        .await
}

/// Notes that a blob's bytes have just been stored whole.
pub(in crate::registry) async fn healed(tx: &Tx, digest: &str) -> Result<()> {
    blob::Entity::update_many()
        .col_expr(blob::Column::VerifiedAt, Expr::value(tx.now()))
        .col_expr(blob::Column::DamagedAt, Expr::value(None::<DateTime<Utc>>))
        .filter(blob::Column::Digest.eq(digest))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// What is known of stored blobs.
#[derive(Clone, Debug)]
pub struct Report {
    /// How many blobs there are.
    pub blobs: u64,
    /// How many were never read again, nor written by this server since it notes that.
    pub unverified: u64,
    /// When the one that was unread for longest was read.
    pub oldest: Option<DateTime<Utc>>,
    /// How many are damaged or missing.
    pub damaged: u64,
}

/// A blob that is damaged or missing.
#[derive(Clone, Debug)]
pub struct DamagedBlob {
    /// Which one.
    pub digest: String,
    /// In bytes.
    pub size: u64,
    /// When it was found.
    pub found_at: Option<DateTime<Utc>>,
}

/// What is known of stored blobs.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators.
pub async fn report(caller: &Caller) -> Result<Report> {
    check_admin(caller)?;
    let count = async |condition: Condition| {
        let rows = internal::<blob::Entity>().filter(condition);
        rows.count(caller.db()).await
    };
    let oldest = internal::<blob::Entity>()
        .filter(blob::Column::VerifiedAt.is_not_null())
        .order_by_asc(blob::Column::VerifiedAt)
        .one(caller.db())
        .await?;
    let all = Condition::all;
    Ok(Report {
        blobs: count(all()).await?,
        unverified: count(all().add(blob::Column::VerifiedAt.is_null())).await?,
        oldest: oldest.and_then(|row| row.verified_at),
        damaged: count(all().add(blob::Column::DamagedAt.is_not_null())).await?,
    })
}

/// The blobs that are damaged or missing, up to `first`, the newest found first.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators.
pub async fn damaged(caller: &Caller, first: u64) -> Result<Vec<DamagedBlob>> {
    check_admin(caller)?;
    let rows = internal::<blob::Entity>()
        .filter(blob::Column::DamagedAt.is_not_null())
        .order_by_desc(blob::Column::DamagedAt)
        .order_by_asc(blob::Column::Digest)
        .limit(first)
        .all(caller.db())
        .await?;
    let damaged = |row: blob::Model| DamagedBlob {
        digest: row.digest,
        size: row.size.unsigned_abs(),
        found_at: row.damaged_at,
    };
    Ok(rows.into_iter().map(damaged).collect())
}
