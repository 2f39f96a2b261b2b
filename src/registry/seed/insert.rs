//! Many rows at once.
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, EntityTrait, Iterable};

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

/// Lets SQLite keep a quarter of a GiB of its pages in memory: rows come in no order, so that every index is touched all over.
/// It holds for one connection and ends with it.
pub(super) async fn make_room(tx: &Tx) -> Result<()> {
    if tx.db().get_database_backend() == DbBackend::Sqlite {
        tx.db()
            .execute_unprepared("PRAGMA cache_size = -262144")
            .await?;
    }
    Ok(())
}
