//! Terms of use, and who agreed to them.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{site, terms, terms_agreement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set,
    sea_query::OnConflict,
};
use serde_json::json;

use super::{check_open, current, keep, locked, may_administer};
use crate::{
    access::{Level, internal},
    error::{Error, Result},
    event::{Change, Event, Target},
    registry::{Caller, Tx, UserId, path::plain},
};

/// The longest terms, in bytes.
pub const TERMS_MAX: usize = 64 * 1024;
/// Where people read and agree.
const PAGE: &str = "/auth/terms";

/// What users agree to before they change anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// From 1; one more with each text.
    pub version: i32,
    /// Plain text or Markdown.
    pub text: String,
    /// When they came into force.
    pub published_at: DateTime<Utc>,
}

/// The terms that hold; `None`: there are none.
pub async fn terms(caller: &Caller) -> Result<Option<Terms>> {
    let version = current(caller).await?.terms_version;
    if version == 0 {
        return Ok(None);
    }
    let row = internal::<terms::Entity>()
        .filter(terms::Column::Version.eq(version))
        .one(caller.db())
        .await?;
    Ok(row.map(|row| Terms {
        version: row.version,
        text: row.text,
        published_at: row.published_at,
    }))
}

/// When those of `users` agreed to the terms that hold; only what the caller may know of them. One statement.
pub async fn agreements(
    caller: &Caller,
    users: &[UserId],
) -> Result<HashMap<UserId, DateTime<Utc>>> {
    let own = caller.actor().account().map(|account| account.id);
    let known = |user: &&UserId| caller.actor().is_site_admin() || own == Some(**user);
    let version = current(caller).await?.terms_version;
    let rows = internal::<terms_agreement::Entity>()
        .filter(terms_agreement::Column::UserId.is_in(users.iter().filter(known).copied()))
        .filter(terms_agreement::Column::Version.eq(version))
        .all(caller.db())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.user_id, row.agreed_at))
        .collect())
}

/// Whether the caller has to agree to the terms before they may change anything. Costs nothing where there are none.
pub async fn are_due(caller: &Caller) -> Result<bool> {
    let version = current(caller).await?.terms_version;
    let Some(account) = caller.actor().account().filter(|_| version > 0) else {
        return Ok(false);
    };
    Ok(!agreements(caller, &[account.id])
        .await?
        .contains_key(&account.id))
}

/// # Errors
/// [`Error::TermsNotAgreed`], with the page where the caller can agree.
pub(super) async fn check(caller: &Caller) -> Result<()> {
    match are_due(caller).await? {
        false => Ok(()),
        true => Err(Error::TermsNotAgreed {
            url: caller.url_of(PAGE),
        }),
    }
}

/// Puts other terms into force, to which everybody has to agree anew; `None`: none hold any more.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators; [`Error::Invalid`] for a text that is empty or too long.
pub async fn publish(caller: &Caller, text: Option<String>) -> Result<Option<Terms>> {
    may_administer(caller)?;
    if let Some(text) = &text {
        plain("text", text, TERMS_MAX)?;
        if text.trim().is_empty() {
            let why = "it is empty; leave it out if there are to be none";
            return Err(Error::invalid("text", why));
        }
    }
    current(caller).await?;
    let row = caller
        .change_always(async |tx| {
            let before = locked(tx).await?;
            let terms_version = match text {
                None => 0,
                Some(text) => insert(tx, text).await?,
            };
            if before.terms_version == terms_version {
                return Ok(Change::none(before));
            }
            let row = keep(
                tx,
                site::Model {
                    terms_version,
                    ..before
                },
            )
            .await?;
            Ok(
                Event::new("terms.publish", Target::site("site"), &row.registry_id)
                    .details(json!({"version": terms_version}))
                    .with(row),
            )
        })
        .await?;
    caller.known_site().set(row);
    terms(caller).await
}

/// The text under the next number. Whoever holds the row of the site is alone with it.
async fn insert(tx: &Tx, text: String) -> Result<i32> {
    let last = internal::<terms::Entity>()
        .order_by_desc(terms::Column::Version)
        .one(tx.db())
        .await?;
    let row = terms::Model {
        version: last.map_or(1, |last| last.version + 1),
        text,
        published_at: tx.now(),
        published_by: tx.actor().account().map(|account| account.id),
    };
    let row = row.into_active_model().reset_all().insert(tx.db()).await?;
    Ok(row.version)
}

/// Agrees to the terms of that version, for the caller.
///
/// # Errors
/// [`Error::Conflict`] when it is not the version that holds; [`Error::Forbidden`] for a token that may only read;
/// [`Error::ReadOnly`].
pub async fn agree(caller: &Caller, version: i32) -> Result<DateTime<Utc>> {
    let account = caller.account()?;
    if !caller.actor().may_reach(Level::Push) {
        let words =
            "this token may only read; agree on the page, or with a token of the scope write";
        return Err(Error::Forbidden(words.into()));
    }
    check_open(caller).await?;
    let row = terms_agreement::ActiveModel {
        user_id: Set(account.id),
        version: Set(version),
        agreed_at: Set(caller.now()),
    };
    let once = OnConflict::columns([
        terms_agreement::Column::UserId,
        terms_agreement::Column::Version,
    ])
    .do_nothing()
    .to_owned();
    caller
        .change_always(async |tx| {
            if locked(tx).await?.terms_version != version || version == 0 {
                let words = "these are not the terms that hold now; read them again";
                return Err(Error::Conflict(words.into()));
            }
            let added = terms_agreement::Entity::insert(row)
                .on_conflict(once)
                .try_insert()
                .exec_without_returning(tx.db())
                .await?;
            let at = agreed_at(tx, account.id, version).await?;
            if !matches!(added, sea_orm::TryInsertResult::Inserted(1)) {
                return Ok(Change::none(at));
            }
            Ok(Event::new(
                "terms.agree",
                Target::account(account.id, &account.name),
                account.id,
            )
            .details(json!({"version": version}))
            .with(at))
        })
        .await
}

async fn agreed_at(tx: &Tx, user: UserId, version: i32) -> Result<DateTime<Utc>> {
    let row = internal::<terms_agreement::Entity>()
        .filter(terms_agreement::Column::UserId.eq(user))
        .filter(terms_agreement::Column::Version.eq(version))
        .one(tx.db())
        .await?;
    row.map(|row| row.agreed_at)
        .ok_or_else(|| anyhow::anyhow!("the agreement is not there").into())
}
