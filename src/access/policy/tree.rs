//! The tree: namespaces, collections, containers, and what is in containers.
use entity::{
    access_grant, collection, container, id::UserId, image, kind::Visibility, manifest,
    manifest_tag, namespace, tag,
};
use sea_orm::{ColumnTrait, Condition, sea_query::SelectStatement};

use super::{
    Actor, Guarded, Level, any, columns_equal, decide, exists, inherit,
    subject::{granted, namespaces},
    trash::kept,
    values, within,
};

impl Guarded for namespace::Entity {
    const NOUN: &'static str = "namespace";

    fn reach(actor: &Actor, level: Level) -> Condition {
        decide(actor, level, |me| {
            let open = (level == Level::Pull).then(|| shows_something(me));
            let own = me.map(|me| within(namespace::Column::Id, namespaces(me, level)));
            let above = me
                .filter(|_| level == Level::Pull)
                .map(|me| any([Some(above_collections(me)), Some(above_containers(me))]));
            any([open, own, above])
        })
    }

    fn whole(actor: &Actor, level: Level) -> Condition {
        decide(actor, level, |me| {
            any([me.map(|me| within(namespace::Column::Id, namespaces(me, level)))])
        })
    }
}

fn shows_something(me: Option<UserId>) -> Condition {
    exists(
        collection::Entity,
        columns_equal(collection::Column::NamespaceId, namespace::Column::Id)
            .add(collection::Column::TrashId.is_null())
            .add(is_open(me)),
    )
}

/// Namespaces of collections that `me` was granted.
fn above_collections(me: UserId) -> Condition {
    let mine = granted(access_grant::Column::CollectionId, me, Level::Pull);
    let these = kept(
        collection::Column::TrashId,
        within(collection::Column::Id, mine),
    );
    let above = values(collection::Entity, collection::Column::NamespaceId, these);
    within(namespace::Column::Id, above)
}

/// Namespaces of containers that `me` was granted.
fn above_containers(me: UserId) -> Condition {
    let these = within(collection::Column::Id, collections_of_granted(me));
    let above = values(collection::Entity, collection::Column::NamespaceId, these);
    within(namespace::Column::Id, above)
}

/// The collections of containers that `me` was granted.
fn collections_of_granted(me: UserId) -> SelectStatement {
    let mine = granted(access_grant::Column::ContainerId, me, Level::Pull);
    values(
        container::Entity,
        container::Column::CollectionId,
        kept(
            container::Column::TrashId,
            within(container::Column::Id, mine),
        ),
    )
}

impl Guarded for collection::Entity {
    const NOUN: &'static str = "collection";

    fn reach(actor: &Actor, level: Level) -> Condition {
        let ways = decide(actor, level, |me| {
            let above = me
                .filter(|_| level == Level::Pull)
                .map(|me| within(collection::Column::Id, collections_of_granted(me)));
            any([Some(collection_ways(me, level)), above])
        });
        kept(collection::Column::TrashId, ways)
    }

    fn whole(actor: &Actor, level: Level) -> Condition {
        let ways = decide(actor, level, |me| collection_ways(me, level));
        kept(collection::Column::TrashId, ways)
    }
}

/// How somebody gets at a collection and all that is in it, be it in the trash or not.
pub(super) fn collection_ways(me: Option<UserId>, level: Level) -> Condition {
    let open = (level == Level::Pull).then(|| is_open(me));
    let own = me.map(|me| within(collection::Column::NamespaceId, namespaces(me, level)));
    let shared = me.map(|me| {
        let mine = granted(access_grant::Column::CollectionId, me, level);
        within(collection::Column::Id, mine)
    });
    any([open, own, shared])
}

fn is_open(me: Option<UserId>) -> Condition {
    let open = match me {
        Some(_) => collection::Column::Visibility.is_in([Visibility::Public, Visibility::Internal]),
        None => collection::Column::Visibility.eq(Visibility::Public),
    };
    Condition::all().add(open)
}

impl Guarded for container::Entity {
    const NOUN: &'static str = "container";

    fn reach(actor: &Actor, level: Level) -> Condition {
        let ways = decide(actor, level, |me| container_ways(me, level));
        kept(container::Column::TrashId, ways)
    }
}

/// How somebody gets at a container, be it in the trash or not.
pub(super) fn container_ways(me: Option<UserId>, level: Level) -> Condition {
    let inherited = exists(
        collection::Entity,
        columns_equal(collection::Column::Id, container::Column::CollectionId)
            .add(collection_ways(me, level)),
    );
    let shared = me.map(|me| {
        let mine = granted(access_grant::Column::ContainerId, me, level);
        within(container::Column::Id, mine)
    });
    any([Some(inherited), shared])
}

impl Guarded for image::Entity {
    const NOUN: &'static str = "image";

    /// An image that is not uploaded yet is known only to those who may push it.
    fn reach(actor: &Actor, level: Level) -> Condition {
        let at = |level| in_container(actor, level, image::Column::ContainerId);
        match level {
            Level::Pull => Condition::any()
                .add(at(Level::Pull).add(image::Column::Blob.is_not_null()))
                .add(at(Level::Push)),
            Level::Push | Level::Admin => at(level),
        }
    }
}

impl Guarded for tag::Entity {
    const NOUN: &'static str = "tag";

    fn reach(actor: &Actor, level: Level) -> Condition {
        in_container(actor, level, tag::Column::ContainerId)
    }
}

impl Guarded for manifest::Entity {
    const NOUN: &'static str = "manifest";

    fn reach(actor: &Actor, level: Level) -> Condition {
        in_container(actor, level, manifest::Column::ContainerId)
    }
}

impl Guarded for entity::tag_move::Entity {
    const NOUN: &'static str = "move of a tag";

    fn reach(actor: &Actor, level: Level) -> Condition {
        in_container(actor, level, entity::tag_move::Column::ContainerId)
    }
}

impl Guarded for manifest_tag::Entity {
    const NOUN: &'static str = "tag";

    fn reach(actor: &Actor, level: Level) -> Condition {
        in_container(actor, level, manifest_tag::Column::ContainerId)
    }
}

/// As far as the container that `reference` names.
pub(super) fn in_container(actor: &Actor, level: Level, reference: impl ColumnTrait) -> Condition {
    inherit(
        actor,
        level,
        container::Entity,
        container::Column::Id,
        reference,
    )
}
