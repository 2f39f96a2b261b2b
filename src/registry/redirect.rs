//! Old places of things. What was renamed or moved is still found for pulling at the path where it was, until something new
//! takes that path; pushes do not follow.
//!
//! A redirect names the thing, not its new path, and an old place by what it was in, so chains of them resolve: `a/x` goes
//! on to mean the same collection when the namespace `a` is renamed after `x` was. Only a miss looks here.
use entity::{
    collection, collection_redirect, container, container_redirect,
    id::{CollectionId, ContainerId, NamespaceId},
    namespace, namespace_redirect,
};
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait, Set,
    sea_query::{OnConflict, Query, SelectStatement, UnionType},
};

use super::{
    Caller, Tx,
    path::{ContainerPath, Name},
};
use crate::{
    access::{Pull, rows},
    error::{Error, Result},
};

/// Where the container is now that was at `path`, when `found` says that nothing is there. `None`: look no further. One
/// statement, or none if something was found.
pub(in crate::registry) async fn after<T>(
    caller: &Caller,
    path: &ContainerPath,
    found: &Result<T>,
) -> Result<Option<ContainerPath>> {
    match found {
        Err(Error::NotFound(_)) => moved(caller, path).await,
        _ => Ok(None),
    }
}

/// Where the container is now that was at `path`, if the caller may see it.
pub(in crate::registry) async fn moved(
    caller: &Caller,
    path: &ContainerPath,
) -> Result<Option<ContainerPath>> {
    let now: Option<(String, String, String)> = rows::<Pull, container::Entity>(caller.actor())
        .narrow(|q| q.filter(container::Column::Id.in_subquery(containers(path))))
        .into_select()
        .join(JoinType::InnerJoin, container::Relation::Collection.def())
        .join(JoinType::InnerJoin, collection::Relation::Namespace.def())
        .select_only()
        .column_as(namespace::Column::Name, "namespace")
        .column_as(collection::Column::Name, "collection")
        .column_as(container::Column::Name, "container")
        .into_tuple()
        .one(caller.db())
        .await?;
    let Some((namespace, collection, container)) = now else {
        return Ok(None);
    };
    let now = ContainerPath {
        namespace: namespace.parse()?,
        collection: collection.parse()?,
        container: container.parse()?,
    };
    Ok((now != *path).then_some(now))
}

/// The ids of the namespaces that have this name or had it: one at most.
pub(in crate::registry) fn namespaces(name: &Name) -> SelectStatement {
    let now = Query::select()
        .column((namespace::Entity, namespace::Column::Id))
        .from(namespace::Entity)
        .and_where(namespace::Column::Name.eq(name.as_str()))
        .take();
    let before = Query::select()
        .column(namespace_redirect::Column::TargetId)
        .from(namespace_redirect::Entity)
        .and_where(namespace_redirect::Column::Name.eq(name.as_str()))
        .take();
    either(now, before)
}

/// The ids of the collections that are or were at this path.
pub(in crate::registry) fn collections(namespace: &Name, name: &Name) -> SelectStatement {
    let now = Query::select()
        .column((collection::Entity, collection::Column::Id))
        .from(collection::Entity)
        .and_where(collection::Column::Name.eq(name.as_str()))
        .and_where(collection::Column::NamespaceId.in_subquery(namespaces(namespace)))
        .take();
    let before = Query::select()
        .column(collection_redirect::Column::TargetId)
        .from(collection_redirect::Entity)
        .and_where(collection_redirect::Column::Name.eq(name.as_str()))
        .and_where(collection_redirect::Column::NamespaceId.in_subquery(namespaces(namespace)))
        .take();
    either(now, before)
}

/// The ids of the containers that are or were at this path.
fn containers(path: &ContainerPath) -> SelectStatement {
    let within = || collections(&path.namespace, &path.collection);
    let now = Query::select()
        .column((container::Entity, container::Column::Id))
        .from(container::Entity)
        .and_where(container::Column::Name.eq(path.container.as_str()))
        .and_where(container::Column::CollectionId.in_subquery(within()))
        .take();
    let before = Query::select()
        .column(container_redirect::Column::TargetId)
        .from(container_redirect::Entity)
        .and_where(container_redirect::Column::Name.eq(path.container.as_str()))
        .and_where(container_redirect::Column::CollectionId.in_subquery(within()))
        .take();
    either(now, before)
}

fn either(mut now: SelectStatement, before: SelectStatement) -> SelectStatement {
    now.union(UnionType::All, before).take()
}

/// A namespace is no longer called `name`.
pub(in crate::registry) async fn leave_namespace(
    tx: &Tx,
    name: &str,
    target: NamespaceId,
) -> Result<()> {
    let row = namespace_redirect::ActiveModel {
        name: Set(name.to_owned()),
        target_id: Set(target),
        created_at: Set(tx.now()),
    };
    let newest = OnConflict::column(namespace_redirect::Column::Name)
        .update_column(namespace_redirect::Column::TargetId)
        .to_owned();
    namespace_redirect::Entity::insert(row)
        .on_conflict(newest)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// A collection is no longer at this place.
pub(in crate::registry) async fn leave_collection(
    tx: &Tx,
    (namespace, name): (NamespaceId, &str),
    target: CollectionId,
) -> Result<()> {
    use collection_redirect::Column;
    let row = collection_redirect::ActiveModel {
        namespace_id: Set(namespace),
        name: Set(name.to_owned()),
        target_id: Set(target),
        created_at: Set(tx.now()),
    };
    let newest = OnConflict::columns([Column::NamespaceId, Column::Name])
        .update_column(Column::TargetId)
        .to_owned();
    collection_redirect::Entity::insert(row)
        .on_conflict(newest)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// A container is no longer at this place.
pub(in crate::registry) async fn leave_container(
    tx: &Tx,
    (collection, name): (CollectionId, &str),
    target: ContainerId,
) -> Result<()> {
    use container_redirect::Column;
    let row = container_redirect::ActiveModel {
        collection_id: Set(collection),
        name: Set(name.to_owned()),
        target_id: Set(target),
        created_at: Set(tx.now()),
    };
    let newest = OnConflict::columns([Column::CollectionId, Column::Name])
        .update_column(Column::TargetId)
        .to_owned();
    container_redirect::Entity::insert(row)
        .on_conflict(newest)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// A namespace is called `name` from now on, whatever was before. After the row itself is written, which waits for whoever
/// leaves that name at the same time.
pub(in crate::registry) async fn take_namespace(tx: &Tx, name: &str) -> Result<()> {
    namespace_redirect::Entity::delete_many()
        .filter(namespace_redirect::Column::Name.eq(name))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// The same, for a collection.
pub(in crate::registry) async fn take_collection(
    tx: &Tx,
    namespace: NamespaceId,
    name: &str,
) -> Result<()> {
    collection_redirect::Entity::delete_many()
        .filter(collection_redirect::Column::NamespaceId.eq(namespace))
        .filter(collection_redirect::Column::Name.eq(name))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// The same, for a container.
pub(in crate::registry) async fn take_container(
    tx: &Tx,
    collection: CollectionId,
    name: &str,
) -> Result<()> {
    container_redirect::Entity::delete_many()
        .filter(container_redirect::Column::CollectionId.eq(collection))
        .filter(container_redirect::Column::Name.eq(name))
        .exec(tx.db())
        .await?;
    Ok(())
}
