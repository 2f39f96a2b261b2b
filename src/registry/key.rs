//! Public OpenPGP keys: pushed by their owners, found by anybody.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{id::UserId, key, key_id, key_uid};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ModelTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Set,
    sea_query::{Expr, ExprTrait, LikeExpr, OnConflict},
};
use serde_json::json;
use tokio::task::spawn_blocking;

use super::{
    Caller, Tx,
    page::{Page, PageArgs, Sort, page},
};
use crate::{
    access::{Admin, Granted, Pull, Rows, internal, open_where, rows},
    error::{Error, Result},
    event::Event,
    openpgp::{Certificate, UserId as CertificateUserId, index},
};

pub use crate::openpgp::{IndexEntry, KeyQuery};

/// A key that the caller may see.
pub type Key = Granted<Pull, key::Model>;

/// The most keys that a question is answered with.
pub const FOUND_MAX: u64 = 256;

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

/// The keys of an account.
pub async fn list(
    caller: &Caller,
    owner: UserId,
    args: &PageArgs<ByFingerprint>,
) -> Result<Page<Key>> {
    page(caller.db(), of_owner(caller, owner), args).await
}

/// How many [`list`] lists.
pub async fn count(caller: &Caller, owner: UserId) -> Result<u64> {
    of_owner(caller, owner).count(caller.db()).await
}

fn of_owner(caller: &Caller, owner: UserId) -> Rows<Pull, key::Entity> {
    rows::<Pull, key::Entity>(caller.actor()).narrow(|q| q.filter(key::Column::OwnerId.eq(owner)))
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

/// Adds the keys in `text` for the caller, or merges them with the copies that are here; tells their fingerprints.
///
/// A key proves itself, so anybody who may write may bring news of a key that is here, such as its revocation; it stays
/// with the account that pushed it first.
///
/// # Errors
/// [`Error::Unauthenticated`] and [`Error::Forbidden`] for those who may not write; [`Error::RateLimited`] beyond the
/// site's limit; [`Error::TooLarge`] and [`Error::Invalid`] for what is no public key.
pub async fn add(caller: &Caller, text: Vec<u8>) -> Result<Vec<String>> {
    let owner = may_add(caller, text.len()).await?;
    let certificates = parse(text).await?;
    let mut added = Vec::new();
    for certificate in certificates {
        let event = |fingerprint: &str| Event::new("key.add", fingerprint, fingerprint);
        let fingerprint = caller
            .change(async |tx| {
                let certificate = merged(tx, certificate).await?;
                store(tx, owner, &certificate).await?;
                let names: Vec<&str> = certificate.user_ids.iter().map(|uid| &*uid.text).collect();
                let details = json!({"user_ids": names, "revoked": certificate.revoked});
                Ok(event(&certificate.fingerprint)
                    .details(details)
                    .with(certificate.fingerprint.clone()))
            })
            .await?;
        added.push(fingerprint);
    }
    Ok(added)
}

async fn may_add(caller: &Caller, length: usize) -> Result<UserId> {
    let account = caller.account()?;
    if account.scope < entity::kind::Scope::Write {
        return Err(Error::Forbidden(
            "this token may only read; make one with the scope write".into(),
        ));
    }
    let limits = &caller.config().keyserver;
    if length as u64 > limits.max_key_size.bytes() {
        return Err(Error::TooLarge {
            what: "key",
            limit: limits.max_key_size.bytes(),
        });
    }
    let hour = chrono::TimeDelta::hours(1);
    let recent = internal::<entity::event::Entity>()
        .filter(entity::event::Column::Actor.eq(caller.actor().to_string()))
        .filter(entity::event::Column::Action.eq("key.add"))
        .filter(entity::event::Column::At.gt(caller.now() - hour))
        .count(caller.db())
        .await?;
    if recent >= u64::from(limits.submissions_per_hour) {
        return Err(Error::RateLimited {
            after: std::time::Duration::from_secs(3600),
        });
    }
    Ok(account.id)
}

async fn parse(text: Vec<u8>) -> Result<Vec<Certificate>> {
    spawn_blocking(move || Certificate::read_all(&text))
        .await
        .map_err(anyhow::Error::from)?
}

/// The key joined with the copy that is here, if any, so that no revocation is lost.
async fn merged(tx: &Tx, new: Certificate) -> Result<Certificate> {
    let here = rows::<Pull, key::Entity>(tx.actor())
        .narrow(|q| q.filter(key::Column::Fingerprint.eq(&new.fingerprint)))
        .one(tx.db())
        .await?;
    let Some(here) = here else {
        // Clients cannot use a key without a name; only a copy of one that is here may come without.
        return match new.user_ids[..] {
            [] => Err(Error::invalid(
                "keytext",
                "the key has no user id; push it with one",
            )),
            _ => Ok(new),
        };
    };
    let old = parse(here.armored.clone().into_bytes())
        .await?
        .into_iter()
        .next();
    match old {
        Some(old) => spawn_blocking(move || old.merge(&new))
            .await
            .map_err(anyhow::Error::from)?,
        None => Ok(new),
    }
}

async fn store(tx: &Tx, owner: UserId, certificate: &Certificate) -> Result<()> {
    let row = key::ActiveModel {
        fingerprint: Set(certificate.fingerprint.clone()),
        owner_id: Set(owner),
        armored: Set(certificate.armored.clone()),
        algorithm: Set(i16::from(certificate.algorithm)),
        bits: Set(i32::try_from(certificate.bits).unwrap_or(i32::MAX)),
        created_at: Set(certificate.created),
        expires_at: Set(certificate.expires),
        revoked: Set(certificate.revoked),
        added_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    let renew = OnConflict::column(key::Column::Fingerprint)
        .update_columns([
            key::Column::Armored,
            key::Column::ExpiresAt,
            key::Column::Revoked,
            key::Column::UpdatedAt,
        ])
        .to_owned();
    key::Entity::insert(row)
        .on_conflict(renew)
        .exec_without_returning(tx.db())
        .await?;
    replace_names(tx, certificate).await?;
    replace_ids(tx, certificate).await
}

async fn replace_names(tx: &Tx, certificate: &Certificate) -> Result<()> {
    key_uid::Entity::delete_many()
        .filter(key_uid::Column::Key.eq(&certificate.fingerprint))
        .exec(tx.db())
        .await?;
    for (position, uid) in (0..).zip(&certificate.user_ids) {
        let row = key_uid::ActiveModel {
            key: Set(certificate.fingerprint.clone()),
            position: Set(position),
            text: Set(uid.text.clone()),
            folded: Set(uid.text.to_lowercase()),
            created_at: Set(Some(uid.created)),
            expires_at: Set(uid.expires),
            revoked: Set(uid.revoked),
        };
        row.insert(tx.db()).await?;
    }
    Ok(())
}

async fn replace_ids(tx: &Tx, certificate: &Certificate) -> Result<()> {
    key_id::Entity::delete_many()
        .filter(key_id::Column::Key.eq(&certificate.fingerprint))
        .exec(tx.db())
        .await?;
    let primary = key_id::Model {
        key: certificate.fingerprint.clone(),
        fingerprint: certificate.fingerprint.clone(),
        long_id: certificate.key_id.clone(),
        short_id: short(&certificate.key_id),
        algorithm: i16::from(certificate.algorithm),
        bits: i32::try_from(certificate.bits).unwrap_or(i32::MAX),
        created_at: certificate.created,
        expires_at: certificate.expires,
        revoked: certificate.revoked,
    };
    let subkeys = certificate.subkeys.iter().map(|subkey| key_id::Model {
        key: certificate.fingerprint.clone(),
        fingerprint: subkey.fingerprint.clone(),
        long_id: subkey.key_id.clone(),
        short_id: short(&subkey.key_id),
        algorithm: i16::from(subkey.algorithm),
        bits: i32::try_from(subkey.bits).unwrap_or(i32::MAX),
        created_at: subkey.created,
        expires_at: subkey.expires,
        revoked: subkey.revoked,
    });
    for row in std::iter::once(primary).chain(subkeys) {
        let row: key_id::ActiveModel = row.into();
        row.insert(tx.db()).await?;
    }
    Ok(())
}

fn short(long_id: &str) -> String {
    long_id.get(8..).unwrap_or(long_id).to_owned()
}

/// The armored keys that a question finds, up to [`FOUND_MAX`].
///
/// # Errors
/// [`Error::NotFound`] when there are none.
pub async fn get(caller: &Caller, query: &KeyQuery) -> Result<Vec<String>> {
    Ok(search(caller, query)
        .await?
        .into_iter()
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
    let keys = search(caller, query).await?;
    let names = internal::<key_uid::Entity>()
        .filter(key_uid::Column::Key.is_in(keys.iter().map(|key| key.fingerprint.as_str())))
        .order_by_asc(key_uid::Column::Position)
        .all(caller.db())
        .await?;
    Ok(keys.iter().map(|key| entry(key, &names)).collect())
}

fn entry(key: &key::Model, names: &[key_uid::Model]) -> IndexEntry {
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

/// The keys that a question finds, up to [`FOUND_MAX`].
///
/// # Errors
/// [`Error::NotFound`] when there are none.
pub async fn search(caller: &Caller, query: &KeyQuery) -> Result<Vec<Key>> {
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
    let keys = rows::<Pull, key::Entity>(caller.actor())
        .narrow(|q| q.filter(key::Column::Fingerprint.in_subquery(matching)))
        .narrow(|q| q.order_by_asc(key::Column::Fingerprint).limit(FOUND_MAX))
        .all(caller.db())
        .await?;
    if keys.is_empty() {
        Err(Error::NotFound("key"))
    } else {
        Ok(keys)
    }
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

/// Removes a key of the caller.
///
/// # Errors
/// Those of [`open_where`].
pub async fn delete(caller: &Caller, fingerprint: &str) -> Result<()> {
    caller
        .change(async |tx| {
            let key = open_where::<Admin, key::Entity>(tx.db(), tx.actor(), |q| {
                q.filter(key::Column::Fingerprint.eq(fingerprint))
            })
            .await?;
            key.into_row().delete(tx.db()).await?;
            Ok(Event::new("key.delete", fingerprint, fingerprint).with(()))
        })
        .await
}
