//! The removal of one blob, beside pushes and beside other collections: those of replicas, and of the command.
//!
//! Who removes a blob claims its row first: marks it, with the time. Nobody adopts a blob that is marked, and nobody else
//! removes it, unless whoever claimed it was stopped. So bytes that are pushed after a blob was removed are never taken for
//! the old ones.
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::blob;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, Set, TryInsertResult,
    sea_query::{Expr, OnConflict},
};

use crate::{
    access::internal,
    error::{Error, Result},
    event::Change,
    registry::{Caller, Digest, image::signed_size},
    storage,
};

/// How long a claim holds.
const CLAIM: Duration = Duration::from_secs(600);
/// How long the removal of bytes may take: much longer than storage tries to, and over before the claim is.
const REMOVAL: Duration = Duration::from_secs(300);

/// A row that is marked by us.
pub(super) struct Claim {
    digest: Digest,
    at: DateTime<Utc>,
}

/// Rows that were not touched since `young`, and those that somebody marked who was stopped since.
pub(super) fn claimable(caller: &Caller, young: DateTime<Utc>) -> Condition {
    let old = |removing: bool, since: DateTime<Utc>| {
        Condition::all()
            .add(blob::Column::Removing.eq(removing))
            .add(blob::Column::TouchedAt.lt(since))
    };
    Condition::any()
        .add(old(false, young))
        .add(old(true, caller.ago(CLAIM)))
}

impl Claim {
    /// Marks a blob, if it is [`claimable`] and `unreferenced` still. Whoever holds the row is waited for, and only the
    /// next statement sees what they did.
    pub(super) async fn of(
        caller: &Caller,
        digest: &Digest,
        young: DateTime<Utc>,
        unreferenced: Condition,
    ) -> Result<Option<Self>> {
        caller
            .change(async |tx| {
                internal::<blob::Entity>()
                    .filter(blob::Column::Digest.eq(digest.to_string()))
                    .lock_exclusive()
                    .one(tx.db())
                    .await?;
                let marked = blob::Entity::update_many()
                    .col_expr(blob::Column::Removing, Expr::value(true))
                    .col_expr(blob::Column::TouchedAt, Expr::value(tx.now()))
                    .filter(blob::Column::Digest.eq(digest.to_string()))
                    .filter(claimable(caller, young))
                    .filter(unreferenced)
                    .exec(tx.db())
                    .await?;
                let (digest, at) = (*digest, tx.now());
                Ok(Change::none(
                    (marked.rows_affected > 0).then_some(Self { digest, at }),
                ))
            })
            .await
    }

    /// Gives bytes without a row one that is marked, unless somebody gave them one meanwhile.
    pub(super) async fn of_orphan(caller: &Caller, orphan: &storage::Blob) -> Result<Option<Self>> {
        let (digest, at) = (orphan.digest, caller.now());
        let row = blob::ActiveModel {
            digest: Set(digest.to_string()),
            size: Set(signed_size(orphan.size)?),
            touched_at: Set(at),
            removing: Set(true),
            verified_at: Set(None),
            damaged_at: Set(None),
        };
        let unless_there = OnConflict::column(blob::Column::Digest)
            .do_nothing()
            .to_owned();
        let _turn = caller.turn_to_write().await;
        let added = blob::Entity::insert(row)
            .on_conflict(unless_there)
            .try_insert()
            .exec_without_returning(caller.db())
            .await?;
        Ok(matches!(added, TryInsertResult::Inserted(1)).then_some(Self { digest, at }))
    }

    /// Removes the bytes, then the row. False: the claim was lost. Killed in between, a later collection goes on.
    pub(super) async fn remove(self, caller: &Caller) -> Result<bool> {
        let mine = Condition::all()
            .add(blob::Column::Digest.eq(self.digest.to_string()))
            .add(blob::Column::Removing.eq(true))
            .add(blob::Column::TouchedAt.eq(self.at));
        let held = internal::<blob::Entity>().filter(mine.clone());
        if held.one(caller.db()).await?.is_none() {
            return Ok(false);
        }
        let removal = caller.storage().remove(&self.digest);
        match tokio::time::timeout(REMOVAL, removal).await {
            Ok(removed) => removed?,
            Err(late) => {
                return Err(Error::Unavailable {
                    what: "storage",
                    source: late.into(),
                });
            }
        }
        let _turn = caller.turn_to_write().await;
        blob::Entity::delete_many()
            .filter(mine)
            .exec(caller.db())
            .await?;
        Ok(true)
    }
}
