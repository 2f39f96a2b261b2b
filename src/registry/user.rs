//! Users: local accounts. Hashing and checking passwords is the business of `auth`.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{id::UserId, kind::Scope, session, user};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    Select, Set, sea_query::Expr,
};
use serde_json::json;

use super::{
    Caller, Tx,
    database::{Turn, on_duplicate, take_turn},
    fresh_id,
    namespace::{self, NewNamespace},
    page::{Page, PageArgs, Sort, page},
    path::{Name, plain},
    secret::same,
};
use crate::{
    access::{
        Account, Admin, Granted, Includes, Level, Pull, Rows, identity, open, open_where, rows,
    },
    error::{Error, Result},
    event::{Change, Event, Target},
};

mod standing;

pub use standing::{delete, set_admin, set_enabled};

/// A user that the caller may see.
pub type User = Granted<Pull, user::Model>;

/// What a new user gets, besides a namespace of the same name.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Unique.
    pub name: Name,
    /// Whether they administer the site.
    pub admin: bool,
    /// PHC string; absent: the account cannot sign in with a password.
    pub password_hash: Option<String>,
}

/// The orders of a list of users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserSort {
    /// By name.
    #[default]
    Name,
    /// By the time of creation.
    Created,
}

impl Sort<user::Entity> for UserSort {
    fn column(self) -> Option<user::Column> {
        (self == Self::Name).then_some(user::Column::Name)
    }
    fn key(self, row: &user::Model) -> String {
        row.name.clone()
    }
    fn id(row: &user::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> user::Column {
        user::Column::Id
    }
}

/// Which users a list has.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Those with this in their name, in upper or lower case.
    pub text: Option<String>,
    /// Those who administer the site, or those who do not.
    pub admin: Option<bool>,
    /// Those who are kept out, or those who are not.
    pub disabled: Option<bool>,
}

/// The users that the caller may see.
///
/// # Errors
/// [`Error::Forbidden`] for filters by what administrators alone know.
pub async fn list(
    caller: &Caller,
    filter: &UserFilter,
    args: &PageArgs<UserSort>,
) -> Result<Page<User>> {
    page(caller, of_filter(caller, filter)?, filter, args).await
}

/// How many [`list`] lists.
///
/// # Errors
/// [`Error::Forbidden`] for filters by what administrators alone know.
pub async fn count(caller: &Caller, filter: &UserFilter) -> Result<u64> {
    of_filter(caller, filter)?.count(caller.db()).await
}

/// # Errors
/// [`Error::Forbidden`] for anybody but administrators who asks for what they alone know of others; [`Error::Invalid`] for
/// a text that is too long.
fn of_filter(caller: &Caller, filter: &UserFilter) -> Result<Rows<Pull, user::Entity>> {
    if (filter.admin.is_some() || filter.disabled.is_some()) && !caller.actor().is_site_admin() {
        caller.account()?;
        return Err(Error::Forbidden(
            "only an administrator may ask who administers the site or is disabled".into(),
        ));
    }
    let mut rows = rows::<Pull, user::Entity>(caller.actor());
    if let Some(text) = &filter.text {
        plain("text", text, super::search::TEXT_MAX)?;
        let pattern = super::search::pattern(&text.trim().to_lowercase());
        rows = rows.narrow(|q| q.filter(super::search::like(user::Column::Name, &pattern)));
    }
    if let Some(admin) = filter.admin {
        rows = rows.narrow(|q| q.filter(user::Column::Admin.eq(admin)));
    }
    Ok(match filter.disabled {
        Some(true) => rows.narrow(|q| q.filter(user::Column::DisabledAt.is_not_null())),
        Some(false) => rows.narrow(|q| q.filter(user::Column::DisabledAt.is_null())),
        None => rows,
    })
}

/// What only a user and administrators know of the user.
#[derive(Clone, Copy, Debug)]
pub struct Private {
    /// Whether they administer the site.
    pub admin: bool,
    /// When they were kept out, if they are.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When they last signed in.
    pub last_login_at: Option<DateTime<Utc>>,
}

/// What the caller may know of a user beyond the name; `None`: nothing.
pub fn private(caller: &Caller, user: &User) -> Option<Private> {
    let own = caller
        .actor()
        .account()
        .is_some_and(|account| account.id == user.id);
    (own || caller.actor().is_site_admin()).then_some(Private {
        admin: user.admin,
        disabled_at: user.disabled_at,
        last_login_at: user.last_login_at,
    })
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(caller: &Caller, ids: &[UserId]) -> Result<HashMap<UserId, User>> {
    let rows = rows::<Pull, user::Entity>(caller.actor())
        .narrow(|q| q.filter(user::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The user of that name.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see.
pub async fn find(caller: &Caller, name: &str) -> Result<User> {
    let name: Name = name.parse().map_err(|_| Error::NotFound("user"))?;
    open_where(caller.db(), caller.actor(), |q: Select<user::Entity>| {
        q.filter(user::Column::Name.eq(name.as_str()))
    })
    .await
}

/// Makes an account and its namespace.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators; [`Error::Conflict`] when the name is taken.
pub async fn create(caller: &Caller, new: NewUser) -> Result<User> {
    may_create(caller)?;
    caller.change_always(async |tx| insert(tx, new).await).await
}

/// Whether the caller may make accounts; saves the work of hashing a password in vain.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators, or [`Error::Unauthenticated`] if nobody is signed in.
pub fn may_create(caller: &Caller) -> Result<()> {
    if caller.actor().is_site_admin() {
        return Ok(());
    }
    caller.account()?;
    Err(Error::Forbidden(
        "only an administrator may make accounts".into(),
    ))
}

/// The user of that id, if the caller may change them.
///
/// # Errors
/// Those of [`open`].
pub async fn open_to_change(caller: &Caller, id: UserId) -> Result<User> {
    let user = open::<Admin, user::Entity>(caller.db(), caller.actor(), id).await?;
    Ok(user.for_pull())
}

async fn insert(tx: &Tx, new: NewUser) -> Result<Change<User>> {
    let row = user::ActiveModel {
        id: Set(UserId(fresh_id())),
        name: Set(new.name.to_string()),
        admin: Set(new.admin),
        password_hash: Set(new.password_hash),
        disabled_at: Set(None),
        created_at: Set(tx.now()),
        last_login_at: Set(None),
        quota_bytes: Set(None),
        quota_images: Set(None),
    };
    let words = || format!("the user {} exists already", new.name);
    let row = row.insert(tx.db()).await.map_err(on_duplicate(words))?;
    let own = NewNamespace {
        name: new.name.clone(),
        description: String::new(),
        default_visibility: None,
    };
    namespace::insert(tx, row.id, None, own).await?;
    let event = Event::new("user.create", Target::account(row.id, &row.name), row.id)
        .details(json!({"admin": row.admin}));
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever makes an account may see it, signed in or not"
    )]
    let site = crate::access::Actor::system("user");
    Ok(event.with(open::<Pull, user::Entity>(tx.db(), &site, row.id).await?))
}

/// Whether there is no account yet.
pub async fn is_first_start(caller: &Caller) -> Result<bool> {
    Ok(identity::<user::Entity>().count(caller.db()).await? == 0)
}

/// The word that lets its holder make the first administrator, while there is no account.
pub async fn setup_word(caller: &Caller) -> Result<Option<String>> {
    Ok(is_first_start(caller)
        .await?
        .then(|| caller.secret().setup_word()))
}

/// Whether the holder of this word may make the first administrator now.
///
/// # Errors
/// [`Error::NotFound`] when the word is wrong or there is an account already.
pub async fn may_create_first(caller: &Caller, word: &str) -> Result<()> {
    if same(word, &caller.secret().setup_word()) && is_first_start(caller).await? {
        return Ok(());
    }
    Err(Error::NotFound("page"))
}

/// Makes the first administrator.
///
/// # Errors
/// [`Error::NotFound`] when the word is wrong or there is an account already.
pub async fn create_first(
    caller: &Caller,
    word: &str,
    name: Name,
    password_hash: String,
) -> Result<User> {
    if !same(word, &caller.secret().setup_word()) {
        return Err(Error::NotFound("page"));
    }
    let new = NewUser {
        name,
        admin: true,
        password_hash: Some(password_hash),
    };
    caller
        .change_always(async |tx| {
            take_turn(tx.db(), Turn::FirstUser).await?;
            if identity::<user::Entity>().count(tx.db()).await? > 0 {
                return Err(Error::NotFound("page"));
            }
            insert(tx, new).await
        })
        .await
}

/// Gives an account another password and ends its sessions.
///
/// # Errors
/// Those of [`open`].
pub async fn set_password(caller: &Caller, id: UserId, password_hash: String) -> Result<()> {
    caller
        .change_always(async |tx| {
            let user = open::<Admin, user::Entity>(tx.db(), tx.actor(), id).await?;
            let mut row = (*user).clone().into_active_model();
            row.password_hash = Set(Some(password_hash));
            row.update(tx.db()).await?;
            end_sessions(tx, &user).await?;
            Ok(Event::new("user.password", Target::account(id, &user.name), id).with(()))
        })
        .await
}

async fn end_sessions(tx: &Tx, user: &Granted<impl Includes<Admin>, user::Model>) -> Result<()> {
    session::Entity::delete_many()
        .filter(session::Column::UserId.eq(user.id))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// What is needed to check a password.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Whose they are, as far as somebody reaches who knows the password.
    pub account: Account,
    /// PHC string.
    pub password_hash: Option<String>,
    /// When the account was disabled.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// The credentials of the account of that name, for `auth` to check.
pub async fn credentials(caller: &Caller, name: &str) -> Result<Option<Credentials>> {
    let row = identity::<user::Entity>()
        .filter(user::Column::Name.eq(name))
        .one(caller.db())
        .await?;
    Ok(row.map(|row| Credentials {
        password_hash: row.password_hash.clone(),
        disabled_at: row.disabled_at,
        account: account(row),
    }))
}

/// The account of somebody who signed in, or is known by their password: it reaches as far as its user.
pub(in crate::registry) fn account(row: user::Model) -> Account {
    Account {
        id: row.id,
        name: row.name,
        admin: row.admin,
        scope: Scope::Admin,
        most: Level::Admin,
        until: None,
    }
}

/// Notes that somebody signs in with these credentials, and keeps their password's new hash if its parameters were
/// old. False: the password was changed or the account disabled while the credentials were being checked. Until the end of
/// the transaction it cannot be.
pub(in crate::registry) async fn signed_in(
    tx: &Tx,
    with: &Credentials,
    rehashed: Option<String>,
) -> Result<bool> {
    let mut update = user::Entity::update_many()
        .col_expr(user::Column::LastLoginAt, Expr::value(tx.now()))
        .filter(user::Column::Id.eq(with.account.id))
        .filter(user::Column::PasswordHash.eq(with.password_hash.clone()))
        .filter(user::Column::DisabledAt.is_null());
    if let Some(hash) = rehashed {
        update = update.col_expr(user::Column::PasswordHash, Expr::value(hash));
    }
    Ok(update.exec(tx.db()).await?.rows_affected > 0)
}
