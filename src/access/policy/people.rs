//! People, their teams, and what is theirs alone.
use entity::{
    access_grant, collection, container, id::UserId, invitation, key, team, team_member, token,
    user,
};
use sea_orm::{ColumnTrait, Condition};

use super::{
    Actor, Guarded, Level, any, columns_equal, decide, everything, exists, nothing, of_owner,
    subject::{namespaces, teams},
    trash::shown,
    tree::{collection_ways, container_ways},
    within,
};

impl Guarded for user::Entity {
    const NOUN: &'static str = "user";

    /// People are known to each other by name once they are signed in; they change only themselves.
    fn reach(actor: &Actor, level: Level) -> Condition {
        of_owner(actor, level, user::Column::Id, to_the_signed_in(actor))
    }
}

fn to_the_signed_in(actor: &Actor) -> Condition {
    match actor {
        Actor::Anonymous => nothing(),
        Actor::User(_) | Actor::System(_) => everything(),
    }
}

impl Guarded for token::Entity {
    const NOUN: &'static str = "token";

    fn reach(actor: &Actor, level: Level) -> Condition {
        of_owner(actor, level, token::Column::UserId, nothing())
    }
}

impl Guarded for key::Entity {
    const NOUN: &'static str = "key";

    fn reach(actor: &Actor, level: Level) -> Condition {
        of_owner(actor, level, key::Column::OwnerId, everything())
    }
}

impl Guarded for team::Entity {
    const NOUN: &'static str = "team";

    /// Teams are known to whoever is signed in; maintainers change them.
    fn reach(actor: &Actor, level: Level) -> Condition {
        decide(actor, level, |me| {
            let known = (level == Level::Pull).then(|| to_the_signed_in(actor));
            let mine = me.map(|me| within(team::Column::Id, teams(me, level)));
            any([known, mine])
        })
    }
}

impl Guarded for team_member::Entity {
    const NOUN: &'static str = "member";

    /// Members know each other; each may leave, and maintainers say who is in.
    fn reach(actor: &Actor, level: Level) -> Condition {
        decide(actor, level, |me| {
            let of_team = |me, level| within(team_member::Column::TeamId, teams(me, level));
            let own = |me: UserId| Condition::all().add(team_member::Column::UserId.eq(me));
            match level {
                Level::Pull => any([me.map(|me| of_team(me, Level::Pull))]),
                Level::Push => any([me.map(own), me.map(|me| of_team(me, Level::Admin))]),
                Level::Admin => any([me.map(|me| of_team(me, Level::Admin))]),
            }
        })
    }
}

impl Guarded for invitation::Entity {
    const NOUN: &'static str = "invitation";

    /// Whoever is invited may answer; maintainers of the team may take it back.
    fn reach(actor: &Actor, level: Level) -> Condition {
        decide(actor, level, |me| {
            let invited = me
                .filter(|_| level < Level::Admin)
                .map(|me| Condition::all().add(invitation::Column::UserId.eq(me)));
            let inviting = me.map(|me| within(invitation::Column::TeamId, teams(me, Level::Admin)));
            any([invited, inviting])
        })
    }
}

impl Guarded for access_grant::Entity {
    const NOUN: &'static str = "grant";

    /// Whoever got it sees it; those who may share the thing see and change it.
    fn reach(actor: &Actor, level: Level) -> Condition {
        let ways = decide(actor, level, |me| {
            let received = me.filter(|_| level == Level::Pull).map(received);
            any([received, me.map(shares)])
        });
        shown(
            ways,
            access_grant::Column::CollectionId,
            access_grant::Column::ContainerId,
        )
    }
}

fn received(me: UserId) -> Condition {
    let mine = Condition::all().add(access_grant::Column::UserId.eq(me));
    let of_teams = within(access_grant::Column::TeamId, teams(me, Level::Pull));
    any([Some(mine), Some(of_teams)])
}

/// Grants on what `me` may share.
fn shares(me: UserId) -> Condition {
    let of_namespace = within(
        access_grant::Column::NamespaceId,
        namespaces(me, Level::Admin),
    );
    let of_collection = exists(
        collection::Entity,
        columns_equal(collection::Column::Id, access_grant::Column::CollectionId)
            .add(collection_ways(Some(me), Level::Admin)),
    );
    let of_container = exists(
        container::Entity,
        columns_equal(container::Column::Id, access_grant::Column::ContainerId)
            .add(container_ways(Some(me), Level::Admin)),
    );
    any([Some(of_namespace), Some(of_collection), Some(of_container)])
}
