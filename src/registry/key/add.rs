//! Keys, pushed.
use chrono::TimeDelta;
use entity::{event, id::UserId, key, key_id, key_uid, kind::Scope};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set, TryInsertResult,
    sea_query::{Expr, OnConflict},
};
use serde_json::json;
use tokio::task::spawn_blocking;

use super::Key;
use crate::{
    access::{Pull, internal, rows},
    error::{Error, Result},
    event::{Change, Event, Target},
    openpgp::Certificate,
    registry::{Caller, Tx},
};

/// How often a key is joined anew because somebody else brought news of it meanwhile.
const ATTEMPTS: usize = 5;
/// How many times as large as a pushed one a key may grow by what is pushed later: there must be room for a revocation.
const GROWTH: u64 = 4;

/// Adds the keys in `text` for the caller, or merges them with the copies that are here; tells their fingerprints.
///
/// A key proves itself, so anybody who may write may bring news of a key that is here, such as its revocation; it stays
/// with the account that pushed it first.
///
/// # Errors
/// [`Error::Unauthenticated`] and [`Error::Forbidden`] for those who may not write; [`Error::RateLimited`] beyond the
/// site's limit; [`Error::TooLarge`] and [`Error::Invalid`] for what is no public key.
pub async fn add(caller: &Caller, text: Vec<u8>) -> Result<Vec<String>> {
    let owner = may_add(caller, text.len())?;
    submit(caller).await?;
    let certificates = parse(text).await?;
    let mut added = Vec::new();
    for certificate in certificates {
        added.push(add_one(caller, owner, certificate).await?);
    }
    Ok(added)
}

fn may_add(caller: &Caller, length: usize) -> Result<UserId> {
    let account = caller.account()?;
    if account.scope < Scope::Write {
        return Err(Error::Forbidden(
            "this token may only read; make one with the scope write".into(),
        ));
    }
    check_size(caller, length, 1)?;
    Ok(account.id)
}

fn check_size(caller: &Caller, length: usize, times: u64) -> Result<()> {
    let limit = caller.config().keyserver.max_key_size.bytes() * times;
    if length as u64 > limit {
        return Err(Error::TooLarge { what: "key", limit });
    }
    Ok(())
}

/// Counts a submission, good or bad, and of many at once each, before any work is done for it.
///
/// # Errors
/// [`Error::RateLimited`] beyond the site's limit; what is refused does not count.
async fn submit(caller: &Caller) -> Result<()> {
    let most = u64::from(caller.config().keyserver.submissions_per_hour);
    let refused = Error::RateLimited {
        after: std::time::Duration::from_secs(3600),
    };
    if submitted(caller).await? >= most {
        return Err(refused);
    }
    let account = caller.account()?;
    let event = Event::new(
        "key.submit",
        Target::account(account.id, &account.name),
        account.id,
    );
    caller.change(async |_| Ok(event.with(()))).await?;
    match submitted(caller).await? > most {
        true => Err(refused),
        false => Ok(()),
    }
}

/// How often the caller submitted within the last hour.
async fn submitted(caller: &Caller) -> Result<u64> {
    Ok(internal::<event::Entity>()
        .filter(event::Column::Actor.eq(caller.actor().to_string()))
        .filter(event::Column::Action.eq("key.submit"))
        .filter(event::Column::At.gt(caller.now() - TimeDelta::hours(1)))
        .count(caller.db())
        .await?)
}

async fn parse(text: Vec<u8>) -> Result<Vec<Certificate>> {
    spawn_blocking(move || Certificate::read_all(&text))
        .await
        .map_err(anyhow::Error::from)?
}

/// Joins a key with the copy that is here, if any, and keeps the result; tells its fingerprint. The joining checks every
/// signature, so it is done outside the transaction, and again should the copy have changed meanwhile.
async fn add_one(caller: &Caller, owner: UserId, new: Certificate) -> Result<String> {
    for _ in 0..ATTEMPTS {
        let here = rows::<Pull, key::Entity>(caller.actor())
            .narrow(|q| q.filter(key::Column::Fingerprint.eq(&new.fingerprint)))
            .one(caller.db())
            .await?;
        let joined = join(here.as_ref(), new.clone()).await?;
        check_size(caller, joined.armored.len(), GROWTH)?;
        if keep(caller, owner, here.as_ref(), &joined).await? {
            return Ok(joined.fingerprint);
        }
    }
    let words = "others are pushing this key at the same moment; push it again";
    Err(Error::Conflict(words.into()))
}

/// The key joined with the copy that is here, if any, so that no revocation is lost.
async fn join(here: Option<&Key>, new: Certificate) -> Result<Certificate> {
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

/// Keeps a key in place of the copy that it was joined with. False: that copy is no longer the one that is here.
async fn keep(
    caller: &Caller,
    owner: UserId,
    here: Option<&Key>,
    certificate: &Certificate,
) -> Result<bool> {
    let fingerprint = &certificate.fingerprint;
    caller
        .change(async |tx| {
            let kept = match here {
                None => insert(tx, owner, certificate).await?,
                Some(here) => replace(tx, here, certificate).await?,
            };
            if !kept {
                return Ok(Change::none(false));
            }
            replace_names(tx, certificate).await?;
            replace_ids(tx, certificate).await?;
            let names: Vec<&str> = certificate.user_ids.iter().map(|uid| &*uid.text).collect();
            let details = json!({"user_ids": names, "revoked": certificate.revoked});
            Ok(
                Event::new("key.add", Target::account(owner, fingerprint), fingerprint)
                    .details(details)
                    .with(true),
            )
        })
        .await
}

async fn insert(tx: &Tx, owner: UserId, certificate: &Certificate) -> Result<bool> {
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
    let unless_there = OnConflict::column(key::Column::Fingerprint)
        .do_nothing()
        .to_owned();
    let inserted = key::Entity::insert(row)
        .on_conflict(unless_there)
        .try_insert()
        .exec_without_returning(tx.db())
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1)))
}

async fn replace(tx: &Tx, here: &Key, certificate: &Certificate) -> Result<bool> {
    let replaced = key::Entity::update_many()
        .col_expr(
            key::Column::Armored,
            Expr::value(certificate.armored.clone()),
        )
        .col_expr(key::Column::ExpiresAt, Expr::value(certificate.expires))
        .col_expr(key::Column::Revoked, Expr::value(certificate.revoked))
        .col_expr(key::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(key::Column::Fingerprint.eq(&here.fingerprint))
        .filter(key::Column::Armored.eq(&here.armored))
        .exec(tx.db())
        .await?;
    Ok(replaced.rows_affected > 0)
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
