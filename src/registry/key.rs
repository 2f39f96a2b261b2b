//! Public OpenPGP keys: pushed by their owners, found by anybody.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{key, key_id, key_uid};
use sea_orm::{
    ColumnTrait, FromQueryResult, ModelTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, LikeExpr},
};

use super::{Caller, page::Sort};
use crate::{
    access::{Admin, Granted, Pull, Rows, internal, open_where, rows},
    error::{Error, Result},
    event::{Event, Target},
    openpgp::{UserId as CertificateUserId, index},
};

mod add;

pub use crate::openpgp::{IndexEntry, KeyQuery};
pub use add::add;

/// A key that the caller may see.
pub type Key = Granted<Pull, key::Model>;

/// The most keys that an index lists.
pub const FOUND_MAX: u64 = 256;
/// The most keys that are handed out whole at once: each may be large, and clients ask for one.
pub const WHOLE_MAX: u64 = 100;
/// The most keys that one answer of the key server carries.
pub const CARRIED_MAX: usize = 16;

/// The order of a list of keys: as they were added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByFingerprint;

impl Sort<key::Entity> for ByFingerprint {
    fn column(self) -> Option<key::Column> {
        Some(key::Column::Fingerprint)
    }
    fn key(self, row: &key::Model) -> String {
        row.fingerprint.clone()
    }
    fn id(row: &key::Model) -> i64 {
        row.owner_id.0
    }
    fn id_column() -> key::Column {
        key::Column::OwnerId
    }
}

/// The keys of these fingerprints. One statement.
pub async fn by_fingerprints(
    caller: &Caller,
    fingerprints: &[String],
) -> Result<HashMap<String, Key>> {
    let rows = rows::<Pull, key::Entity>(caller.actor())
        .narrow(|q| q.filter(key::Column::Fingerprint.is_in(fingerprints)))
        .all(caller.db())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.fingerprint.clone(), row))
        .collect())
}

/// A name and address that a key carries. Nobody but the key's holder vouches for it.
#[derive(Clone, Debug)]
pub struct KeyName {
    /// As the key has it, such as `Alice <alice@example.org>`.
    pub text: String,
    /// When it was last bound to the key.
    pub created_at: Option<DateTime<Utc>>,
    /// When it stops holding, if ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether the key's holder took it back.
    pub revoked: bool,
}

/// The names that keys carry, by fingerprint, in the order of the key. One statement.
pub async fn names(
    caller: &Caller,
    fingerprints: &[String],
) -> Result<HashMap<String, Vec<KeyName>>> {
    let rows = internal::<key_uid::Entity>()
        .filter(key_uid::Column::Key.is_in(fingerprints))
        .order_by_asc(key_uid::Column::Position)
        .all(caller.db())
        .await?;
    let mut names: HashMap<String, Vec<KeyName>> = HashMap::new();
    for row in rows {
        names.entry(row.key).or_default().push(KeyName {
            text: row.text,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked: row.revoked,
        });
    }
    Ok(names)
}

/// The armored keys that a question finds, up to [`CARRIED_MAX`].
///
/// # Errors
/// [`Error::NotFound`] when there are none.
pub async fn get(caller: &Caller, query: &KeyQuery) -> Result<Vec<String>> {
    Ok(search(caller, query)
        .await?
        .into_iter()
        .take(CARRIED_MAX)
        .map(|key| key.armored.clone())
        .collect())
}

/// The machine-readable index of the keys that a question finds, up to [`FOUND_MAX`].
///
/// # Errors
/// [`Error::NotFound`] when there are none.
pub async fn machine_index(caller: &Caller, query: &KeyQuery) -> Result<String> {
    Ok(index(&entries(caller, query).await?, caller.now()))
}

/// What an index tells of the keys that a question finds, up to [`FOUND_MAX`].
///
/// # Errors
/// [`Error::NotFound`] when there are none.
pub async fn entries(caller: &Caller, query: &KeyQuery) -> Result<Vec<IndexEntry>> {
    let keys: Vec<Listed> = matching(caller, query)?
        .narrow(|q| q.limit(FOUND_MAX))
        .into_select()
        .select_only()
        .columns(Listed::COLUMNS)
        .into_model()
        .all(caller.db())
        .await?;
    found(&keys)?;
    let names = internal::<key_uid::Entity>()
        .filter(key_uid::Column::Key.is_in(keys.iter().map(|key| key.fingerprint.as_str())))
        .order_by_asc(key_uid::Column::Position)
        .all(caller.db())
        .await?;
    Ok(keys.iter().map(|key| entry(key, &names)).collect())
}

/// A key without its text, which may be a thousand times as long as the rest.
#[derive(FromQueryResult)]
struct Listed {
    fingerprint: String,
    algorithm: i16,
    bits: i32,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked: bool,
}

impl Listed {
    const COLUMNS: [key::Column; 6] = [
        key::Column::Fingerprint,
        key::Column::Algorithm,
        key::Column::Bits,
        key::Column::CreatedAt,
        key::Column::ExpiresAt,
        key::Column::Revoked,
    ];
}

fn entry(key: &Listed, names: &[key_uid::Model]) -> IndexEntry {
    let own = names.iter().filter(|name| name.key == key.fingerprint);
    IndexEntry {
        fingerprint: key.fingerprint.clone(),
        algorithm: u8::try_from(key.algorithm).unwrap_or_default(),
        bits: key.bits.unsigned_abs(),
        created: key.created_at,
        expires: key.expires_at,
        revoked: key.revoked,
        disabled: false,
        user_ids: own.map(user_id).collect(),
    }
}

fn user_id(row: &key_uid::Model) -> CertificateUserId {
    CertificateUserId {
        text: row.text.clone(),
        created: row.created_at.unwrap_or_default(),
        expires: row.expires_at,
        revoked: row.revoked,
    }
}

/// The keys that a question finds, up to [`WHOLE_MAX`].
///
/// # Errors
/// [`Error::NotFound`] when there are none.
pub async fn search(caller: &Caller, query: &KeyQuery) -> Result<Vec<Key>> {
    let keys = matching(caller, query)?
        .narrow(|q| q.limit(WHOLE_MAX))
        .all(caller.db())
        .await?;
    found(&keys)?;
    Ok(keys)
}

fn found<T>(keys: &[T]) -> Result<()> {
    match keys {
        [] => Err(Error::NotFound("key")),
        _ => Ok(()),
    }
}

fn matching(caller: &Caller, query: &KeyQuery) -> Result<Rows<Pull, key::Entity>> {
    let by_id = |column: key_id::Column, value: &str| {
        internal::<key_id::Entity>()
            .select_only()
            .column(key_id::Column::Key)
            .filter(column.eq(value))
            .into_query()
    };
    let matching = match query {
        KeyQuery::ShortId(hex) => by_id(key_id::Column::ShortId, hex),
        KeyQuery::LongId(hex) => by_id(key_id::Column::LongId, hex),
        KeyQuery::Fingerprint(hex) => by_id(key_id::Column::Fingerprint, hex),
        KeyQuery::V3Fingerprint(_) => return Err(Error::NotFound("key")),
        KeyQuery::Text(text) => by_name(text),
    };
    Ok(rows::<Pull, key::Entity>(caller.actor())
        .narrow(|q| q.filter(key::Column::Fingerprint.in_subquery(matching)))
        .narrow(|q| q.order_by_asc(key::Column::Fingerprint)))
}

fn by_name(text: &str) -> sea_orm::sea_query::SelectStatement {
    let escaped = text
        .to_lowercase()
        .replace('\\', r"\\")
        .replace('%', r"\%")
        .replace('_', r"\_");
    let like = LikeExpr::new(format!("%{escaped}%")).escape('\\');
    internal::<key_uid::Entity>()
        .select_only()
        .column(key_uid::Column::Key)
        .filter(Expr::col((key_uid::Entity, key_uid::Column::Folded)).like(like))
        .into_query()
}

/// Removes a key of the caller. One that is revoked stays, lest somebody push an older copy that hides it; only
/// administrators remove it.
///
/// # Errors
/// [`Error::Conflict`] for a key that stays; those of [`open_where`].
pub async fn delete(caller: &Caller, fingerprint: &str) -> Result<()> {
    caller
        .change(async |tx| {
            let key = open_where::<Admin, key::Entity>(tx.db(), tx.actor(), |q| {
                q.filter(key::Column::Fingerprint.eq(fingerprint))
            })
            .await?;
            if key.revoked && !tx.actor().is_site_admin() {
                let words = "this key is revoked, and stays so that nobody trusts an older copy; ask an administrator";
                return Err(Error::Conflict(words.into()));
            }
            let target = Target::account(key.owner_id, fingerprint);
            key.into_row().delete(tx.db()).await?;
            Ok(Event::new("key.delete", target, fingerprint).with(()))
        })
        .await
}
