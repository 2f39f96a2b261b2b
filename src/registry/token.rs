//! API tokens: opaque, named, scoped, revocable. The token itself is shown once and not kept.
//!
//! `sifhub_`, 200 characters of chance, and 8 of checksum, by which a scanner tells a token from a look-alike without
//! asking anybody. Clients take tokens from files only if they have at least 200 characters.
use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use entity::{
    id::{TokenId, UserId},
    kind::Scope,
    token, user,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, Set,
    sea_query::Expr,
};
use serde_json::json;

use super::{
    Caller, fresh_id,
    page::{Page, PageArgs, Sort, page},
    secret::random_text,
    site,
    user::account,
};
use crate::{
    access::{Account, Admin, Granted, Pull, Rows, identity, open, rows},
    error::{Error, Result},
    event::{Change, Event, Target},
};

/// What every token begins with.
pub const PREFIX: &str = "sifhub_";
/// How exact the time of last use is.
const USE_INTERVAL: TimeDelta = TimeDelta::minutes(1);
/// Databases and clients keep dates of four-digit years only.
const LONGEST: TimeDelta = TimeDelta::days(36_525);
/// The longest name of a token, in characters.
const NAME_MAX: usize = 100;

/// A token that the caller may see: its name and dates, not its secret.
pub type Token = Granted<Pull, token::Model>;

/// What a new token gets.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What its user calls it.
    pub name: String,
    /// How far it reaches.
    pub scope: Scope,
    /// When it stops working, if ever.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The order of a list of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByCreation;

impl Sort<token::Entity> for ByCreation {
    fn column(self) -> Option<token::Column> {
        None
    }
    fn key(self, _: &token::Model) -> String {
        String::new()
    }
    fn id(row: &token::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> token::Column {
        token::Column::Id
    }
}

/// The tokens of a user that are not revoked.
pub async fn list(
    caller: &Caller,
    user: UserId,
    args: &PageArgs<ByCreation>,
) -> Result<Page<Token>> {
    let rows = valid(caller).narrow(|q| q.filter(token::Column::UserId.eq(user)));
    page(caller, rows, user, args).await
}

/// The tokens that are not revoked.
pub(in crate::registry) fn valid(caller: &Caller) -> Rows<Pull, token::Entity> {
    rows::<Pull, token::Entity>(caller.actor())
        .narrow(|q| q.filter(token::Column::RevokedAt.is_null()))
}

/// Those of `ids` that the caller may see, revoked or not. One statement.
pub async fn by_ids(caller: &Caller, ids: &[TokenId]) -> Result<HashMap<TokenId, Token>> {
    let rows = rows::<Pull, token::Entity>(caller.actor())
        .narrow(|q| q.filter(token::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Makes a token, and tells its secret, once.
///
/// # Errors
/// [`Error::Forbidden`] for a scope beyond the caller's or the user's own; [`Error::Invalid`] for a name or an expiry
/// that the site does not take; [`Error::ReadOnly`] while it takes no changes; those of [`open`] for the user.
pub async fn create(caller: &Caller, user: UserId, new: NewToken) -> Result<(Token, String)> {
    check(caller, &new)?;
    site::check_open(caller).await?;
    let secret = generate();
    let hash = caller.secret().hash_token(&secret);
    let token = caller
        // Who has not agreed to the terms yet may pull, and needs a token for that.
        .change_always(async |tx| {
            let user = open::<Admin, user::Entity>(tx.db(), tx.actor(), user).await?;
            if new.scope == Scope::Admin && !user.admin {
                return Err(Error::Forbidden(format!(
                    "{} is no administrator; use the scope write",
                    user.name
                )));
            }
            let row = token::ActiveModel {
                id: Set(TokenId(fresh_id())),
                user_id: Set(user.id),
                name: Set(new.name.trim().to_owned()),
                hash: Set(hash),
                scope: Set(new.scope),
                created_at: Set(tx.now()),
                expires_at: Set(new.expires_at),
                last_used_at: Set(None),
                revoked_at: Set(None),
            };
            let row = row.insert(tx.db()).await?;
            let details =
                json!({"name": row.name, "scope": row.scope, "expires_at": row.expires_at});
            let token = open::<Pull, token::Entity>(tx.db(), tx.actor(), row.id).await?;
            Ok(
                Event::new("token.create", Target::account(user.id, &user.name), row.id)
                    .details(details)
                    .with(token),
            )
        })
        .await?;
    Ok((token, secret))
}

fn check(caller: &Caller, new: &NewToken) -> Result<()> {
    if !(1..=NAME_MAX).contains(&new.name.trim().chars().count())
        || new.name.chars().any(char::is_control)
    {
        return Err(Error::invalid(
            "name",
            format!("a token needs a name of 1 to {NAME_MAX} characters"),
        ));
    }
    check_maker(caller, new)?;
    check_expiry(caller, new.expires_at)
}

fn check_maker(caller: &Caller, new: &NewToken) -> Result<()> {
    let Some(account) = caller.actor().account() else {
        return Ok(());
    };
    let refusal = |words: &str| Err(Error::Forbidden(words.into()));
    if account.scope < new.scope {
        return refusal("a token cannot make one that reaches further than itself");
    }
    let outlives = |until| new.expires_at.is_none_or(|at| at > until);
    if account.until.is_some_and(outlives) {
        return refusal("a token that expires cannot make one that lasts longer than itself");
    }
    Ok(())
}

fn check_expiry(caller: &Caller, expires_at: Option<DateTime<Utc>>) -> Result<()> {
    let invalid = |why: &str| Err(Error::invalid("expires", why));
    if expires_at.is_some_and(|at| at <= caller.now()) {
        return invalid("the time has passed; choose one to come");
    }
    if expires_at.is_some_and(|at| at > caller.now() + LONGEST) {
        return invalid("choose a time within 100 years, or none if it is never to expire");
    }
    let Some(longest) = caller.config().auth.max_token_lifetime else {
        return Ok(());
    };
    let latest = TimeDelta::from_std(longest.get())
        .ok()
        .and_then(|life| caller.now().checked_add_signed(life));
    match (expires_at, latest) {
        (_, None) => Ok(()),
        (Some(at), Some(latest)) if at <= latest => Ok(()),
        _ => Err(Error::invalid(
            "expires",
            format!("tokens of this site last {longest} at most"),
        )),
    }
}

/// Ends a token.
///
/// # Errors
/// Those of [`open`].
pub async fn revoke(caller: &Caller, id: TokenId) -> Result<()> {
    caller
        .change_always(async |tx| {
            let token = open::<Admin, token::Entity>(tx.db(), tx.actor(), id).await?;
            if token.revoked_at.is_some() {
                return Ok(Change::none(()));
            }
            let user = token.find_related(user::Entity).one(tx.db()).await?;
            let mut row = (*token).clone().into_active_model();
            row.revoked_at = Set(Some(tx.now()));
            row.update(tx.db()).await?;
            let name = user.map(|user| user.name).unwrap_or_default();
            Ok(
                Event::new("token.revoke", Target::account(token.user_id, name), id)
                    .details(json!({"name": token.name}))
                    .with(()),
            )
        })
        .await
}

/// The token that somebody shows, and their account; `None` when it is no token, or no longer.
pub async fn identify(caller: &Caller, secret: &str) -> Result<Option<(TokenId, Account)>> {
    if !is_well_formed(secret) {
        return Ok(None);
    }
    let hash = caller.secret().hash_token(secret);
    usable(caller, token::Column::Hash.eq(hash)).await
}

/// The account of the holder of a token that was shown before; `None` when it is good no longer.
pub(in crate::registry) async fn still(caller: &Caller, id: TokenId) -> Result<Option<Account>> {
    let found = usable(caller, token::Column::Id.eq(id)).await?;
    Ok(found.map(|(_, account)| account))
}

async fn usable(caller: &Caller, which: Expr) -> Result<Option<(TokenId, Account)>> {
    let found = identity::<token::Entity>()
        .filter(which)
        .find_also_related(user::Entity)
        .one(caller.db())
        .await?;
    let Some((token, Some(user))) = found else {
        return Ok(None);
    };
    let over = token.expires_at.is_some_and(|at| at <= caller.now());
    if over || token.revoked_at.is_some() || user.disabled_at.is_some() {
        return Ok(None);
    }
    note_use(caller, &token).await;
    let account = Account {
        scope: token.scope,
        until: token.expires_at,
        ..account(user)
    };
    Ok(Some((token.id, account)))
}

/// A failure here must not keep anybody from working, so it is only logged.
async fn note_use(caller: &Caller, token: &token::Model) {
    if token
        .last_used_at
        .is_some_and(|at| at > caller.now() - USE_INTERVAL)
    {
        return;
    }
    let update = token::Entity::update_many()
        .col_expr(token::Column::LastUsedAt, Expr::value(caller.now()))
        .filter(token::Column::Id.eq(token.id));
    let _turn = caller.turn_to_write().await;
    if let Err(error) = update.exec(caller.db()).await {
        tracing::warn!(token = %token.id, %error, "the time of last use was not noted");
    }
}

fn generate() -> String {
    let body = random_text::<150>();
    format!("{PREFIX}{body}{}", checksum(&body))
}

fn checksum(body: &str) -> String {
    BASE64URL_NOPAD.encode(&digest(&SHA256, body.as_bytes()).as_ref()[..6])
}

/// Whether the text has the form of a token; saves a question to the database.
pub fn is_well_formed(secret: &str) -> bool {
    let body = secret
        .strip_prefix(PREFIX)
        .filter(|rest| rest.is_ascii() && rest.len() == 208);
    body.is_some_and(|rest| checksum(&rest[..200]) == rest[200..])
}
