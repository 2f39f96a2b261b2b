//! Stars are known as far as what is starred and who starred it; bookmarks to their user alone.
use entity::{collection, container, star, user};
use sea_orm::{ColumnTrait, Condition};

use super::{Guarded, columns_equal, exists, nothing};
use crate::access::{Actor, Level};

impl Guarded for star::Entity {
    const NOUN: &'static str = "star";

    fn reach(actor: &Actor, level: Level) -> Condition {
        if !actor.may_reach(level) {
            return nothing();
        }
        match level {
            Level::Pull => shown(actor).add(Condition::any().add(own(actor)).add(of_others(actor))),
            Level::Push | Level::Admin => Condition::all().add(own(actor)),
        }
    }
}

/// Those of what the actor may see: what is hidden has none, until it is shown again.
fn shown(actor: &Actor) -> Condition {
    let container = columns_equal(container::Column::Id, star::Column::ContainerId)
        .add(container::Entity::reach(actor, Level::Pull));
    let collection = columns_equal(collection::Column::Id, star::Column::CollectionId)
        .add(collection::Entity::reach(actor, Level::Pull));
    let any = Condition::any()
        .add(exists(container::Entity, container))
        .add(exists(collection::Entity, collection));
    Condition::all().add(any)
}

fn own(actor: &Actor) -> Condition {
    match actor.account() {
        Some(account) => Condition::all().add(star::Column::UserId.eq(account.id)),
        None => nothing(),
    }
}

fn of_others(actor: &Actor) -> Condition {
    let who = columns_equal(user::Column::Id, star::Column::UserId)
        .add(user::Entity::reach(actor, Level::Pull));
    Condition::all()
        .add(star::Column::Private.eq(false))
        .add(exists(user::Entity, who))
}
