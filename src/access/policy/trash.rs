//! The trash: what is in it is not there for anybody, but for those who may take it out again.
use entity::{collection, container, trash};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, Select};

use super::{
    Actor, Guarded, Level, columns_equal, decide, exists,
    tree::{collection_ways, container_ways},
};
use crate::access::{Admin, Granted};

impl Guarded for trash::Entity {
    const NOUN: &'static str = "entry of the trash";

    /// An entry is known to whoever administers what it holds, or where that was.
    fn reach(actor: &Actor, _: Level) -> Condition {
        decide(actor, Level::Admin, |me| {
            let collection = columns_equal(collection::Column::Id, trash::Column::CollectionId)
                .add(collection_ways(me, Level::Admin));
            let container = Condition::any()
                .add(columns_equal(
                    container::Column::Id,
                    trash::Column::ContainerId,
                ))
                .add(columns_equal(
                    container::Column::Id,
                    trash::Column::OriginId,
                ));
            let container = Condition::all()
                .add(container)
                .add(container_ways(me, Level::Admin));
            Condition::any()
                .add(exists(collection::Entity, collection))
                .add(exists(container::Entity, container))
        })
    }
}

/// A table whose rows can be in the trash.
pub trait Trashable: EntityTrait {
    /// The entry that a row is in.
    const ENTRY: Self::Column;
}

impl Trashable for collection::Entity {
    const ENTRY: collection::Column = collection::Column::TrashId;
}

impl Trashable for container::Entity {
    const ENTRY: container::Column = container::Column::TrashId;
}

/// What an entry holds, for those who may take it out of the trash.
pub fn trashed<E: Trashable>(entry: &Granted<Admin, trash::Model>) -> Select<E> {
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever administers an entry may reach what it holds"
    )]
    E::find().filter(E::ENTRY.eq(entry.id))
}

/// As far as `ways`, unless it is in the trash.
pub(super) fn kept(entry: impl ColumnTrait, ways: Condition) -> Condition {
    Condition::all().add(entry.is_null()).add(ways)
}

/// As far as `ways`, for what is about a collection or a container, unless that is in the trash.
pub(super) fn shown(
    ways: Condition,
    collection: impl ColumnTrait,
    container: impl ColumnTrait,
) -> Condition {
    let of_collection = columns_equal(collection::Column::Id, collection)
        .add(collection::Column::TrashId.is_not_null());
    let of_container = columns_equal(container::Column::Id, container)
        .add(container::Column::TrashId.is_not_null());
    Condition::all()
        .add(ways)
        .add(exists(collection::Entity, of_collection).not())
        .add(exists(container::Entity, of_container).not())
}
