//! Many rows at once.
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, Iterable, Statement,
};

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

/// Writes rows of which the search is to be told later, all at once: triggers that tell it of each are off meanwhile. They are
/// on again when the transaction ends, however it ends.
pub(super) async fn unmarked(tx: &Tx, rows: impl Future<Output = Result<()>>) -> Result<()> {
    let triggers = triggers(tx).await?;
    for Switch { off, .. } in &triggers {
        tx.db().execute_unprepared(off).await?;
    }
    rows.await?;
    for Switch { on, .. } in &triggers {
        tx.db().execute_unprepared(on).await?;
    }
    Ok(())
}

/// Statements that switch a trigger.
#[derive(FromQueryResult)]
struct Switch {
    off: String,
    on: String,
}

/// SQLite can only forget a trigger and make it again.
async fn triggers(tx: &Tx) -> Result<Vec<Switch>> {
    let backend = tx.db().get_database_backend();
    let triggers = match backend {
        DbBackend::Postgres => {
            "SELECT format('ALTER TABLE %I DISABLE TRIGGER %I', c.relname, t.tgname) AS off,
            format('ALTER TABLE %I ENABLE TRIGGER %I', c.relname, t.tgname) AS \"on\"
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
            WHERE p.prosrc LIKE '%INTO search_mark%' AND pg_table_is_visible(c.oid)"
        }
        _ => {
            "SELECT 'DROP TRIGGER ' || name AS off, sql AS \"on\" FROM sqlite_master
            WHERE type = 'trigger' AND sql LIKE '%INTO search_mark%'"
        }
    };
    let triggers = Switch::find_by_statement(Statement::from_string(backend, triggers));
    Ok(triggers.all(tx.db()).await?)
}
