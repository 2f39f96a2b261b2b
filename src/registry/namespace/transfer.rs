//! Giving a namespace to somebody else, and who may take something out of one.
use entity::{
    id::{NamespaceId, TeamId, UserId},
    namespace, team, user,
};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use serde_json::json;

use super::Namespace;
use crate::{
    access::{Admin, Granted, Pull, open},
    error::{Error, Result},
    event::{Event, Target},
    registry::{Caller, Tx, usage},
};

/// Whose a namespace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A user.
    User(UserId),
    /// A team.
    Team(TeamId),
}

/// Gives a namespace that belongs to the caller, or to a team that they maintain, to another owner: to a team that they
/// maintain, or to themselves. Nobody is given what they did not ask for, so only an administrator gives it to somebody
/// else. Grants stay.
///
/// # Errors
/// [`Error::Forbidden`] for who was only granted the namespace, and for another user or team; [`Error::QuotaExceeded`] when it does
/// not fit into what the other may own; those of [`open`].
pub async fn transfer(caller: &Caller, id: NamespaceId, to: Owner) -> Result<Namespace> {
    caller
        .change(async |tx| {
            let old = open::<Admin, namespace::Entity>(tx.db(), tx.actor(), id).await?;
            may_give(tx, &old).await?;
            let mut row = (*old).clone().into_active_model();
            let name = match to {
                Owner::Team(team) => {
                    let team = open::<Admin, team::Entity>(tx.db(), tx.actor(), team).await?;
                    row.team_id = Set(Some(team.id));
                    team.name.clone()
                }
                Owner::User(user) => {
                    let user = receiver(tx, user).await?;
                    row.team_id = Set(None);
                    row.owner_id = Set(user.id);
                    user.name.clone()
                }
            };
            row.updated_at = Set(tx.now());
            let new = row.update(tx.db()).await?;
            if (new.owner_id, new.team_id) != (old.owner_id, old.team_id) {
                usage::namespace_handed(tx, id);
            }
            let namespace = open::<Pull, namespace::Entity>(tx.db(), tx.actor(), id).await?;
            let event = Event::new("namespace.transfer", Target::namespace(id, &old.name), id);
            Ok(event.details(json!({"to": name})).with(namespace))
        })
        .await
}

/// To give away is for owners: who was granted the namespace could make it their own otherwise.
async fn may_give(tx: &Tx, namespace: &Granted<Admin, namespace::Model>) -> Result<()> {
    if owns(tx, namespace).await? {
        return Ok(());
    }
    Err(Error::Forbidden(format!(
        "the namespace {} was only granted to you; ask its owner to transfer it",
        namespace.name
    )))
}

/// To take something from one namespace to another is for owners of the first as well: its old path leads on to it, and who
/// was only granted it could go on to say what is pulled there when the grant is long taken back.
///
/// # Errors
/// [`Error::Forbidden`] for anybody else, unless both are the same.
pub(in crate::registry) async fn check_leaving(
    tx: &Tx,
    from: NamespaceId,
    to: NamespaceId,
) -> Result<()> {
    if from == to {
        return Ok(());
    }
    let namespace = open::<Pull, namespace::Entity>(tx.db(), tx.actor(), from).await?;
    if owns(tx, &namespace).await? {
        return Ok(());
    }
    Err(Error::Forbidden(format!(
        "only the owner of the namespace {} moves what is in it to another namespace; ask them, or promote the images",
        namespace.name
    )))
}

/// Whether a namespace belongs to the actor, or to a team that they maintain; everything belongs to administrators.
async fn owns(tx: &Tx, namespace: &namespace::Model) -> Result<bool> {
    let Some(team) = namespace.team_id else {
        let account = tx.actor().account();
        let own = account.is_some_and(|account| account.id == namespace.owner_id);
        return Ok(own || tx.actor().is_site_admin());
    };
    match open::<Admin, team::Entity>(tx.db(), tx.actor(), team).await {
        Ok(_) => Ok(true),
        Err(Error::Forbidden(_) | Error::NotFound(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

async fn receiver(tx: &Tx, user: UserId) -> Result<Granted<Pull, user::Model>> {
    let user = open::<Pull, user::Entity>(tx.db(), tx.actor(), user).await?;
    let own = tx
        .actor()
        .account()
        .is_some_and(|account| account.id == user.id);
    if !own && !tx.actor().is_site_admin() {
        return Err(Error::Forbidden(
            "only an administrator gives a namespace to another user; give it to a team that you both are in".into(),
        ));
    }
    if user.disabled_at.is_some() {
        return Err(Error::Conflict(format!(
            "the account {} is disabled",
            user.name
        )));
    }
    Ok(user)
}
