//! Accounts and their passwords: the rules and the hash here, the rest in the registry.
use super::password;
use crate::{
    error::Result,
    registry::{
        Caller, UserId,
        path::Name,
        user::{self, NewUser, User},
    },
};

/// Makes an account, and the namespace of the same name. Without a password it cannot sign in until it gets one.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) for a password against the rules; those of [`user::create`].
pub async fn create_user(
    caller: &Caller,
    name: Name,
    admin: bool,
    password: Option<&str>,
) -> Result<User> {
    user::may_create(caller)?;
    let password_hash = match password {
        Some(password) => Some(password::chosen(caller.config(), name.as_str(), password).await?),
        None => None,
    };
    let new = NewUser {
        name,
        admin,
        password_hash,
    };
    user::create(caller, new).await
}

/// Makes the first administrator.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) for a password against the rules; those of [`user::create_first`].
pub async fn create_first(caller: &Caller, word: &str, name: Name, password: &str) -> Result<User> {
    user::may_create_first(caller, word).await?;
    let hash = password::chosen(caller.config(), name.as_str(), password).await?;
    user::create_first(caller, word, name, hash).await
}

/// Gives an account another password and ends its sessions.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) for a password against the rules; those of [`user::set_password`].
pub async fn set_password(caller: &Caller, id: UserId, password: &str) -> Result<()> {
    let user = user::open_to_change(caller, id).await?;
    let hash = password::chosen(caller.config(), &user.name, password).await?;
    user::set_password(caller, id, hash).await
}
