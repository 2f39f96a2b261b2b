//! What is below many things at once: the first pages of their lists, and how long those are. One statement each, however
//! many things there are.
use std::{collections::HashMap, hash::Hash};

use entity::{
    collection, container,
    id::{CollectionId, ContainerId, NamespaceId},
    image, tag,
};
use sea_orm::{
    ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait, TryGetable,
    Value,
    sea_query::{Expr, ExprTrait, Func, Query, SelectStatement, WindowStatement},
};

use super::{
    Caller,
    collection::{self as collections, Collection, CollectionFilter, CollectionSort},
    container::{self as containers, Container, ContainerSort},
    image::{self as images, Image, ImageSort},
    page::{Page, PageArgs, Sort, cut},
    tag::{Tag, TagSort},
};
use crate::{
    access::{Granted, Pull, Rows, rows},
    error::Result,
};

/// The lists of the same kind below some things: `column` of a row tells which one it is below.
struct Lists<'a, E: EntityTrait, P> {
    rows: &'a (dyn Fn() -> Rows<Pull, E> + Sync),
    column: E::Column,
    parent: fn(&E::Model) -> P,
    parents: &'a [P],
}

/// The first or last collections of each namespace that the caller may see; cursors in `args` are not heeded.
pub async fn collections(
    caller: &Caller,
    namespaces: &[NamespaceId],
    args: &PageArgs<CollectionSort>,
) -> Result<HashMap<NamespaceId, Page<Collection>>> {
    let lists = Lists {
        rows: &|| collections::filtered(caller, CollectionFilter::default()),
        column: collection::Column::NamespaceId,
        parent: |row| row.namespace_id,
        parents: namespaces,
    };
    pages(caller, lists, args).await
}

/// How many collections of each namespace the caller may see; namespaces without any are absent.
pub async fn count_collections(
    caller: &Caller,
    namespaces: &[NamespaceId],
) -> Result<HashMap<NamespaceId, u64>> {
    let rows = collections::filtered(caller, CollectionFilter::default());
    count(caller, rows, collection::Column::NamespaceId, namespaces).await
}

/// The first or last containers of each collection that the caller may see; cursors in `args` are not heeded.
pub async fn containers(
    caller: &Caller,
    collections: &[CollectionId],
    args: &PageArgs<ContainerSort>,
) -> Result<HashMap<CollectionId, Page<Container>>> {
    let lists = Lists {
        rows: &|| containers::of_collection(caller, None),
        column: container::Column::CollectionId,
        parent: |row| row.collection_id,
        parents: collections,
    };
    pages(caller, lists, args).await
}

/// How many containers of each collection the caller may see; collections without any are absent.
pub async fn count_containers(
    caller: &Caller,
    collections: &[CollectionId],
) -> Result<HashMap<CollectionId, u64>> {
    let rows = containers::of_collection(caller, None);
    count(caller, rows, container::Column::CollectionId, collections).await
}

/// The first or last uploaded images of each container that the caller may see; cursors in `args` are not heeded.
pub async fn images(
    caller: &Caller,
    containers: &[ContainerId],
    args: &PageArgs<ImageSort>,
) -> Result<HashMap<ContainerId, Page<Image>>> {
    let lists = Lists {
        rows: &|| images::uploaded(caller, None),
        column: image::Column::ContainerId,
        parent: |row| row.container_id,
        parents: containers,
    };
    pages(caller, lists, args).await
}

/// How many uploaded images of each container the caller may see; containers without any are absent.
pub async fn count_images(
    caller: &Caller,
    containers: &[ContainerId],
) -> Result<HashMap<ContainerId, u64>> {
    let rows = images::uploaded(caller, None);
    count(caller, rows, image::Column::ContainerId, containers).await
}

/// The first or last tags of each container that the caller may see; cursors in `args` are not heeded.
pub async fn tags(
    caller: &Caller,
    containers: &[ContainerId],
    args: &PageArgs<TagSort>,
) -> Result<HashMap<ContainerId, Page<Tag>>> {
    let lists = Lists {
        rows: &|| rows::<Pull, tag::Entity>(caller.actor()),
        column: tag::Column::ContainerId,
        parent: |row| row.container_id,
        parents: containers,
    };
    pages(caller, lists, args).await
}

/// How many tags of each container the caller may see; containers without any are absent.
pub async fn count_tags(
    caller: &Caller,
    containers: &[ContainerId],
) -> Result<HashMap<ContainerId, u64>> {
    let rows = rows::<Pull, tag::Entity>(caller.actor());
    count(caller, rows, tag::Column::ContainerId, containers).await
}

async fn pages<E, S, P>(
    caller: &Caller,
    lists: Lists<'_, E, P>,
    args: &PageArgs<S>,
) -> Result<HashMap<P, Page<Granted<Pull, E::Model>>>>
where
    E: EntityTrait<Model: Sync>,
    S: Sort<E>,
    P: Copy + Eq + Hash + Into<Value>,
{
    let chosen = chosen(&lists, args);
    let direction = direction(args.descending);
    let rows = (lists.rows)().narrow(|mut q| {
        q = q.filter(S::id_column().in_subquery(chosen));
        if let Some(column) = args.sort.column() {
            q = q.order_by(column, direction.clone());
        }
        q.order_by(S::id_column(), direction)
    });
    let mut below: HashMap<P, Vec<_>> = HashMap::new();
    for row in rows.all(caller.db()).await? {
        below.entry((lists.parent)(&row)).or_default().push(row);
    }
    let page = |(parent, rows)| (parent, cut::<E, S>(rows, args));
    Ok(below.into_iter().map(page).collect())
}

/// The ids of the rows of all pages, and of one more each, which tells whether there is more.
fn chosen<E, S, P>(lists: &Lists<'_, E, P>, args: &PageArgs<S>) -> SelectStatement
where
    E: EntityTrait,
    S: Sort<E>,
    P: Copy + Into<Value>,
{
    let direction = direction(args.descending != args.backwards);
    let mut window = WindowStatement::partition_by(lists.column.as_column_ref());
    if let Some(column) = args.sort.column() {
        window.order_by(column.as_column_ref(), direction.clone());
    }
    window.order_by(S::id_column().as_column_ref(), direction);
    let mut numbered = (lists.rows)()
        .into_select()
        .filter(lists.column.is_in(lists.parents.iter().copied()))
        .select_only()
        .column_as(S::id_column(), "chosen")
        .into_query();
    numbered.expr_window_as(Func::cust("ROW_NUMBER"), window, "place");
    let last = i64::try_from(args.limit)
        .unwrap_or(i64::MAX)
        .saturating_add(1);
    Query::select()
        .column("chosen")
        .from_subquery(numbered, "numbered")
        .and_where(Expr::col("place").lte(last))
        .to_owned()
}

fn direction(descending: bool) -> Order {
    if descending { Order::Desc } else { Order::Asc }
}

async fn count<E, P>(
    caller: &Caller,
    rows: Rows<Pull, E>,
    column: E::Column,
    parents: &[P],
) -> Result<HashMap<P, u64>>
where
    E: EntityTrait,
    P: Copy + Eq + Hash + Into<Value> + TryGetable,
{
    let counts: Vec<(P, i64)> = rows
        .into_select()
        .filter(column.is_in(parents.iter().copied()))
        .select_only()
        .column(column)
        .column_as(column.count(), "count")
        .group_by(column)
        .into_tuple()
        .all(caller.db())
        .await?;
    let count = |(parent, count): (P, i64)| (parent, count.unsigned_abs());
    Ok(counts.into_iter().map(count).collect())
}
