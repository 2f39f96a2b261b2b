//! Which images a choice means, and what is known of things.
use entity::{collection, container, image, manifest, manifest_part, manifest_tag, tag};
use sea_orm::{
    ColumnTrait, Condition, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait, Select,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use super::{BULK_MAX, Choice, Item, Thing};
use crate::{
    access::{Admin, rows},
    error::Result,
    registry::{
        Caller, collection as collections, container as containers, event::Place, image as images,
        namespace as namespaces, total,
    },
};

/// The oldest images of a choice that the caller may delete, and whether there are more.
pub(super) async fn images(caller: &Caller, choice: &Choice) -> Result<(Vec<Thing>, bool)> {
    choice.place.check(caller).await?;
    let ids = rows::<Admin, image::Entity>(caller.actor())
        .narrow(|q| within(q, choice.place).filter(meant(choice)))
        .into_select()
        .order_by_asc(image::Column::Id)
        .limit(BULK_MAX as u64 + 1)
        .select_only()
        .column(image::Column::Id);
    let mut ids: Vec<entity::id::ImageId> = ids.into_tuple().all(caller.db()).await?;
    let more = ids.len() > BULK_MAX;
    ids.truncate(BULK_MAX);
    Ok((ids.into_iter().map(Thing::Image).collect(), more))
}

fn within(select: Select<image::Entity>, place: Place) -> Select<image::Entity> {
    let joined = select
        .join(JoinType::InnerJoin, image::Relation::Container.def())
        .join(JoinType::InnerJoin, container::Relation::Collection.def());
    match place {
        Place::Namespace(id) => joined.filter(collection::Column::NamespaceId.eq(id)),
        Place::Collection(id) => joined.filter(collection::Column::Id.eq(id)),
        Place::Container(id) => joined.filter(container::Column::Id.eq(id)),
    }
}

/// What an image has to be.
pub(super) fn meant(choice: &Choice) -> Condition {
    use image::Column::{Blob, LastPulledAt, UploadedAt};
    let mut meant = Condition::all().add(Blob.is_not_null());
    if let Some(before) = choice.pushed_before {
        meant = meant.add(UploadedAt.lt(before));
    }
    if let Some(since) = choice.unused_since {
        let unpulled = LastPulledAt.is_null().or(LastPulledAt.lt(since));
        meant = meant.add(UploadedAt.lt(since)).add(unpulled);
    }
    match choice.untagged {
        true => meant
            .add(Expr::not_exists(tagged()))
            .add(Expr::not_exists(named()))
            .add(Expr::not_exists(listed())),
        false => meant,
    }
}

fn of_image(column: image::Column) -> Expr {
    Expr::col((image::Entity, column))
}

/// Tags of the library.
fn tagged() -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(tag::Entity)
        .and_where(of_image(image::Column::Id).equals((tag::Entity, tag::Column::ImageId)))
        .to_owned()
}

/// Names of its manifests for OCI clients.
fn named() -> SelectStatement {
    let manifest = |column| Expr::col((manifest::Entity, column));
    Query::select()
        .expr(Expr::val(1))
        .from(manifest::Entity)
        .inner_join(
            manifest_tag::Entity,
            manifest(manifest::Column::Id)
                .equals((manifest_tag::Entity, manifest_tag::Column::ManifestId)),
        )
        .and_where(manifest(manifest::Column::ImageId).equals((image::Entity, image::Column::Id)))
        .to_owned()
}

/// Indexes that list one of its manifests.
fn listed() -> SelectStatement {
    let manifest = |column| Expr::col((manifest::Entity, column));
    let index = |column| Expr::col(("listing", column));
    Query::select()
        .expr(Expr::val(1))
        .from(manifest::Entity)
        .inner_join(
            manifest_part::Entity,
            manifest(manifest::Column::Digest)
                .equals((manifest_part::Entity, manifest_part::Column::Digest)),
        )
        .join_as(
            JoinType::InnerJoin,
            manifest::Entity,
            "listing",
            index(manifest::Column::Id)
                .equals((manifest_part::Entity, manifest_part::Column::ManifestId))
                .and(
                    index(manifest::Column::ContainerId)
                        .equals((manifest::Entity, manifest::Column::ContainerId)),
                ),
        )
        .and_where(manifest(manifest::Column::ImageId).equals((image::Entity, image::Column::Id)))
        .to_owned()
}

/// What the caller sees of things. A fixed number of statements.
pub(super) async fn items(caller: &Caller, things: &[Thing]) -> Result<Vec<Item>> {
    let (mut of_collections, mut of_containers, mut of_images) = (vec![], vec![], vec![]);
    for thing in things {
        match thing {
            Thing::Collection(id) => of_collections.push(*id),
            Thing::Container(id) => of_containers.push(*id),
            Thing::Image(id) => of_images.push(*id),
        }
    }
    let shelves = collections::by_ids(caller, &of_collections).await?;
    let above: Vec<_> = shelves.values().map(|row| row.namespace_id).collect();
    let above = namespaces::by_ids(caller, &above).await?;
    let seen = images::by_ids(caller, &of_images).await?;
    let held = seen.values().map(|image| image.container_id);
    let held: Vec<_> = held.chain(of_containers.iter().copied()).collect();
    let paths = containers::paths(caller, &held).await?;
    let collection_sizes = total::of_collections(caller, &of_collections).await?;
    let container_sizes = total::of_containers(caller, &of_containers).await?;
    let item = |thing: &Thing| {
        let (path, size) = match thing {
            Thing::Collection(id) => {
                let path = shelves.get(id).and_then(|row| {
                    let above = above.get(&row.namespace_id)?;
                    Some(format!("{}/{}", above.name, row.name))
                });
                (path, collection_sizes.get(id).map(|total| total.size))
            }
            Thing::Container(id) => {
                let size = container_sizes.get(id).map(|total| total.size);
                (paths.get(id).cloned(), size)
            }
            Thing::Image(id) => {
                let image = seen.get(id);
                let path = image.and_then(|image| {
                    Some(format!(
                        "{}@{}",
                        paths.get(&image.container_id)?,
                        image.digest
                    ))
                });
                (path, image.map(|image| image.size.unsigned_abs()))
            }
        };
        Item {
            thing: *thing,
            path,
            size: size.unwrap_or_default(),
            refused: None,
        }
    };
    Ok(things.iter().map(item).collect())
}
