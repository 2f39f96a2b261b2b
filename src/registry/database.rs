//! Connecting to the database, and what its errors mean.
use std::path::PathBuf;

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr,
    IntoSimpleExpr, RuntimeErr, SqlErr, SqlxError, TransactionTrait, sea_query::Expr, sqlx,
};

use crate::{
    config::Config,
    error::{Error, Result},
};

/// Opens the configured database. SQLite gets write-ahead logging with full syncing: what was acknowledged survives
/// a power cut.
///
/// # Errors
/// [`Error::Unavailable`] when it cannot be reached or opened.
pub async fn connect(config: &Config) -> Result<DatabaseConnection> {
    let database = &config.database;
    let busy = database.busy_timeout.get();
    let mut options = ConnectOptions::new(config.database_url().as_str());
    options
        .max_connections(database.max_connections)
        .connect_timeout(database.connect_timeout.get())
        .acquire_timeout(database.connect_timeout.get())
        .sqlx_logging(false)
        .test_before_acquire(false)
        .map_sqlx_sqlite_opts(move |options| {
            options
                .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(busy)
                .create_if_missing(true)
        });
    Ok(Database::connect(options).await?)
}

/// The file of the configured database, if it is one of SQLite that is kept in a file.
pub fn sqlite_file(config: &Config) -> Option<PathBuf> {
    let url = config.database_url();
    if !url.as_str().starts_with("sqlite:") {
        return None;
    }
    let options: sqlx::sqlite::SqliteConnectOptions = url.as_str().parse().ok()?;
    let file = options.get_filename();
    let in_memory = file.to_string_lossy().starts_with("file:");
    (!in_memory).then(|| file.to_owned())
}

/// What only one replica does at a time. The numbers are locks of PostgreSQL: "sifhub" on a telephone, then one more each.
#[derive(Clone, Copy, Debug)]
pub(in crate::registry) enum Turn {
    /// Changing the schema.
    Migration = 743_482,
    /// Making the first account.
    FirstUser,
    /// Taking an administrator away.
    Administrators,
    /// Changing the vocabulary of the search.
    Search,
    /// Handing out events.
    Dispatch = 743_490,
    /// Asking for a job.
    Jobs,
}

/// Waits for a turn and keeps it until the end of the transaction. Transactions that write take turns in SQLite anyway.
pub(in crate::registry) async fn take_turn(db: &impl ConnectionTrait, turn: Turn) -> Result<()> {
    if db.get_database_backend() == DbBackend::Postgres {
        let lock = turn as i64;
        db.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({lock})"))
            .await?;
    }
    Ok(())
}

/// Brings the schema up to date. Replicas that start together take turns.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] from the database.
pub async fn migrate(db: &DatabaseConnection) -> Result<()> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(Migrator::up(db, None).await?);
    }
    let turn = db.begin().await?;
    take_turn(&turn, Turn::Migration).await?;
    Migrator::up(db, None).await?;
    Ok(turn.commit().await?)
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::ForeignKeyConstraintViolation(_)) = error.sql_err() {
            let words = "what this belongs to was deleted meanwhile; look again, then try again";
            return Self::Conflict(words.into());
        }
        match code(&error) {
            Some(code) if is_full(&code) => Self::StorageFull,
            Some(code) if is_no_time(&code) => Self::invalid(
                "time",
                "no database has it; give one of the years 1 to 9999",
            ),
            Some(code) if !is_unavailable(&code) => Self::Internal(error.into()),
            None if !is_connection(&error) => Self::Internal(error.into()),
            _ => Self::Unavailable {
                what: "database",
                source: error.into(),
            },
        }
    }
}

/// Turns a violated unique constraint into [`Error::Conflict`] with these words.
pub(in crate::registry) fn on_duplicate(
    words: impl FnOnce() -> String,
) -> impl FnOnce(DbErr) -> Error {
    |error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::Conflict(words()),
        _ => error.into(),
    }
}

fn sqlx_error(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

fn code(error: &DbErr) -> Option<String> {
    Some(sqlx_error(error)?.as_database_error()?.code()?.into_owned())
}

/// SQLite's `SQLITE_FULL` and PostgreSQL's `disk_full`.
fn is_full(code: &str) -> bool {
    matches!(code, "13" | "53100")
}

/// PostgreSQL's `invalid_datetime_format` and `datetime_field_overflow`.
fn is_no_time(code: &str) -> bool {
    matches!(code, "22007" | "22008")
}

/// SQLite's busy, locked, read-only, input/output and cannot-open codes with their extensions; PostgreSQL's classes
/// of errors about connections, the database's own state, resources, operators and conflicting transactions.
fn is_unavailable(code: &str) -> bool {
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6 | 8 | 10 | 14),
        _ => ["08", "3D", "40", "53", "55", "57"]
            .iter()
            .any(|class| code.starts_with(class)),
    }
}

fn is_connection(error: &DbErr) -> bool {
    matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_))
        || matches!(
            sqlx_error(error),
            Some(
                SqlxError::Io(_)
                    | SqlxError::PoolTimedOut
                    | SqlxError::PoolClosed
                    | SqlxError::WorkerCrashed
                    | SqlxError::Tls(_)
                    | SqlxError::Protocol(_)
            )
        )
}

/// A column of names in the order of their bytes, as the OCI specification lists them, whatever the order of the database.
/// SQLite has no other.
pub(in crate::registry) fn bytewise(
    db: &impl ConnectionTrait,
    column: impl IntoSimpleExpr,
) -> Expr {
    let column = column.into_simple_expr();
    match db.get_database_backend() {
        DbBackend::Postgres => Expr::cust_with_exprs("$1 COLLATE \"C\"", [column]),
        _ => column,
    }
}
