//! What was put aside because it is damaged.
use std::time::{Duration, SystemTime};

use entity::blob;
use futures::{TryStreamExt, pin_mut};
use sea_orm::{ColumnTrait, QueryFilter};

use super::{check_admin, healed};
use crate::{
    access::internal,
    error::Result,
    event::Change,
    registry::{Caller, Digest},
    storage::Aside,
};

/// What was put aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quarantine {
    /// How many blobs.
    pub blobs: u64,
    /// In bytes.
    pub size: u64,
}

/// How much was put aside.
///
/// # Errors
/// [`crate::error::Error::Forbidden`] for anybody but administrators; those of storage.
pub async fn quarantine(caller: &Caller) -> Result<Quarantine> {
    check_admin(caller)?;
    let all = caller.storage().aside();
    all.try_fold(Quarantine::default(), async |sum, aside| {
        Ok(Quarantine {
            blobs: sum.blobs + 1,
            size: sum.size + aside.size,
        })
    })
    .await
}

/// Brings back sound blobs that a scrub had put aside when it was killed. What was noted as damaged was looked at.
pub(super) async fn take_back(caller: &Caller, rate: Option<u64>) -> Result<()> {
    let all = caller.storage().aside();
    pin_mut!(all);
    while let Some(Aside { digest, .. }) = all.try_next().await? {
        let row = row(caller, &digest).await?;
        let unnoted = row.is_some_and(|row| row.damaged_at.is_none());
        if !unnoted || caller.storage().blob(&digest).await?.is_some() {
            continue;
        }
        if caller.storage().put_back(&digest, rate).await? {
            caller
                .change(async |tx| {
                    healed(tx, &digest.to_string()).await?;
                    Ok(Change::none(()))
                })
                .await?;
        }
    }
    Ok(())
}

/// Throws away what was put aside and is not needed any more, for longer than `grace`: it was pushed again, or nothing refers to
/// it. Tells what went, or would go.
pub(in crate::registry) async fn clear(
    caller: &Caller,
    grace: Duration,
    dry_run: bool,
) -> Result<Vec<Digest>> {
    let (all, mut gone) = (caller.storage().aside(), Vec::new());
    pin_mut!(all);
    while let Some(aside) = all.try_next().await? {
        let there = caller.storage().blob(&aside.digest).await?;
        let unneeded = match there {
            Some(blob) => is_old(blob.published, grace),
            None => row(caller, &aside.digest).await?.is_none(),
        };
        if !unneeded || !is_old(aside.since, grace) {
            continue;
        }
        if !dry_run {
            caller.storage().drop_aside(&aside.digest).await?;
        }
        gone.push(aside.digest);
    }
    Ok(gone)
}

fn is_old(since: Option<SystemTime>, grace: Duration) -> bool {
    let age = since.and_then(|since| since.elapsed().ok());
    age.is_some_and(|age| age > grace)
}

async fn row(caller: &Caller, digest: &Digest) -> Result<Option<blob::Model>> {
    let row = internal::<blob::Entity>().filter(blob::Column::Digest.eq(digest.to_string()));
    Ok(row.one(caller.db()).await?)
}
