//! How much there is: counts and bytes of what the caller may see, in one statement whatever the number asked for.
use std::{collections::HashMap, hash::Hash};

use entity::{
    collection, container,
    id::{CollectionId, ContainerId, NamespaceId},
    image,
};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect,
    RelationDef, RelationTrait, Select,
    sea_query::{Expr, Func},
};

use super::Caller;
use crate::{
    access::{Guarded, Level, Pull, rows},
    error::Result,
};

/// How much there is below a thing. Images that are not uploaded do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Collections.
    pub collections: u64,
    /// Containers.
    pub containers: u64,
    /// Images.
    pub images: u64,
    /// The sum of the images' sizes, in bytes.
    pub size: u64,
}

#[derive(FromQueryResult)]
struct Row {
    key: i64,
    collections: i64,
    containers: i64,
    images: i64,
    size: i64,
}

impl From<Row> for Total {
    fn from(row: Row) -> Self {
        Self {
            collections: row.collections.unsigned_abs(),
            containers: row.containers.unsigned_abs(),
            images: row.images.unsigned_abs(),
            size: row.size.unsigned_abs(),
        }
    }
}

/// Totals of namespaces, over the collections in them that the caller may see.
pub async fn of_namespaces(
    caller: &Caller,
    ids: &[NamespaceId],
) -> Result<HashMap<NamespaceId, Total>> {
    let column = collection::Column::NamespaceId;
    let visible = rows::<Pull, collection::Entity>(caller.actor())
        .into_select()
        .filter(column.is_in(ids.iter().copied()))
        .join(JoinType::LeftJoin, containers_of(caller));
    sum(caller, with_images(visible), column, NamespaceId).await
}

/// Totals of collections.
pub async fn of_collections(
    caller: &Caller,
    ids: &[CollectionId],
) -> Result<HashMap<CollectionId, Total>> {
    let visible = rows::<Pull, collection::Entity>(caller.actor())
        .into_select()
        .filter(collection::Column::Id.is_in(ids.iter().copied()))
        .join(JoinType::LeftJoin, containers_of(caller));
    sum(
        caller,
        with_images(visible),
        collection::Column::Id,
        CollectionId,
    )
    .await
}

/// Totals of containers.
pub async fn of_containers(
    caller: &Caller,
    ids: &[ContainerId],
) -> Result<HashMap<ContainerId, Total>> {
    let visible = rows::<Pull, container::Entity>(caller.actor())
        .into_select()
        .filter(container::Column::Id.is_in(ids.iter().copied()))
        .join(JoinType::InnerJoin, container::Relation::Collection.def());
    sum(
        caller,
        with_images(visible),
        container::Column::Id,
        ContainerId,
    )
    .await
}

/// From collections to those of their containers that the caller may see: a collection may be seen for one of them.
fn containers_of(caller: &Caller) -> RelationDef {
    let actor = caller.actor().clone();
    container::Relation::Collection
        .def()
        .rev()
        .on_condition(move |_, _| container::Entity::reach(&actor, Level::Pull))
}

fn with_images<E: EntityTrait>(select: Select<E>) -> Select<E> {
    let uploaded = image::Relation::Container
        .def()
        .rev()
        .on_condition(|_, image| {
            sea_orm::Condition::all().add(Expr::col((image, image::Column::Blob)).is_not_null())
        });
    select.join(JoinType::LeftJoin, uploaded)
}

async fn sum<E, I>(
    caller: &Caller,
    select: Select<E>,
    key: impl ColumnTrait,
    id: impl Fn(i64) -> I,
) -> Result<HashMap<I, Total>>
where
    E: EntityTrait,
    I: Hash + Eq,
{
    let distinct = |expr: Expr| Expr::expr(Func::count_distinct(expr));
    let size = Func::coalesce([image::Column::Size.sum(), Expr::val(0_i64)]);
    let rows = select
        .select_only()
        .column_as(key, "key")
        .column_as(distinct(collection::Column::Id.into_expr()), "collections")
        .column_as(distinct(container::Column::Id.into_expr()), "containers")
        .column_as(image::Column::Id.count(), "images")
        .column_as(Expr::expr(size).cast_as("bigint"), "size")
        .group_by(key)
        .into_model::<Row>()
        .all(caller.db())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (id(row.key), row.into()))
        .collect())
}
