//! Whether an account counts: as an administrator, as one that may sign in, or at all. One enabled administrator is left.
use entity::{collection, key, namespace, user};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, IntoActiveModel, ModelTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Set, sea_query::LockType,
};
use serde_json::json;

use super::{User, end_sessions};
use crate::{
    access::{Admin, Granted, Pull, identity, open, rows},
    error::{Error, Result},
    event::{Change, Event, Target},
    registry::{
        Caller, Tx, UserId,
        database::{Turn, take_turn},
        namespace as namespaces, team,
    },
};

/// How many things are named that somebody still owns.
const NAMED: u64 = 5;

/// Lets an account sign in, or keeps it out; its tokens and sessions with it.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators; [`Error::Conflict`] for the last enabled administrator; those of
/// [`open`].
pub async fn set_enabled(caller: &Caller, id: UserId, enabled: bool) -> Result<User> {
    may_govern(caller, "disable or enable accounts")?;
    caller
        .change_always(async |tx| {
            let user = opened(tx, id).await?;
            let mut row = (*user).clone().into_active_model();
            row.disabled_at = Set((!enabled).then_some(tx.now()));
            let row = row.update(tx.db()).await?;
            if !enabled {
                check_administered(tx, &user, "disable").await?;
                end_sessions(tx, &user).await?;
            }
            let action = if enabled {
                "user.enable"
            } else {
                "user.disable"
            };
            Ok(Event::new(action, Target::account(id, &row.name), id)
                .with(user.replaced(row).for_pull()))
        })
        .await
}

/// Makes somebody an administrator of the site, or one no longer.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators; [`Error::Conflict`] for the last enabled administrator; those of
/// [`open`].
pub async fn set_admin(caller: &Caller, id: UserId, admin: bool) -> Result<User> {
    may_govern(caller, "change roles")?;
    caller
        .change_always(async |tx| {
            let user = opened(tx, id).await?;
            if user.admin == admin {
                return Ok(Change::none(user.for_pull()));
            }
            let mut row = (*user).clone().into_active_model();
            row.admin = Set(admin);
            let row = row.update(tx.db()).await?;
            check_administered(tx, &user, "demote").await?;
            Ok(Event::new("user.role", Target::account(id, &row.name), id)
                .details(json!({"admin": admin}))
                .with(user.replaced(row).for_pull()))
        })
        .await
}

/// Deletes an account that owns nothing, with its empty namespaces, tokens and sessions. What it did stays in the log. Teams keep
/// their namespaces, whoever made them.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators; [`Error::Conflict`] while it owns collections or keys, or is the last
/// maintainer of teams, which are named, and for the last enabled administrator; those of [`open`].
pub async fn delete(caller: &Caller, id: UserId) -> Result<()> {
    may_govern(caller, "delete accounts")?;
    caller
        .change_always(async |tx| {
            let user = opened(tx, id).await?;
            team::succeed(tx, &user).await?;
            let own = own_namespaces(tx, id).await?;
            check_owns_nothing(tx, &user).await?;
            namespaces::delete_all(tx, own).await?;
            let user = user.into_row();
            user.clone().delete(tx.db()).await?;
            check_administered(tx, &user, "delete").await?;
            Ok(Event::new("user.delete", Target::account(id, user.name), id).with(()))
        })
        .await
}

fn may_govern(caller: &Caller, what: &str) -> Result<()> {
    if caller.actor().is_site_admin() {
        return Ok(());
    }
    caller.account()?;
    Err(Error::Forbidden(format!(
        "only an administrator may {what}"
    )))
}

/// The account, with nobody else changing who administers the site until the end of the transaction.
async fn opened(tx: &Tx, id: UserId) -> Result<Granted<Admin, user::Model>> {
    take_turn(tx.db(), Turn::Administrators).await?;
    open::<Admin, user::Entity>(tx.db(), tx.actor(), id).await
}

/// # Errors
/// [`Error::Conflict`] when with `before` the last one went who could administer the site.
async fn check_administered(tx: &Tx, before: &user::Model, verb: &str) -> Result<()> {
    if !before.admin || before.disabled_at.is_some() {
        return Ok(());
    }
    let left = identity::<user::Entity>()
        .filter(user::Column::Admin.eq(true))
        .filter(user::Column::DisabledAt.is_null())
        .count(tx.db())
        .await?;
    match left {
        0 => Err(Error::Conflict(format!(
            "this is the last administrator who may sign in; make another one first, then {verb} this one"
        ))),
        _ => Ok(()),
    }
}

/// The namespaces of a user, to which nothing comes until the end of the transaction.
async fn own_namespaces(tx: &Tx, id: UserId) -> Result<Vec<Granted<Admin, namespace::Model>>> {
    rows::<Admin, namespace::Entity>(tx.actor())
        .narrow(|q| {
            q.filter(namespace::Column::OwnerId.eq(id))
                .filter(namespace::Column::TeamId.is_null())
                .lock(LockType::Update)
        })
        .all(tx.db())
        .await
}

/// # Errors
/// [`Error::Conflict`], naming some of what they own.
async fn check_owns_nothing(tx: &Tx, user: &user::Model) -> Result<()> {
    let paths: Vec<(String, String)> = rows::<Pull, collection::Entity>(tx.actor())
        .into_select()
        .inner_join(namespace::Entity)
        .filter(namespace::Column::OwnerId.eq(user.id))
        .filter(namespace::Column::TeamId.is_null())
        .order_by_asc(collection::Column::Id)
        .limit(NAMED + 1)
        .select_only()
        .column_as(namespace::Column::Name, "namespace")
        .column_as(collection::Column::Name, "collection")
        .into_tuple()
        .all(tx.db())
        .await?;
    let paths = paths
        .into_iter()
        .map(|(namespace, name)| format!("{namespace}/{name}"));
    refuse_owner(user, "collections", paths.collect())?;
    let keys: Vec<String> = rows::<Pull, key::Entity>(tx.actor())
        .into_select()
        .filter(key::Column::OwnerId.eq(user.id))
        .limit(NAMED + 1)
        .select_only()
        .column(key::Column::Fingerprint)
        .into_tuple()
        .all(tx.db())
        .await?;
    refuse_owner(user, "keys", keys)
}

fn refuse_owner(user: &user::Model, nouns: &str, mut names: Vec<String>) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    if names.len() as u64 > NAMED {
        names.pop();
        names.push("others".into());
    }
    Err(Error::Conflict(format!(
        "{} still owns {nouns}: {}; delete them or give them to somebody else first, or disable the account",
        user.name,
        names.join(", ")
    )))
}
