//! Indexes that were made here for a tag, and are of no use any more.
use chrono::{DateTime, Utc};
use entity::{manifest, manifest_part, manifest_tag};
use sea_orm::{
    ColumnTrait, Condition, ExprTrait, ModelTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Alias, Expr, Query},
};

use crate::{
    access::{Pull, rows},
    error::Result,
    event::Change,
    registry::{Caller, ManifestId, container as containers, usage},
};

/// How many are looked up at once.
const BATCH: u64 = 100;

/// Deletes indexes that were made here before `young`, have no name any more, and of which a member is gone; tells how many.
/// One that is whole stays: somebody may have written down its digest.
pub(in crate::registry) async fn delete_outdated(
    caller: &Caller,
    young: DateTime<Utc>,
) -> Result<u64> {
    let mut done = 0;
    loop {
        let found = rows::<Pull, manifest::Entity>(caller.actor())
            .narrow(|q| {
                q.filter(outdated(young))
                    .order_by_asc(manifest::Column::Id)
                    .limit(BATCH)
            })
            .all(caller.db())
            .await?;
        if found.is_empty() {
            return Ok(done);
        }
        for row in found {
            delete(caller, row.id, (row.container_id, young)).await?;
            done += 1;
        }
    }
}

async fn delete(
    caller: &Caller,
    id: ManifestId,
    (container, young): (crate::registry::ContainerId, DateTime<Utc>),
) -> Result<()> {
    caller
        .change(async |tx| {
            if !containers::lock_if_there(tx, container).await? {
                return Ok(Change::none(()));
            }
            let row = rows::<Pull, manifest::Entity>(tx.actor())
                .narrow(|q| {
                    q.filter(manifest::Column::Id.eq(id))
                        .filter(outdated(young))
                })
                .one(tx.db())
                .await?;
            if let Some(row) = row {
                usage::manifest_removed(tx, &row);
                row.into_row().delete(tx.db()).await?;
            }
            Ok(Change::none(()))
        })
        .await
}

fn outdated(young: DateTime<Utc>) -> Condition {
    let names = Query::select()
        .expr(Expr::val(1))
        .from(manifest_tag::Entity)
        .and_where(
            Expr::col((manifest_tag::Entity, manifest_tag::Column::ManifestId))
                .equals((manifest::Entity, manifest::Column::Id)),
        )
        .to_owned();
    Condition::all()
        .add(manifest::Column::Generated.eq(true))
        .add(manifest::Column::ImageId.is_null())
        .add(manifest::Column::CreatedAt.lt(young))
        .add(Expr::not_exists(names))
        .add(Expr::exists(lost_members()))
}

/// What an index names and its container does not have.
fn lost_members() -> sea_orm::sea_query::SelectStatement {
    let member = Alias::new("member");
    let there = Query::select()
        .expr(Expr::val(1))
        .from_as(manifest::Entity, member.clone())
        .and_where(
            Expr::col((member.clone(), manifest::Column::ContainerId))
                .equals((manifest::Entity, manifest::Column::ContainerId)),
        )
        .and_where(
            Expr::col((member, manifest::Column::Digest))
                .equals((manifest_part::Entity, manifest_part::Column::Digest)),
        )
        .to_owned();
    Query::select()
        .expr(Expr::val(1))
        .from(manifest_part::Entity)
        .and_where(
            Expr::col((manifest_part::Entity, manifest_part::Column::ManifestId))
                .equals((manifest::Entity, manifest::Column::Id)),
        )
        .and_where(Expr::not_exists(there))
        .to_owned()
}
