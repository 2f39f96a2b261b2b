//! Collections: shelves of containers, public or private.
use std::collections::HashMap;

use entity::{
    collection, container,
    id::{CollectionId, NamespaceId},
    kind::Visibility,
    namespace,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, IntoActiveModel, ModelTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, Set, Value, sea_query::LockType,
};
use serde_json::json;

use super::{
    Caller, Tx, container as containers,
    database::on_duplicate,
    fresh_id,
    namespace::{self as namespaces, default_visibility},
    page::{Measure, Page, PageArgs, Sort, moment, moment_of, page},
    path::{Name, description},
    protection, redirect, total,
    trash::{self, Deletion},
    usage,
};
use crate::{
    access::{Actor, Admin, Granted, Includes, Pull, Push, Rows, open, open_where, rows},
    error::{Error, Result},
    event::{Change, Event, Target},
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
    /// By how many users have starred it.
    Stars,
    /// By how often the containers in it were pulled that the caller may see.
    Downloads,
    /// By the size of what the caller sees in it.
    Size,
    /// By the time of the last change.
    Updated,
}

impl Sort<collection::Entity> for CollectionSort {
    fn column(self) -> Option<collection::Column> {
        match self {
            Self::Name => Some(collection::Column::Name),
            Self::Created | Self::Size | Self::Downloads => None,
            Self::Stars => Some(collection::Column::Stars),
            Self::Updated => Some(collection::Column::UpdatedAt),
        }
    }
    fn key(self, row: &collection::Model) -> String {
        match self {
            Self::Name | Self::Created | Self::Size | Self::Downloads => row.name.clone(),
            Self::Stars => row.stars.to_string(),
            Self::Updated => moment(row.updated_at),
        }
    }
    fn value(self, key: &str) -> Option<Value> {
        match self {
            Self::Name | Self::Created => Some(key.into()),
            Self::Stars | Self::Downloads | Self::Size => Some(key.parse::<i64>().ok()?.into()),
            Self::Updated => moment_of(key),
        }
    }
    /// What is pulled in secret shows neither in numbers nor in the order.
    fn measure(self, actor: &Actor) -> Option<Measure> {
        match self {
            Self::Size => Some(Measure::Amount(total::size::of_collection(actor))),
            Self::Downloads => Some(Measure::Amount(total::pulls_seen(actor))),
            _ => None,
        }
    }
    fn name(self) -> String {
        format!("{self:?}")
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
    page(caller, filtered(caller, filter), filter, args).await
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

/// The collection at `namespace/name` or, where none is, that was there.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see.
pub async fn find(caller: &Caller, namespace: &Name, name: &Name) -> Result<Collection> {
    match find_here(caller, namespace, name).await {
        Err(Error::NotFound(_)) => {
            open_where(
                caller.db(),
                caller.actor(),
                |q: Select<collection::Entity>| {
                    let there = redirect::collections(namespace, name);
                    q.filter(collection::Column::Id.in_subquery(there))
                },
            )
            .await
        }
        found => found,
    }
}

/// The collection that is at `namespace/name` now.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see.
pub async fn find_here(caller: &Caller, namespace: &Name, name: &Name) -> Result<Collection> {
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
        stars: NotSet,
        downloads: NotSet,
        trash_id: NotSet,
    };
    let words = || format!("the collection {}/{name} exists already", namespace.name);
    let row = row.insert(tx.db()).await.map_err(on_duplicate(words))?;
    usage::collection_added(tx, &row);
    redirect::take_collection(tx, namespace.id, &row.name).await?;
    Ok(row)
}

/// Changes a collection of the caller.
///
/// # Errors
/// [`Error::Conflict`] when the new name is taken, and for a new name while anything in it is protected; those of [`open`].
pub async fn update(
    caller: &Caller,
    id: CollectionId,
    change: CollectionChange,
) -> Result<Collection> {
    let text = change.description.map(description).transpose()?;
    caller
        .change(async |tx| {
            let old = open::<Admin, collection::Entity>(tx.db(), tx.actor(), id).await?;
            if change.name.as_ref().is_some_and(|name| name.as_str() != old.name) {
                protection::check_collection(tx, &old).await?;
            }
            let path = path(tx, &old).await?;
            let mut row = (*old).clone().into_active_model();
            row.name = change.name.map_or(row.name, |name| Set(name.to_string()));
            row.description = text.map_or(row.description, Set);
            row.visibility = change.visibility.map_or(row.visibility, Set);
            row.updated_at = Set(tx.now());
            let new = row.update(tx.db()).await.map_err(on_duplicate(|| "that name is taken".into()))?;
            replaced(tx, &old, &new).await?;
            let details = json!({"name": new.name, "visibility": new.visibility, "old_visibility": old.visibility});
            Ok(Event::new("collection.update", path, id).details(details).with(old.for_pull().replaced(new)))
        })
        .await
}

/// Moves a collection of the caller, with all that is in it, to another namespace that they may push to. Grants on it stay.
///
/// # Errors
/// [`Error::Conflict`] when the namespace has one of that name, and while anything in it is protected; [`Error::Forbidden`] for
/// whoever does not own the namespace that it is in; those of [`open`] for both.
pub async fn move_to(caller: &Caller, id: CollectionId, to: NamespaceId) -> Result<Collection> {
    caller
        .change(async |tx| {
            lock(tx, id).await?;
            let old = open::<Admin, collection::Entity>(tx.db(), tx.actor(), id).await?;
            let namespace = open::<Push, namespace::Entity>(tx.db(), tx.actor(), to).await?;
            if old.namespace_id == namespace.id {
                return Ok(Change::none(old.for_pull()));
            }
            namespaces::check_leaving(tx, old.namespace_id, namespace.id).await?;
            protection::check_collection(tx, &old).await?;
            let was = path(tx, &old).await?;
            let mut row = (*old).clone().into_active_model();
            row.namespace_id = Set(namespace.id);
            row.updated_at = Set(tx.now());
            let words = || format!("{} has a collection {} already", namespace.name, old.name);
            let new = row.update(tx.db()).await.map_err(on_duplicate(words))?;
            replaced(tx, &old, &new).await?;
            usage::collection_moved(tx, id, old.namespace_id, namespace.id);
            let event = Event::new("collection.move", path(tx, &new).await?, id);
            let moved = open::<Pull, collection::Entity>(tx.db(), tx.actor(), id).await?;
            Ok(event.details(json!({"from": was})).with(moved))
        })
        .await
}

/// Lets nobody else move or delete a collection until the end of the transaction. Before it is read, lest two start from one
/// place.
///
/// # Errors
/// [`Error::NotFound`] when it went meanwhile.
async fn lock(tx: &Tx, id: CollectionId) -> Result<()> {
    let locked = rows::<Pull, collection::Entity>(tx.actor())
        .narrow(|q| q.filter(collection::Column::Id.eq(id)).lock_exclusive())
        .one(tx.db())
        .await?;
    locked.map(drop).ok_or(Error::NotFound("collection"))
}

/// A collection to put something into: nobody deletes it until the end of the transaction.
pub(in crate::registry) async fn keep(
    tx: &Tx,
    id: CollectionId,
) -> Result<Granted<Push, collection::Model>> {
    open_where(tx.db(), tx.actor(), |q: Select<collection::Entity>| {
        q.filter(collection::Column::Id.eq(id))
            .lock(LockType::KeyShare)
    })
    .await
}

/// Leaves a redirect if a collection is somewhere else now.
async fn replaced(tx: &Tx, old: &collection::Model, new: &collection::Model) -> Result<()> {
    if (old.namespace_id, &old.name) == (new.namespace_id, &new.name) {
        return Ok(());
    }
    redirect::take_collection(tx, new.namespace_id, &new.name).await?;
    redirect::leave_collection(tx, (old.namespace_id, &old.name), old.id).await
}

/// Deletes a collection of the caller with its containers, images and tags: puts it into the trash, if there is one.
///
/// # Errors
/// [`Error::Conflict`] while it holds containers, unless with content, and when anything in it is protected; those of
/// [`open`].
pub async fn delete(caller: &Caller, id: CollectionId, deletion: Deletion) -> Result<()> {
    deletion.check()?;
    caller
        .change(async |tx| {
            // The order of locks is containers before collections.
            open::<Admin, collection::Entity>(tx.db(), tx.actor(), id).await?;
            containers::lock_all(tx, id).await?;
            lock(tx, id).await?;
            let collection = open::<Admin, collection::Entity>(tx.db(), tx.actor(), id).await?;
            let path = path(tx, &collection).await?;
            let containers = rows::<Pull, container::Entity>(tx.actor())
                .narrow(|q| q.filter(container::Column::CollectionId.eq(id)))
                .count(tx.db())
                .await?;
            if containers > 0 && !deletion.with_content {
                let why = format!("the collection {path} is not empty ({containers} containers); delete what is in it first, or all at once: withContent");
                return Err(Error::Conflict(why));
            }
            protection::check_collection(tx, &collection).await?;
            let purge_at = trash::purge_at(caller, tx);
            match purge_at {
                Some(purge_at) => {
                    let kept = trash::Kept { path: &path, reason: &deletion.reason, purge_at };
                    trash::put_collection(tx, collection, &kept).await?;
                }
                None => {
                    collection.into_row().delete(tx.db()).await?;
                    usage::collection_gone(tx, id);
                }
            }
            let details = json!({"containers": containers, "reason": deletion.reason, "purge_at": purge_at});
            Ok(Event::new("collection.delete", path, id).details(details).with(()))
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

/// What keeps a namespace from being deleted.
///
/// # Errors
/// [`Error::Conflict`] while it holds collections, and while something of it is in the trash.
pub(in crate::registry) async fn check_none_in(
    tx: &Tx,
    namespace: &Granted<impl Includes<Admin>, namespace::Model>,
) -> Result<()> {
    let any = namespace.find_related(collection::Entity);
    let collections = any.all(tx.db()).await?;
    let name = &namespace.name;
    let why = match collections.iter().any(|row| row.trash_id.is_none()) {
        true => format!("the namespace {name} is not empty; delete its collections first"),
        false if collections.is_empty() => return Ok(()),
        false => format!(
            "something of the namespace {name} is in the trash; restore it, or empty the trash first (emptyTrash)"
        ),
    };
    Err(Error::Conflict(why))
}
