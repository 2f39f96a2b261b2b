//! Downloads in the sums. They come in bulk every few seconds, so a level costs two statements for some hundred things, not
//! one for each.
use std::collections::BTreeMap;

use entity::{kind::Extent, usage};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{CaseStatement, Expr},
};

use super::settle::{CHUNK, next};
use crate::{access::internal, error::Result, registry::Tx};

/// Things in containers, which are kept from being moved or deleted, were pulled so often. Nothing else in the transaction
/// changes sums.
pub(in crate::registry) async fn pulled(tx: &Tx, containers: BTreeMap<i64, i64>) -> Result<()> {
    tx.noted().changed();
    let (mut extent, mut pulls) = (Extent::Container, containers);
    loop {
        let mut above = BTreeMap::new();
        let all: Vec<_> = pulls.into_iter().collect();
        for some in all.chunks(CHUNK) {
            add(tx, extent, some, &mut above).await?;
        }
        if extent == Extent::Site {
            return Ok(());
        }
        (extent, pulls) = (next(extent), above);
    }
}

/// Locks the rows in the order of all locks, adds to them, and adds up what that is above.
async fn add(
    tx: &Tx,
    extent: Extent,
    pulls: &[(i64, i64)],
    above: &mut BTreeMap<i64, i64>,
) -> Result<()> {
    use usage::Column;
    let these = Column::Id.is_in(pulls.iter().map(|(id, _)| *id));
    let locked: Vec<(i64, i64, bool)> = internal::<usage::Entity>()
        .filter(Column::Extent.eq(extent))
        .filter(these.clone())
        .order_by_asc(Column::Id)
        .select_only()
        .columns([Column::Id, Column::ParentId, Column::Counted])
        .lock_exclusive()
        .into_tuple()
        .all(tx.db())
        .await?;
    let start = CaseStatement::new();
    let each = pulls.iter().fold(start, |cases, (id, count)| {
        cases.case(Column::Id.eq(*id), *count)
    });
    usage::Entity::update_many()
        .col_expr(
            Column::Downloads,
            Expr::col(Column::Downloads).add(each.finally(0_i64)),
        )
        .filter(Column::Extent.eq(extent))
        .filter(these)
        .exec(tx.db())
        .await?;
    let counts: BTreeMap<i64, i64> = pulls.iter().copied().collect();
    for (id, parent, counted) in locked {
        if counted {
            *above.entry(parent).or_default() += counts.get(&id).copied().unwrap_or_default();
        }
    }
    Ok(())
}
