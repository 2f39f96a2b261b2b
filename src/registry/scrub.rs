//! Reading stored blobs again, to find those that rotted before somebody needs them.
//!
//! Each blob's row tells when it was last read, so a run that was stopped goes on where it was. What is damaged is put
//! aside, where no reader meets it, and the next push of the same bytes brings it back.
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::blob;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use serde_json::json;

use super::{Caller, Digest, Tx};
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

/// Reads blobs again, longest unread first, and tells of each. What is damaged is put aside and named in an event.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but the site; those of database and storage.
pub async fn scrub(caller: &Caller, plan: Plan, mut tell: impl FnMut(Checked)) -> Result<()> {
    check_admin(caller)?;
    take_back(caller).await?;
    loop {
        let batch = due(plan)
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
            tell(check(caller, plan, &row).await?);
        }
    }
}

/// Brings back sound blobs that a scrub had put aside when it was killed.
async fn take_back(caller: &Caller) -> Result<()> {
    for digest in caller.storage().put_back().await? {
        caller
            .change(async |tx| {
                healed(tx, &digest.to_string()).await?;
                Ok(Change::none(()))
            })
            .await?;
    }
    Ok(())
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

fn due(plan: Plan) -> sea_orm::Select<blob::Entity> {
    let due = Condition::any()
        .add(blob::Column::VerifiedAt.is_null())
        .add(blob::Column::VerifiedAt.lt(plan.before));
    internal::<blob::Entity>()
        .filter(blob::Column::Removing.eq(false))
        .filter(due)
}

async fn check(caller: &Caller, plan: Plan, row: &blob::Model) -> Result<Checked> {
    let checked = Checked {
        digest: row.digest.parse()?,
        size: row.size.unsigned_abs(),
        health: Health::Sound,
    };
    let pace = plan.rate.map_or(Duration::ZERO, |rate| {
        Duration::from_secs(1) / u32::try_from((rate >> 20).max(1)).unwrap_or(u32::MAX)
    });
    let health = caller
        .storage()
        .verify(&checked.digest, checked.size, pace)
        .await?;
    if health == Health::Damaged {
        caller.storage().put_aside(&checked.digest).await?;
    }
    let checked = Checked { health, ..checked };
    note(caller, row, checked).await?;
    Ok(checked)
}

/// Writes down what was found. Bytes that were pushed again meanwhile are not what was read.
async fn note(caller: &Caller, row: &blob::Model, checked: Checked) -> Result<()> {
    caller
        .change(async |tx| {
            let sound = checked.health == Health::Sound;
            let damaged_at = (!sound).then_some(row.damaged_at.unwrap_or(tx.now()));
            let update = blob::Entity::update_many()
                .col_expr(blob::Column::VerifiedAt, Expr::value(tx.now()))
                .col_expr(blob::Column::DamagedAt, Expr::value(damaged_at))
                .filter(blob::Column::Digest.eq(&row.digest))
                .filter(blob::Column::TouchedAt.eq(row.touched_at));
            let noted = update.exec(tx.db()).await?.rows_affected > 0;
            if sound || !noted || row.damaged_at.is_some() {
                return Ok(Change::none(()));
            }
            let found = match checked.health {
                Health::Missing => "missing",
                Health::Sound | Health::Damaged => "damaged",
            };
            Ok(
                Event::new("blob.damage", Target::site(&row.digest), &row.digest)
                    .details(json!({"size": row.size, "found": found}))
                    .with(()),
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
