//! What a caller showed, for what goes on longer than a request: it may be good no longer.
use std::collections::{HashMap, HashSet};

use entity::{
    id::{SessionId, TokenId},
    session, token, user,
};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QuerySelect};

use super::Caller;
use crate::{
    access::{Actor, identity},
    error::{Error, Result},
};

/// How many are looked up in one statement.
const BATCH: usize = 500;

/// What proved who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    /// An API token.
    Token(TokenId),
    /// The session of a browser.
    Session(SessionId),
}

/// Looks again at what the caller showed, for those who go on asking. A statement.
///
/// # Errors
/// [`Error::Unauthenticated`] when it is good no longer, or reaches another way.
pub async fn check(caller: &Caller) -> Result<()> {
    let standing = standing(caller, &caller.shown().into_iter().collect()).await?;
    match is_good(caller.actor(), caller.shown(), &standing) {
        true => Ok(()),
        false => Err(over()),
    }
}

/// What those are told who showed what is good no longer.
pub fn over() -> Error {
    let words = "what you signed in with is good no longer, or reaches another way; sign in and subscribe again";
    Error::Unauthenticated(words.into())
}

/// Whether an actor still is who they were when they showed it.
pub(in crate::registry) fn is_good(
    actor: &Actor,
    shown: Option<Shown>,
    standing: &HashMap<Shown, bool>,
) -> bool {
    match (actor.account(), shown) {
        (Some(account), Some(shown)) => standing.get(&shown) == Some(&account.admin),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// Those of `shown` that are good still, and whether their accounts administer the site. A statement for each 500 of a
/// kind.
pub(in crate::registry) async fn standing(
    caller: &Caller,
    shown: &HashSet<Shown>,
) -> Result<HashMap<Shown, bool>> {
    let (mut ids, mut sessions) = (Vec::new(), Vec::new());
    for shown in shown {
        match shown {
            Shown::Token(id) => ids.push(*id),
            Shown::Session(id) => sessions.push(*id),
        }
    }
    let mut standing = HashMap::new();
    for ids in ids.chunks(BATCH) {
        let good = tokens(caller, ids).await?.into_iter();
        standing.extend(good.map(|(id, admin)| (Shown::Token(id), admin)));
    }
    for ids in sessions.chunks(BATCH) {
        let good = of_sessions(caller, ids).await?.into_iter();
        standing.extend(good.map(|(id, admin)| (Shown::Session(id), admin)));
    }
    Ok(standing)
}

async fn tokens(caller: &Caller, ids: &[TokenId]) -> Result<Vec<(TokenId, bool)>> {
    let lasts = Condition::any()
        .add(token::Column::ExpiresAt.is_null())
        .add(token::Column::ExpiresAt.gt(caller.now()));
    Ok(identity::<token::Entity>()
        .inner_join(user::Entity)
        .filter(token::Column::Id.is_in(ids.iter().copied()))
        .filter(token::Column::RevokedAt.is_null())
        .filter(lasts)
        .filter(user::Column::DisabledAt.is_null())
        .select_only()
        .column(token::Column::Id)
        .column(user::Column::Admin)
        .into_tuple()
        .all(caller.db())
        .await?)
}

async fn of_sessions(caller: &Caller, ids: &[SessionId]) -> Result<Vec<(SessionId, bool)>> {
    Ok(identity::<session::Entity>()
        .inner_join(user::Entity)
        .filter(session::Column::Id.is_in(ids.iter().copied()))
        .filter(session::Column::ExpiresAt.gt(caller.now()))
        .filter(user::Column::DisabledAt.is_null())
        .select_only()
        .column(session::Column::Id)
        .column(user::Column::Admin)
        .into_tuple()
        .all(caller.db())
        .await?)
}
