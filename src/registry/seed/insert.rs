//! Many rows at once.
use sea_orm::{ActiveModelTrait, EntityTrait, Iterable};

use crate::{error::Result, registry::Tx};

/// SQLite takes 32,766 values in one statement, PostgreSQL twice as many.
const VALUES: usize = 32_000;

/// Inserts rows, in as few statements as the databases allow.
pub(super) async fn insert<E, A>(tx: &Tx, rows: Vec<A>) -> Result<()>
where
    E: EntityTrait,
    A: ActiveModelTrait<Entity = E> + Send,
{
    let length = VALUES / E::Column::iter().count();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        E::insert_many(rows.by_ref().take(length))
            .exec_without_returning(tx.db())
            .await?;
    }
    Ok(())
}
