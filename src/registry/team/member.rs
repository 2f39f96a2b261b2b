//! Who is in a team. A team always keeps a maintainer who can sign in.
use std::collections::HashMap;

use entity::{
    id::{MemberId, TeamId, UserId},
    invitation,
    kind::TeamRole,
    team, team_member, user,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, JoinType, ModelTrait, QueryFilter,
    QuerySelect, RelationTrait, Select, Set,
};
use serde_json::json;

use super::lock;
use crate::{
    access::{Admin, Granted, Needs, Pull, Push, open, open_where, rows},
    error::{Error, Result},
    event::{Change, Event, Target},
    registry::{Caller, Tx, database::on_duplicate, fresh_id, page::Sort},
};

/// Somebody's place in a team that the caller may see.
pub type Member = Granted<Pull, team_member::Model>;

/// The order of a list of members: as they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByJoining;

impl Sort<team_member::Entity> for ByJoining {
    fn column(self) -> Option<team_member::Column> {
        None
    }
    fn key(self, _: &team_member::Model) -> String {
        String::new()
    }
    fn id(row: &team_member::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> team_member::Column {
        team_member::Column::Id
    }
}

/// What the caller is in those of `teams` that they are in. One statement, or none for nobody.
pub async fn roles(caller: &Caller, teams: &[TeamId]) -> Result<HashMap<TeamId, TeamRole>> {
    let Some(account) = caller.actor().account() else {
        return Ok(HashMap::new());
    };
    let rows = rows::<Pull, team_member::Entity>(caller.actor())
        .narrow(|q| {
            q.filter(team_member::Column::UserId.eq(account.id))
                .filter(team_member::Column::TeamId.is_in(teams.iter().copied()))
        })
        .all(caller.db())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.team_id, row.role))
        .collect())
}

/// Puts a user into a team of the caller.
///
/// # Errors
/// [`Error::Conflict`] when they are in it; those of [`open`] for the team and the user.
pub async fn add(caller: &Caller, team: TeamId, user: UserId, role: TeamRole) -> Result<Member> {
    caller
        .change(async |tx| {
            lock(tx, team).await?;
            let team = open::<Admin, team::Entity>(tx.db(), tx.actor(), team).await?;
            let user = open::<Pull, user::Entity>(tx.db(), tx.actor(), user).await?;
            insert(tx, team.id, user.id, role).await?;
            forget_invitation(tx, team.id, user.id).await?;
            let member = place::<Pull>(tx, team.id, user.id).await?;
            Ok(event("member.add", &team, &user)
                .details(json!({"team": team.name, "role": role}))
                .with(member))
        })
        .await
}

/// Puts the caller into a team that is open to everybody who is signed in.
///
/// # Errors
/// [`Error::Conflict`] when they are in it; [`Error::Forbidden`] when it is not open; those of [`open`] for the team.
pub async fn join(caller: &Caller, team: TeamId) -> Result<Member> {
    let me = caller.writer()?.id;
    caller
        .change(async |tx| {
            lock(tx, team).await?;
            let team = open::<Pull, team::Entity>(tx.db(), tx.actor(), team).await?;
            if !team.open {
                let why = format!(
                    "{} takes members by invitation; ask a maintainer",
                    team.name
                );
                return Err(Error::Forbidden(why));
            }
            let user = open::<Pull, user::Entity>(tx.db(), tx.actor(), me).await?;
            insert(tx, team.id, user.id, TeamRole::Member).await?;
            forget_invitation(tx, team.id, user.id).await?;
            let member = place::<Pull>(tx, team.id, user.id).await?;
            Ok(event("member.join", &team, &user)
                .details(json!({"team": team.name, "role": TeamRole::Member}))
                .with(member))
        })
        .await
}

/// Gives a member of a team of the caller another role.
///
/// # Errors
/// [`Error::Conflict`] for the last maintainer; [`Error::NotFound`] for who is not in the team; those of [`open`].
pub async fn set_role(
    caller: &Caller,
    team: TeamId,
    user: UserId,
    role: TeamRole,
) -> Result<Member> {
    caller
        .change(async |tx| {
            lock(tx, team).await?;
            let team = open::<Admin, team::Entity>(tx.db(), tx.actor(), team).await?;
            let user = open::<Pull, user::Entity>(tx.db(), tx.actor(), user).await?;
            let member = place::<Admin>(tx, team.id, user.id).await?;
            if member.role == role {
                return Ok(Change::none(member.for_pull()));
            }
            if member.role == TeamRole::Maintainer {
                step_down(tx, &team, user.id).await?;
            }
            let mut row = (*member).clone().into_active_model();
            row.role = Set(role);
            let row = row.update(tx.db()).await?;
            Ok(event("member.role", &team, &user)
                .details(json!({"team": team.name, "role": role}))
                .with(member.for_pull().replaced(row)))
        })
        .await
}

/// Takes a member out of a team of the caller.
///
/// # Errors
/// [`Error::Conflict`] for the last maintainer; [`Error::NotFound`] for who is not in the team; those of [`open`].
pub async fn remove(caller: &Caller, team: TeamId, user: UserId) -> Result<()> {
    caller
        .change(async |tx| {
            lock(tx, team).await?;
            open::<Admin, team::Entity>(tx.db(), tx.actor(), team).await?;
            end::<Admin>(tx, "member.remove", team, user).await
        })
        .await
}

/// Takes the caller out of a team.
///
/// # Errors
/// [`Error::Conflict`] for the last maintainer; [`Error::NotFound`] for who is not in the team.
pub async fn leave(caller: &Caller, team: TeamId) -> Result<()> {
    let me = caller.writer()?.id;
    caller
        .change(async |tx| {
            lock(tx, team).await?;
            end::<Push>(tx, "member.leave", team, me).await
        })
        .await
}

async fn end<L: Needs>(
    tx: &Tx,
    action: &'static str,
    team: TeamId,
    user: UserId,
) -> Result<Change<()>> {
    let team = open::<Pull, team::Entity>(tx.db(), tx.actor(), team).await?;
    let user = open::<Pull, user::Entity>(tx.db(), tx.actor(), user).await?;
    let member = place::<L>(tx, team.id, user.id).await?;
    if member.role == TeamRole::Maintainer {
        step_down(tx, &team, user.id).await?;
    }
    let details = json!({"team": team.name, "role": member.role});
    member.into_row().delete(tx.db()).await?;
    Ok(event(action, &team, &user).details(details).with(()))
}

fn event(action: &'static str, team: &team::Model, user: &user::Model) -> Event {
    Event::new(action, Target::account(user.id, &user.name), team.id)
}

/// The place of `user` in `team`.
async fn place<L: Needs>(
    tx: &Tx,
    team: TeamId,
    user: UserId,
) -> Result<Granted<L, team_member::Model>> {
    open_where(tx.db(), tx.actor(), |q: Select<team_member::Entity>| {
        q.filter(team_member::Column::TeamId.eq(team))
            .filter(team_member::Column::UserId.eq(user))
    })
    .await
}

/// `user` is no maintainer any more: somebody else has to be one, and the links that `user` knows are good no longer.
async fn step_down(tx: &Tx, team: &team::Model, user: UserId) -> Result<()> {
    let others = rows::<Pull, team_member::Entity>(tx.actor())
        .narrow(|q| {
            q.join(JoinType::InnerJoin, team_member::Relation::User.def())
                .filter(team_member::Column::TeamId.eq(team.id))
                .filter(team_member::Column::Role.eq(TeamRole::Maintainer))
                .filter(team_member::Column::UserId.ne(user))
                .filter(user::Column::DisabledAt.is_null())
        })
        .count(tx.db())
        .await?;
    if others == 0 {
        let why = format!(
            "the team {} would be left without a maintainer; make somebody else one first",
            team.name
        );
        return Err(Error::Conflict(why));
    }
    invitation::Entity::delete_many()
        .filter(invitation::Column::TeamId.eq(team.id))
        .filter(invitation::Column::CreatedBy.eq(user))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Whoever is in the team needs no invitation.
pub(super) async fn forget_invitation(tx: &Tx, team: TeamId, user: UserId) -> Result<()> {
    invitation::Entity::delete_many()
        .filter(invitation::Column::TeamId.eq(team))
        .filter(invitation::Column::UserId.eq(user))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Whether `user` is in `team`, as far as the actor may know.
pub(super) async fn is_in(tx: &Tx, team: TeamId, user: UserId) -> Result<bool> {
    match place::<Pull>(tx, team, user).await {
        Ok(_) => Ok(true),
        Err(Error::NotFound(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

pub(super) async fn insert(tx: &Tx, team: TeamId, user: UserId, role: TeamRole) -> Result<()> {
    let row = team_member::ActiveModel {
        id: Set(MemberId(fresh_id())),
        team_id: Set(team),
        user_id: Set(user),
        role: Set(role),
        created_at: Set(tx.now()),
    };
    let there = on_duplicate(|| "that user is in the team already".into());
    row.insert(tx.db()).await.map_err(there)?;
    Ok(())
}
