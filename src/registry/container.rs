//! Containers: the images of one thing, over time and architectures.
use std::{collections::HashMap, fmt};

use chrono::{DateTime, Utc};
use entity::{
    collection, container,
    id::{CollectionId, ContainerId, NamespaceId, UserId},
    image, manifest, namespace,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::NotSet,
    ColumnTrait, Condition, ConnectionTrait, DbBackend, FromQueryResult, IntoActiveModel, JoinType,
    ModelTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, RelationTrait, Select, Set,
    Value,
    sea_query::{LockType, Query, SelectStatement},
};
use serde_json::json;

use super::{
    Caller, Tx, collection as collections,
    database::on_duplicate,
    download, fresh_id,
    label::{self, Label},
    namespace as namespaces,
    page::{Measure, Page, PageArgs, Sort, moment, moment_of, page},
    path::{ContainerPath, Name, description},
    protection, redirect,
    topic::{self, TOPICS_MAX, Topic},
    total::size,
    trash::{self, Deletion},
    usage,
};
use crate::{
    access::{
        Actor, Admin, Granted, Guarded, Includes, Needs, Pull, Push, Rows, open, open_where, rows,
    },
    error::{Error, Result},
    event::{Change, Event, Target},
};

mod allowed;
mod catalog;

pub use allowed::allowed;
pub(in crate::registry) use catalog::paths_behind;

/// A container that the caller may see.
pub type Container = Granted<Pull, container::Model>;

/// What a new container gets.
#[derive(Clone, Debug)]
pub struct NewContainer {
    /// Where it goes.
    pub collection: CollectionId,
    /// Its name, unique in the collection.
    pub name: Name,
    /// Free text.
    pub description: String,
}

/// What changes; absent fields stay.
#[derive(Clone, Debug, Default)]
pub struct ContainerChange {
    /// A new name.
    pub name: Option<Name>,
    /// A new description.
    pub description: Option<String>,
}

/// The orders of a list of containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContainerSort {
    /// By name.
    #[default]
    Name,
    /// By the time of creation.
    Created,
    /// By how many users have starred it.
    Stars,
    /// By how often something in it was pulled.
    Downloads,
    /// By its size.
    Size,
    /// By when something in it was pulled last; what never was comes before all else.
    LastPulled,
    /// By the time of the last change.
    Updated,
}

impl Sort<container::Entity> for ContainerSort {
    fn column(self) -> Option<container::Column> {
        match self {
            Self::Name => Some(container::Column::Name),
            Self::Created | Self::Size | Self::LastPulled => None,
            Self::Stars => Some(container::Column::Stars),
            Self::Downloads => Some(container::Column::Downloads),
            Self::Updated => Some(container::Column::UpdatedAt),
        }
    }
    fn key(self, row: &container::Model) -> String {
        match self {
            Self::Name | Self::Created | Self::Size => row.name.clone(),
            Self::Stars => row.stars.to_string(),
            Self::Downloads => row.downloads.to_string(),
            Self::LastPulled => moment(row.last_pulled_at.unwrap_or(DateTime::UNIX_EPOCH)),
            Self::Updated => moment(row.updated_at),
        }
    }
    fn value(self, key: &str) -> Option<Value> {
        match self {
            Self::Name | Self::Created => Some(key.into()),
            Self::Stars | Self::Downloads | Self::Size => Some(key.parse::<i64>().ok()?.into()),
            Self::LastPulled | Self::Updated => moment_of(key),
        }
    }
    fn measure(self, _: &Actor) -> Option<Measure> {
        match self {
            Self::Size => Some(Measure::Amount(size::of_container())),
            Self::LastPulled => Some(Measure::last_pull("container")),
            _ => None,
        }
    }
    fn name(self) -> String {
        format!("{self:?}")
    }
    fn id(row: &container::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> container::Column {
        container::Column::Id
    }
}

/// Which containers a list holds; absent fields do not narrow it.
#[derive(Clone, Debug, Default)]
pub struct ContainerFilter {
    /// Those of this collection.
    pub collection: Option<CollectionId>,
    /// Those that have all these topics.
    pub topics: Vec<Topic>,
    /// Those with an image that carries all these labels.
    pub labels: Vec<Label>,
    /// Those of which nothing was pulled since then, and that were there.
    pub pulled_before: Option<DateTime<Utc>>,
}

impl ContainerFilter {
    /// # Errors
    /// [`Error::Invalid`] for too many topics or labels.
    fn check(&self) -> Result<()> {
        label::check_number(&self.labels)?;
        match self.topics.len() > TOPICS_MAX {
            true => Err(Error::invalid(
                "topics",
                format!("name {TOPICS_MAX} at most"),
            )),
            false => Ok(()),
        }
    }
}

/// The containers that the caller may see.
///
/// # Errors
/// [`Error::Invalid`] for too many topics or labels.
pub async fn list(
    caller: &Caller,
    filter: &ContainerFilter,
    args: &PageArgs<ContainerSort>,
) -> Result<Page<Container>> {
    filter.check()?;
    page(caller, filtered(caller, filter), filter, args).await
}

/// How many [`list`] lists.
pub async fn count(caller: &Caller, filter: &ContainerFilter) -> Result<u64> {
    filter.check()?;
    filtered(caller, filter).count(caller.db()).await
}

fn filtered(caller: &Caller, filter: &ContainerFilter) -> Rows<Pull, container::Entity> {
    use container::Column;
    let cold = filter
        .pulled_before
        .map(|time| download::not_since(Column::LastPulledAt, Column::CreatedAt, time));
    of_collection(caller, filter.collection).narrow(|q| {
        q.filter(topic::on_containers(&filter.topics))
            .filter(label::in_containers(&filter.labels))
            .filter(Condition::all().add_option(cold))
    })
}

pub(in crate::registry) fn of_collection(
    caller: &Caller,
    collection: Option<CollectionId>,
) -> Rows<Pull, container::Entity> {
    let rows = rows::<Pull, container::Entity>(caller.actor());
    match collection {
        Some(collection) => {
            rows.narrow(|q| q.filter(container::Column::CollectionId.eq(collection)))
        }
        None => rows,
    }
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(
    caller: &Caller,
    ids: &[ContainerId],
) -> Result<HashMap<ContainerId, Container>> {
    let rows = rows::<Pull, container::Entity>(caller.actor())
        .narrow(|q| q.filter(container::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The ids of the containers of a collection that the caller may see. One statement.
pub async fn ids_in(caller: &Caller, collection: CollectionId) -> Result<Vec<ContainerId>> {
    let ids = rows::<Pull, container::Entity>(caller.actor())
        .narrow(|q| q.filter(container::Column::CollectionId.eq(collection)))
        .into_select()
        .select_only()
        .column(container::Column::Id)
        .order_by_asc(container::Column::Id);
    Ok(ids.into_tuple().all(caller.db()).await?)
}

/// The container at `path` or, where none is, that was there.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see.
pub async fn find(caller: &Caller, path: &ContainerPath) -> Result<Container> {
    let found = find_here(caller, path).await;
    match redirect::after(caller, path, &found).await? {
        Some(now) => find_here(caller, &now).await,
        None => found,
    }
}

/// The container that is at `path` now.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see.
pub async fn find_here(caller: &Caller, path: &ContainerPath) -> Result<Container> {
    at::<Pull>(caller, path).await
}

/// The container at `path`, as far as `L`.
pub(in crate::registry) async fn at<L: Needs>(
    caller: &Caller,
    path: &ContainerPath,
) -> Result<Granted<L, container::Model>>
where
    container::Entity: Guarded,
{
    open_where(caller.db(), caller.actor(), |q| of_path(q, path)).await
}

fn of_path(select: Select<container::Entity>, path: &ContainerPath) -> Select<container::Entity> {
    select
        .join(JoinType::InnerJoin, container::Relation::Collection.def())
        .join(JoinType::InnerJoin, collection::Relation::Namespace.def())
        .filter(namespace::Column::Name.eq(path.namespace.as_str()))
        .filter(collection::Column::Name.eq(path.collection.as_str()))
        .filter(container::Column::Name.eq(path.container.as_str()))
}

/// Keeps others from changing what is in a container until the end of the transaction, so that tags, manifests and images
/// stay in step. First of all locks, lest two wait for each other. SQLite lets only one in that writes.
///
/// # Errors
/// [`Error::NotFound`] when it went meanwhile.
pub(in crate::registry) async fn lock(tx: &Tx, id: ContainerId) -> Result<()> {
    if tx.db().get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    match lock_if_there(tx, id).await? {
        true => Ok(()),
        false => Err(Error::NotFound("container")),
    }
}

/// [`lock`] for what may have gone; false: it has.
pub(in crate::registry) async fn lock_if_there(tx: &Tx, id: ContainerId) -> Result<bool> {
    let locked = rows::<Pull, container::Entity>(tx.actor())
        .narrow(|q| {
            q.filter(container::Column::Id.eq(id))
                .lock(LockType::NoKeyUpdate)
        })
        .one(tx.db())
        .await?;
    Ok(locked.is_some())
}

/// [`lock`] for all containers of a collection.
pub(in crate::registry) async fn lock_all(tx: &Tx, collection: CollectionId) -> Result<()> {
    let ids = rows::<Pull, container::Entity>(tx.actor())
        .into_select()
        .filter(container::Column::CollectionId.eq(collection))
        .order_by_asc(container::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .select_only()
        .column(container::Column::Id);
    ids.into_tuple::<i64>().all(tx.db()).await?;
    Ok(())
}

/// The id of the namespace that a container is in, for other statements.
pub(in crate::registry) fn namespace_of(id: ContainerId) -> SelectStatement {
    let collection = Query::select()
        .column(container::Column::CollectionId)
        .from(container::Entity)
        .and_where(container::Column::Id.eq(id))
        .to_owned();
    Query::select()
        .column(collection::Column::NamespaceId)
        .from(collection::Entity)
        .and_where(collection::Column::Id.in_subquery(collection))
        .to_owned()
}

/// Where a container is, and what all of it is called.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Place {
    /// The namespace.
    pub namespace_id: NamespaceId,
    /// The name of the namespace.
    pub namespace: String,
    /// Whose namespace it is.
    pub owner_id: UserId,
    /// The collection.
    pub collection_id: CollectionId,
    /// The name of the collection.
    pub collection: String,
    /// The container.
    pub container_id: ContainerId,
    /// The name of the container.
    pub container: String,
    /// The description of the container.
    pub description: String,
    /// How many users have starred it.
    pub stars: i64,
    /// How often something in it was pulled.
    pub downloads: i64,
}

/// `namespace/collection/container`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            namespace,
            collection,
            container,
            ..
        } = self;
        write!(f, "{namespace}/{collection}/{container}")
    }
}

/// The places of those of `ids` that the caller may see. One statement.
pub async fn places(caller: &Caller, ids: &[ContainerId]) -> Result<HashMap<ContainerId, Place>> {
    let places = rows::<Pull, container::Entity>(caller.actor())
        .narrow(|q| q.filter(container::Column::Id.is_in(ids.iter().copied())))
        .into_select()
        .join(JoinType::InnerJoin, container::Relation::Collection.def())
        .join(JoinType::InnerJoin, collection::Relation::Namespace.def())
        .select_only()
        .column_as(namespace::Column::Id, "namespace_id")
        .column_as(namespace::Column::Name, "namespace")
        .column(namespace::Column::OwnerId)
        .column_as(collection::Column::Id, "collection_id")
        .column_as(collection::Column::Name, "collection")
        .column_as(container::Column::Id, "container_id")
        .column_as(container::Column::Name, "container")
        .column(container::Column::Description)
        .column(container::Column::Stars)
        .column(container::Column::Downloads)
        .into_model::<Place>()
        .all(caller.db())
        .await?;
    Ok(places
        .into_iter()
        .map(|place| (place.container_id, place))
        .collect())
}

/// The paths of those of `ids` that the caller may see. One statement.
pub async fn paths(caller: &Caller, ids: &[ContainerId]) -> Result<HashMap<ContainerId, String>> {
    let places = places(caller, ids).await?.into_iter();
    Ok(places.map(|(id, place)| (id, place.to_string())).collect())
}

/// Makes a container in a collection of the caller.
///
/// # Errors
/// [`Error::Conflict`] when the name is taken; those of [`open`] for the collection.
pub async fn create(caller: &Caller, new: NewContainer) -> Result<Container> {
    let text = description(new.description)?;
    caller
        .change(async |tx| {
            let collection = collections::keep(tx, new.collection).await?;
            let row = insert(tx, &collection, &new.name, text).await?;
            let path = path(tx, &row).await?;
            let container = open::<Pull, container::Entity>(tx.db(), tx.actor(), row.id).await?;
            Ok(Event::new("container.create", path, row.id).with(container))
        })
        .await
}

/// Makes a container, or finds the one of that name: two first pushes at once mean the same one.
///
/// # Errors
/// Those of [`create`], but for the conflict.
pub async fn ensure(caller: &Caller, new: NewContainer) -> Result<Container> {
    let (collection, name) = (new.collection, new.name.clone());
    match create(caller, new).await {
        Err(Error::Conflict(_)) => {}
        created => return created,
    }
    let there = open_where::<Push, container::Entity>(caller.db(), caller.actor(), |q| {
        q.filter(container::Column::CollectionId.eq(collection))
            .filter(container::Column::Name.eq(name.as_str()))
    });
    there.await.map(Granted::for_pull)
}

/// The container at `path`, made with all that is above it if it is not there, as pushes do.
///
/// # Errors
/// Those of [`create`] and of the things above.
pub(in crate::registry) async fn reach(caller: &Caller, path: &ContainerPath) -> Result<Container> {
    match at::<Push>(caller, path).await {
        Err(Error::NotFound(_)) => {}
        there => return there.map(Granted::for_pull),
    }
    let namespace = namespaces::NewNamespace {
        name: path.namespace.clone(),
        description: String::new(),
        default_visibility: None,
    };
    let collection = collections::NewCollection {
        namespace: namespaces::ensure(caller, namespace).await?.id,
        name: path.collection.clone(),
        description: String::new(),
        visibility: None,
    };
    let container = NewContainer {
        collection: collections::ensure(caller, collection).await?.id,
        name: path.container.clone(),
        description: String::new(),
    };
    ensure(caller, container).await
}

async fn insert(
    tx: &Tx,
    collection: &Granted<impl Includes<Push>, collection::Model>,
    name: &Name,
    description: String,
) -> Result<container::Model> {
    let row = container::ActiveModel {
        id: Set(ContainerId(fresh_id())),
        collection_id: Set(collection.id),
        name: Set(name.to_string()),
        description: Set(description),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        stars: NotSet,
        downloads: NotSet,
        last_pulled_at: NotSet,
        trash_id: NotSet,
    };
    let words = || format!("the container {}/{name} exists already", collection.name);
    let row = row.insert(tx.db()).await.map_err(on_duplicate(words))?;
    usage::container_added(tx, &row);
    redirect::take_container(tx, collection.id, &row.name).await?;
    Ok(row)
}

/// Changes a container of the caller.
///
/// # Errors
/// [`Error::Conflict`] when the new name is taken, and for a new name while it is frozen or holds an immutable tag, which
/// something else would be pulled by then; those of [`open`].
pub async fn update(
    caller: &Caller,
    id: ContainerId,
    change: ContainerChange,
) -> Result<Container> {
    let text = change.description.map(description).transpose()?;
    caller
        .change(async |tx| {
            if change.name.is_some() {
                lock(tx, id).await?;
            }
            let old = open::<Admin, container::Entity>(tx.db(), tx.actor(), id).await?;
            if change
                .name
                .as_ref()
                .is_some_and(|name| name.as_str() != old.name)
            {
                protection::check_container(tx, &old).await?;
            }
            let path = path(tx, &old).await?;
            let mut row = (*old).clone().into_active_model();
            row.name = change.name.map_or(row.name, |name| Set(name.to_string()));
            row.description = text.map_or(row.description, Set);
            row.updated_at = Set(tx.now());
            let new = row
                .update(tx.db())
                .await
                .map_err(on_duplicate(|| "that name is taken".into()))?;
            replaced(tx, &old, &new).await?;
            let details = json!({"name": new.name, "old_name": old.name});
            Ok(Event::new("container.update", path, id)
                .details(details)
                .with(old.for_pull().replaced(new)))
        })
        .await
}

/// Moves a container of the caller, with all that is in it, to another collection that they may push to. Whoever may see
/// that collection sees it there; grants on it stay.
///
/// # Errors
/// [`Error::Conflict`] when the collection has one of that name, and while the container is frozen or holds an immutable tag;
/// [`Error::Forbidden`] to another namespace, for whoever does not own this one; those of [`open`] for both.
pub async fn move_to(caller: &Caller, id: ContainerId, to: CollectionId) -> Result<Container> {
    caller
        .change(async |tx| {
            lock(tx, id).await?;
            let old = open::<Admin, container::Entity>(tx.db(), tx.actor(), id).await?;
            let collection = collections::keep(tx, to).await?;
            if old.collection_id == collection.id {
                return Ok(Change::none(old.for_pull()));
            }
            let was = path(tx, &old).await?;
            let from = was.namespace.ok_or(Error::NotFound("namespace"))?;
            namespaces::check_leaving(tx, from, collection.namespace_id).await?;
            protection::check_container(tx, &old).await?;
            let mut row = (*old).clone().into_active_model();
            row.collection_id = Set(collection.id);
            row.updated_at = Set(tx.now());
            let words = || format!("{} has a container {} already", collection.name, old.name);
            let new = row.update(tx.db()).await.map_err(on_duplicate(words))?;
            replaced(tx, &old, &new).await?;
            usage::container_moved(tx, id, old.collection_id, collection.id);
            trash::move_content_of(tx, id, (old.collection_id, collection.id)).await?;
            let event = Event::new("container.move", path(tx, &new).await?, id);
            let moved = open::<Pull, container::Entity>(tx.db(), tx.actor(), id).await?;
            Ok(event.details(json!({"from": was})).with(moved))
        })
        .await
}

/// Leaves a redirect if a container is somewhere else now.
async fn replaced(tx: &Tx, old: &container::Model, new: &container::Model) -> Result<()> {
    if (old.collection_id, &old.name) == (new.collection_id, &new.name) {
        return Ok(());
    }
    redirect::take_container(tx, new.collection_id, &new.name).await?;
    redirect::leave_container(tx, (old.collection_id, &old.name), old.id).await
}

/// Deletes a container of the caller with its images and tags: puts it into the trash, if there is one.
///
/// # Errors
/// [`Error::Conflict`] while it holds images or manifests, unless with content, and when it is frozen or holds an immutable
/// tag; those of [`open`].
pub async fn delete(caller: &Caller, id: ContainerId, deletion: Deletion) -> Result<()> {
    deletion.check()?;
    caller
        .change(async |tx| {
            open::<Admin, container::Entity>(tx.db(), tx.actor(), id).await?;
            lock(tx, id).await?;
            let container = open::<Admin, container::Entity>(tx.db(), tx.actor(), id).await?;
            let path = path(tx, &container).await?;
            protection::check_container(tx, &container).await?;
            let (images, manifests) = content(tx, &container).await?;
            if images + manifests > 0 && !deletion.with_content {
                let why = format!(
                    "the container {path} is not empty ({images} images, {manifests} manifests); delete what is in it first, or all at once: withContent"
                );
                return Err(Error::Conflict(why));
            }
            let purge_at = trash::purge_at(caller, tx);
            match purge_at {
                Some(purge_at) => {
                    let kept = trash::Kept { path: &path, reason: &deletion.reason, purge_at };
                    trash::put_container(tx, container, &kept).await?;
                }
                None => {
                    trash::drop_content_of(tx, id).await?;
                    usage::container_gone(tx, id).await?;
                    container.into_row().delete(tx.db()).await?;
                }
            }
            let details = json!({"images": images, "manifests": manifests, "reason": deletion.reason, "purge_at": purge_at});
            Ok(Event::new("container.delete", path, id).details(details).with(()))
        })
        .await
}

/// How many images and how many manifests are in a container.
async fn content(tx: &Tx, container: &container::Model) -> Result<(u64, u64)> {
    let images = container.find_related(image::Entity).count(tx.db()).await?;
    let manifests = rows::<Pull, manifest::Entity>(tx.actor())
        .narrow(|q| q.filter(manifest::Column::ContainerId.eq(container.id)))
        .count(tx.db())
        .await?;
    Ok((images, manifests))
}

/// `namespace/collection/container`, outside of transactions too. Two statements.
pub(in crate::registry) async fn path_in(
    db: &impl ConnectionTrait,
    container: &container::Model,
) -> Result<String> {
    let collection = container.find_related(collection::Entity).one(db).await?;
    let collection = collection.ok_or(Error::NotFound("collection"))?;
    let namespace = collection.find_related(namespace::Entity).one(db).await?;
    let namespace = namespace
        .map(|namespace| namespace.name)
        .unwrap_or_default();
    Ok(format!(
        "{namespace}/{}/{}",
        collection.name, container.name
    ))
}

/// `namespace/collection/container`, as events name it.
pub(in crate::registry) async fn path(tx: &Tx, container: &container::Model) -> Result<Target> {
    let collection = container
        .find_related(collection::Entity)
        .one(tx.db())
        .await?;
    let collection = collection.ok_or(Error::NotFound("collection"))?;
    let collection = collections::path(tx, &collection).await?;
    Ok(collection.container(container.id, &container.name))
}
