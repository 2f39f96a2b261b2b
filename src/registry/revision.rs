//! A number that grows with every change that anybody can see: what was worked out at a revision is right as long as that is
//! the current one, in whatever replica.
use entity::revision;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Func},
};

use super::{Tx, secret::random_bytes};
use crate::{access::internal, error::Result};

/// Into how many rows the number is divided, so that those who change something seldom wait for each other.
const PARTS: u8 = 16;

/// Notes that something has changed. Comes last in a transaction, since others may wait for it.
pub(in crate::registry) async fn advance(tx: &Tx) -> Result<()> {
    let [chance] = random_bytes::<1>();
    revision::Entity::update_many()
        .col_expr(
            revision::Column::Number,
            Expr::col(revision::Column::Number).add(1),
        )
        .filter(revision::Column::Part.eq(i32::from(chance % PARTS)))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// What was changed before this number was read is counted in it.
pub(in crate::registry) async fn current(db: &impl ConnectionTrait) -> Result<i64> {
    let sum = Expr::expr(Func::sum(Expr::col(revision::Column::Number)));
    let current: Option<i64> = internal::<revision::Entity>()
        .select_only()
        .expr_as(sum.cast_as("bigint"), "current")
        .into_tuple()
        .one(db)
        .await?;
    Ok(current.unwrap_or_default())
}
