//! What becomes of teams when somebody's account is deleted.
use std::collections::HashMap;

use entity::{
    id::{TeamId, UserId},
    invitation,
    kind::TeamRole,
    namespace, team, team_member, user,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, RelationTrait, Set,
    sea_query::{LockType, SelectStatement},
};

use crate::{
    access::{Pull, rows},
    error::{Error, Result},
    registry::Tx,
};

/// Leaves the teams that `user` maintains, or whose namespaces stand in their name, to other maintainers. The links into them
/// that `user` knows are good no longer.
///
/// # Errors
/// [`Error::Conflict`], naming the teams that nobody else maintains who can sign in.
pub(in crate::registry) async fn succeed(tx: &Tx, user: &user::Model) -> Result<()> {
    let teams = concerned(tx, user.id).await?;
    let heirs = heirs(tx, &teams, user.id).await?;
    let orphaned = teams.iter().filter(|(id, _)| !heirs.contains_key(id));
    let orphaned: Vec<&str> = orphaned.map(|(_, name)| name.as_str()).collect();
    if !orphaned.is_empty() {
        return Err(Error::Conflict(format!(
            "without {} nobody who can sign in would maintain these teams: {}; make somebody else a maintainer first \
             (addTeamMember, setTeamRole), or delete them",
            user.name,
            orphaned.join(", ")
        )));
    }
    for (team, heir) in heirs {
        namespace::Entity::update_many()
            .set(namespace::ActiveModel {
                owner_id: Set(heir),
                ..Default::default()
            })
            .filter(namespace::Column::TeamId.eq(team))
            .filter(namespace::Column::OwnerId.eq(user.id))
            .exec(tx.db())
            .await?;
    }
    invitation::Entity::delete_many()
        .filter(invitation::Column::CreatedBy.eq(user.id))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// The teams that need somebody else, with their names. Until the end of the transaction nobody changes who is in them.
async fn concerned(tx: &Tx, user: UserId) -> Result<Vec<(TeamId, String)>> {
    let need = Condition::any()
        .add(team::Column::Id.in_subquery(maintained(tx, user)))
        .add(team::Column::Id.in_subquery(fronted(tx, user)));
    let teams = rows::<Pull, team::Entity>(tx.actor())
        .narrow(|q| {
            q.filter(need)
                .order_by_asc(team::Column::Id)
                .lock(LockType::NoKeyUpdate)
        })
        .all(tx.db())
        .await?;
    Ok(teams.iter().map(|row| (row.id, row.name.clone())).collect())
}

/// The teams that `user` maintains.
fn maintained(tx: &Tx, user: UserId) -> SelectStatement {
    rows::<Pull, team_member::Entity>(tx.actor())
        .into_select()
        .filter(team_member::Column::UserId.eq(user))
        .filter(team_member::Column::Role.eq(TeamRole::Maintainer))
        .select_only()
        .column(team_member::Column::TeamId)
        .into_query()
}

/// The teams with a namespace that `user` made, or gave to them.
fn fronted(tx: &Tx, user: UserId) -> SelectStatement {
    rows::<Pull, namespace::Entity>(tx.actor())
        .into_select()
        .filter(namespace::Column::OwnerId.eq(user))
        .filter(namespace::Column::TeamId.is_not_null())
        .select_only()
        .column(namespace::Column::TeamId)
        .into_query()
}

/// Of each team, who has maintained it for longest besides `user`, and can sign in.
async fn heirs(
    tx: &Tx,
    teams: &[(TeamId, String)],
    user: UserId,
) -> Result<HashMap<TeamId, UserId>> {
    let maintainers: Vec<(TeamId, UserId)> = rows::<Pull, team_member::Entity>(tx.actor())
        .into_select()
        .join(JoinType::InnerJoin, team_member::Relation::User.def())
        .filter(team_member::Column::TeamId.is_in(teams.iter().map(|(id, _)| *id)))
        .filter(team_member::Column::Role.eq(TeamRole::Maintainer))
        .filter(team_member::Column::UserId.ne(user))
        .filter(user::Column::DisabledAt.is_null())
        // Of those of one team, the last that is collected stays.
        .order_by_desc(team_member::Column::Id)
        .select_only()
        .column(team_member::Column::TeamId)
        .column(team_member::Column::UserId)
        .into_tuple()
        .all(tx.db())
        .await?;
    Ok(maintainers.into_iter().collect())
}
