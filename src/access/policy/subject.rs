//! What belongs to one user: by themselves, by their teams, and by what both were granted.
use entity::{
    access_grant,
    id::UserId,
    kind::{GrantLevel, TeamRole},
    namespace, team_member,
};
use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{SelectStatement, UnionType},
};

use super::{Level, values, within};

/// The teams that `me` is in: as a maintainer, for the level admin.
pub(super) fn teams(me: UserId, level: Level) -> SelectStatement {
    let mine = Condition::all().add(team_member::Column::UserId.eq(me));
    let mine = match level {
        Level::Pull | Level::Push => mine,
        Level::Admin => mine.add(team_member::Column::Role.eq(TeamRole::Maintainer)),
    };
    values(team_member::Entity, team_member::Column::TeamId, mine)
}

/// The namespaces in which `me` reaches everything at `level`.
pub(super) fn namespaces(me: UserId, level: Level) -> SelectStatement {
    let of = |whose| values(namespace::Entity, namespace::Column::Id, whose);
    let own = Condition::all()
        .add(namespace::Column::OwnerId.eq(me))
        .add(namespace::Column::TeamId.is_null());
    let of_teams = within(namespace::Column::TeamId, teams(me, level));
    let [to_me, to_teams] = grants(access_grant::Column::NamespaceId, me, level);
    union(of(own), [of(of_teams), to_me, to_teams])
}

/// The things that `me` was granted at `level`, by the column of grants that names them.
pub(super) fn granted(thing: access_grant::Column, me: UserId, level: Level) -> SelectStatement {
    let [to_me, to_teams] = grants(thing, me, level);
    union(to_me, [to_teams])
}

/// What was granted to the user, and what to their teams.
fn grants(thing: access_grant::Column, me: UserId, level: Level) -> [SelectStatement; 2] {
    let to_me = Condition::all().add(access_grant::Column::UserId.eq(me));
    let to_teams = within(access_grant::Column::TeamId, teams(me, Level::Pull));
    [to_me, to_teams].map(|subject| {
        let there = subject.add(thing.is_not_null());
        let far_enough = match level {
            Level::Pull => there,
            Level::Push => {
                there.add(access_grant::Column::Level.is_in([GrantLevel::Write, GrantLevel::Admin]))
            }
            Level::Admin => there.add(access_grant::Column::Level.eq(GrantLevel::Admin)),
        };
        values(access_grant::Entity, thing, far_enough)
    })
}

fn union(
    mut first: SelectStatement,
    more: impl IntoIterator<Item = SelectStatement>,
) -> SelectStatement {
    let more = more.into_iter().map(|next| (UnionType::All, next));
    first.unions(more).take()
}
