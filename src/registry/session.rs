//! Browser sessions: in the database, found by the hash of a cookie.
use chrono::TimeDelta;
use entity::{
    id::{SessionId, UserId},
    session, user,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};

use super::{
    Caller, Tx, fresh_id,
    secret::{random_text, same},
    user::{Credentials, account, signed_in},
};
use crate::{
    access::{Account, identity},
    error::Result,
    event::{Change, Event, Target},
};

/// Begins a session for somebody who was just made, and tells its cookie, once.
pub async fn create(caller: &Caller, user: UserId) -> Result<String> {
    let cookie = random_text::<32>();
    caller
        .change_always(async |tx| insert(tx, caller, user, &cookie).await)
        .await?;
    Ok(cookie)
}

/// Begins a session for somebody whose credentials were checked, and tells its cookie, once; keeps the password's new hash
/// if its parameters were old. `None`: the password was changed or the account disabled while the credentials were being
/// checked.
pub async fn sign_in(
    caller: &Caller,
    with: &Credentials,
    rehashed: Option<String>,
) -> Result<Option<String>> {
    let cookie = random_text::<32>();
    caller
        .change_always(async |tx| {
            if !signed_in(tx, with, rehashed).await? {
                return Ok(Change::none(None));
            }
            let Change { event, value: () } = insert(tx, caller, with.account.id, &cookie).await?;
            Ok(Change {
                event,
                value: Some(cookie),
            })
        })
        .await
}

async fn insert(tx: &Tx, caller: &Caller, user: UserId, cookie: &str) -> Result<Change<()>> {
    let lifetime =
        TimeDelta::from_std(caller.config().auth.session_lifetime.get()).unwrap_or(TimeDelta::MAX);
    session::Entity::delete_many()
        .filter(session::Column::ExpiresAt.lte(tx.now()))
        .exec(tx.db())
        .await?;
    let row = session::ActiveModel {
        id: Set(SessionId(fresh_id())),
        user_id: Set(user),
        hash: Set(caller.secret().hash_session(cookie)),
        created_at: Set(tx.now()),
        expires_at: Set(tx.now() + lifetime),
    };
    let row = row.insert(tx.db()).await?;
    Ok(Event::new("session.create", Target::account(user, user), row.id).with(()))
}

/// The session of whoever shows this cookie, and their account; `None` when it is over.
pub async fn identify(caller: &Caller, cookie: &str) -> Result<Option<(SessionId, Account)>> {
    let found = identity::<session::Entity>()
        .filter(session::Column::Hash.eq(caller.secret().hash_session(cookie)))
        .filter(session::Column::ExpiresAt.gt(caller.now()))
        .find_also_related(user::Entity)
        .one(caller.db())
        .await?;
    let Some((session, Some(user))) = found else {
        return Ok(None);
    };
    let enabled = user.disabled_at.is_none();
    Ok(enabled.then(|| (session.id, account(user))))
}

/// Ends the session of a cookie; one that is over stays over.
pub async fn end(caller: &Caller, cookie: &str) -> Result<()> {
    let hash = caller.secret().hash_session(cookie);
    let _turn = caller.turn_to_write().await;
    session::Entity::delete_many()
        .filter(session::Column::Hash.eq(hash))
        .exec(caller.db())
        .await?;
    Ok(())
}

/// What a form of this session must carry, so that other sites cannot post it.
pub fn form_token(caller: &Caller, cookie: &str) -> String {
    caller.secret().form_token(cookie)
}

/// Whether a form came from this session.
pub fn is_form_token(caller: &Caller, cookie: &str, token: &str) -> bool {
    same(&caller.secret().form_token(cookie), token)
}
