//! Collections: shelves of containers, public or private.
use std::collections::HashMap;

use entity::{
    collection, container,
    id::{CollectionId, NamespaceId},
    kind::Visibility,
    namespace,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, IntoActiveModel, ModelTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, Set,
};
use serde_json::json;

use super::{
    Caller, Tx,
    database::on_duplicate,
    fresh_id,
    namespace::default_visibility,
    page::{Page, PageArgs, Sort, page},
    path::{Name, description},
};
use crate::{
    access::{Admin, Granted, Includes, Pull, Push, Rows, open, open_where, rows},
    error::{Error, Result},
    event::{Event, Target},
};

/// A collection that the caller may see.
pub type Collection = Granted<Pull, collection::Model>;

/// What a new collection gets.
#[derive(Clone, Debug)]
pub struct NewCollection {
    /// Where it goes.
    pub namespace: NamespaceId,
    /// Its name, unique in the namespace.
    pub name: Name,
    /// Free text.
    pub description: String,
    /// Who may see it; absent: the default of the namespace.
    pub visibility: Option<Visibility>,
}

/// What changes; absent fields stay.
#[derive(Clone, Debug, Default)]
pub struct CollectionChange {
    /// A new name.
    pub name: Option<Name>,
    /// A new description.
    pub description: Option<String>,
    /// Who may see it.
    pub visibility: Option<Visibility>,
}

/// The orders of a list of collections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CollectionSort {
    /// By name.
    #[default]
    Name,
    /// By the time of creation.
    Created,
}

impl Sort<collection::Entity> for CollectionSort {
    fn column(self) -> Option<collection::Column> {
        (self == Self::Name).then_some(collection::Column::Name)
    }
    fn key(self, row: &collection::Model) -> String {
        row.name.clone()
    }
    fn id(row: &collection::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> collection::Column {
        collection::Column::Id
    }
}

/// Which collections a list holds; absent fields do not narrow it.
#[derive(Clone, Copy, Debug, Default)]
pub struct CollectionFilter {
    /// Those of this namespace.
    pub namespace: Option<NamespaceId>,
    /// Those of this visibility.
    pub visibility: Option<Visibility>,
}

/// The collections that the caller may see.
pub async fn list(
    caller: &Caller,
    filter: CollectionFilter,
    args: &PageArgs<CollectionSort>,
) -> Result<Page<Collection>> {
    page(caller.db(), filtered(caller, filter), args).await
}

/// How many [`list`] lists.
pub async fn count(caller: &Caller, filter: CollectionFilter) -> Result<u64> {
    filtered(caller, filter).count(caller.db()).await
}

pub(in crate::registry) fn filtered(
    caller: &Caller,
    filter: CollectionFilter,
) -> Rows<Pull, collection::Entity> {
    let mut rows = rows::<Pull, collection::Entity>(caller.actor());
    if let Some(namespace) = filter.namespace {
        rows = rows.narrow(|q| q.filter(collection::Column::NamespaceId.eq(namespace)));
    }
    if let Some(visibility) = filter.visibility {
        rows = rows.narrow(|q| q.filter(collection::Column::Visibility.eq(visibility)));
    }
    rows
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(
    caller: &Caller,
    ids: &[CollectionId],
) -> Result<HashMap<CollectionId, Collection>> {
    let rows = rows::<Pull, collection::Entity>(caller.actor())
        .narrow(|q| q.filter(collection::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The ids of the collections of a namespace that the caller may see. One statement.
pub async fn ids_in(caller: &Caller, namespace: NamespaceId) -> Result<Vec<CollectionId>> {
    let ids = rows::<Pull, collection::Entity>(caller.actor())
        .narrow(|q| q.filter(collection::Column::NamespaceId.eq(namespace)))
        .into_select()
        .select_only()
        .column(collection::Column::Id)
        .order_by_asc(collection::Column::Id);
    Ok(ids.into_tuple().all(caller.db()).await?)
}

/// The collection at `namespace/name`.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see.
pub async fn find(caller: &Caller, namespace: &Name, name: &Name) -> Result<Collection> {
    open_where(
        caller.db(),
        caller.actor(),
        |q: Select<collection::Entity>| {
            q.inner_join(namespace::Entity)
                .filter(namespace::Column::Name.eq(namespace.as_str()))
                .filter(collection::Column::Name.eq(name.as_str()))
        },
    )
    .await
}

/// Makes a collection in a namespace of the caller.
///
/// # Errors
/// [`Error::Conflict`] when the name is taken; those of [`open`] for the namespace.
pub async fn create(caller: &Caller, new: NewCollection) -> Result<Collection> {
    let text = description(new.description)?;
    caller
        .change(async |tx| {
            let namespace =
                open::<Push, namespace::Entity>(tx.db(), tx.actor(), new.namespace).await?;
            let visibility = new
                .visibility
                .unwrap_or_else(|| default_visibility(caller, &namespace));
            let row = insert(tx, &namespace, &new.name, text, visibility).await?;
            let path =
                Target::namespace(namespace.id, &namespace.name).collection(row.id, &row.name);
            let event = Event::new("collection.create", path, row.id);
            let details = json!({"visibility": row.visibility});
            let collection = open::<Pull, collection::Entity>(tx.db(), tx.actor(), row.id).await?;
            Ok(event.details(details).with(collection))
        })
        .await
}

/// Makes a collection, or finds the one of that name: two first pushes at once mean the same one.
///
/// # Errors
/// [`Error::Conflict`] when the one that is there has another visibility than the one asked for; those of [`create`].
pub async fn ensure(caller: &Caller, new: NewCollection) -> Result<Collection> {
    let (namespace, name, visibility) = (new.namespace, new.name.clone(), new.visibility);
    let taken = match create(caller, new).await {
        Err(Error::Conflict(words)) => Error::Conflict(words),
        created => return created,
    };
    let there = open_where::<Push, collection::Entity>(caller.db(), caller.actor(), |q| {
        q.filter(collection::Column::NamespaceId.eq(namespace))
            .filter(collection::Column::Name.eq(name.as_str()))
    });
    let there = there.await?;
    if visibility.is_some_and(|wanted| wanted != there.visibility) {
        return Err(taken);
    }
    Ok(there.for_pull())
}

async fn insert(
    tx: &Tx,
    namespace: &Granted<impl Includes<Push>, namespace::Model>,
    name: &Name,
    description: String,
    visibility: Visibility,
) -> Result<collection::Model> {
    let row = collection::ActiveModel {
        id: Set(CollectionId(fresh_id())),
        namespace_id: Set(namespace.id),
        name: Set(name.to_string()),
        description: Set(description),
        visibility: Set(visibility),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    let words = || format!("the collection {}/{name} exists already", namespace.name);
    row.insert(tx.db()).await.map_err(on_duplicate(words))
}

/// Changes a collection of the caller.
///
/// # Errors
/// [`Error::Conflict`] when the new name is taken; those of [`open`].
pub async fn update(
    caller: &Caller,
    id: CollectionId,
    change: CollectionChange,
) -> Result<Collection> {
    let text = change.description.map(description).transpose()?;
    caller
        .change(async |tx| {
            let old = open::<Admin, collection::Entity>(tx.db(), tx.actor(), id).await?;
            let path = path(tx, &old).await?;
            let mut row = (*old).clone().into_active_model();
            row.name = change.name.map_or(row.name, |name| Set(name.to_string()));
            row.description = text.map_or(row.description, Set);
            row.visibility = change.visibility.map_or(row.visibility, Set);
            row.updated_at = Set(tx.now());
            let new = row.update(tx.db()).await.map_err(on_duplicate(|| "that name is taken".into()))?;
            let details = json!({"name": new.name, "visibility": new.visibility, "old_visibility": old.visibility});
            Ok(Event::new("collection.update", path, id).details(details).with(old.for_pull().replaced(new)))
        })
        .await
}

/// Deletes a collection of the caller with its containers, images and tags.
///
/// # Errors
/// [`Error::Conflict`] while it holds containers, unless `with_content`; those of [`open`].
pub async fn delete(caller: &Caller, id: CollectionId, with_content: bool) -> Result<()> {
    caller
        .change(async |tx| {
            let collection = open::<Admin, collection::Entity>(tx.db(), tx.actor(), id).await?;
            let path = path(tx, &collection).await?;
            let containers = collection.find_related(container::Entity).count(tx.db()).await?;
            if containers > 0 && !with_content {
                let why = format!("the collection {path} holds {containers} containers; delete them first, or all at once");
                return Err(Error::Conflict(why));
            }
            collection.into_row().delete(tx.db()).await?;
            Ok(Event::new("collection.delete", path, id).details(json!({"containers": containers})).with(()))
        })
        .await
}

/// `namespace/collection`, as events name it.
pub(in crate::registry) async fn path(tx: &Tx, collection: &collection::Model) -> Result<Target> {
    let namespace = collection
        .find_related(namespace::Entity)
        .one(tx.db())
        .await?;
    let namespace = namespace.ok_or(Error::NotFound("namespace"))?;
    Ok(
        Target::namespace(namespace.id, &namespace.name)
            .collection(collection.id, &collection.name),
    )
}

/// Whether the namespace holds a collection.
pub(in crate::registry) async fn any_in(
    tx: &Tx,
    namespace: &Granted<impl Includes<Admin>, namespace::Model>,
) -> Result<bool> {
    let first = namespace
        .find_related(collection::Entity)
        .select_only()
        .column(collection::Column::Id);
    Ok(first.into_tuple::<i64>().one(tx.db()).await?.is_some())
}
