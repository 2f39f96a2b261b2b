//! What happened, and who is told of it.
use entity::{collection, container, delivery, event, job, namespace, webhook};
use sea_orm::{ColumnTrait, Condition};

use super::{Actor, Guarded, Level, any, decide, inherit, trash::shown};

impl Guarded for event::Entity {
    const NOUN: &'static str = "event";

    /// What happened is known to whoever administers where it happened, and to the account that it is about. Nobody but
    /// the site changes it.
    fn reach(actor: &Actor, level: Level) -> Condition {
        if level > Level::Pull || actor.reaches_everything(Level::Admin) {
            return decide(actor, level, |_| Condition::any());
        }
        let place = [
            event::Column::NamespaceId,
            event::Column::CollectionId,
            event::Column::ContainerId,
        ];
        let me = actor.account();
        let own = me.map(|me| Condition::all().add(event::Column::AccountId.eq(me.id)));
        any([Some(administered(actor, place)), own])
    }
}

impl Guarded for webhook::Entity {
    const NOUN: &'static str = "webhook";

    /// A webhook belongs to whoever administers the place where it listens, and is nobody else's to see.
    fn reach(actor: &Actor, _: Level) -> Condition {
        let place = [
            webhook::Column::NamespaceId,
            webhook::Column::CollectionId,
            webhook::Column::ContainerId,
        ];
        shown(administered(actor, place), place[1], place[2])
    }
}

impl Guarded for delivery::Entity {
    const NOUN: &'static str = "delivery";

    fn reach(actor: &Actor, level: Level) -> Condition {
        inherit(
            actor,
            level,
            webhook::Entity,
            webhook::Column::Id,
            delivery::Column::WebhookId,
        )
    }
}

impl Guarded for job::Entity {
    const NOUN: &'static str = "job";

    /// What the server does at length is its administrators' to see and to stop.
    fn reach(actor: &Actor, _: Level) -> Condition {
        decide(actor, Level::Admin, |_| Condition::any())
    }
}

/// One of the places in these columns is the actor's to administer. Of rows without a place, that is the whole site.
fn administered<C: ColumnTrait>(actor: &Actor, [first, second, third]: [C; 3]) -> Condition {
    let level = Level::Admin;
    decide(actor, level, |_| {
        Condition::any()
            .add(inherit(
                actor,
                level,
                namespace::Entity,
                namespace::Column::Id,
                first,
            ))
            .add(inherit(
                actor,
                level,
                collection::Entity,
                collection::Column::Id,
                second,
            ))
            .add(inherit(
                actor,
                level,
                container::Entity,
                container::Column::Id,
                third,
            ))
    })
}
