//! Out of the trash, as it was.
use entity::{
    collection, container,
    id::{CollectionId, ContainerId, ImageId, ManifestId, TrashId},
    kind::TrashKind,
    trash,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
    sea_query::{Expr, LockType},
};
use serde_json::json;

use super::{
    claim, collection_of,
    content::{Content, check_described, drop_hidden},
    name::Name,
};
use crate::{
    access::{Admin, Granted, Push, open, trashed},
    error::{Error, Result},
    event::{Change, Event},
    registry::{
        Caller, Tx, collection as collections, container as containers, database::on_duplicate,
        path, redirect, tag::Watch, usage,
    },
};

/// What is there again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// A collection.
    Collection(CollectionId),
    /// A container.
    Container(ContainerId),
    /// An image.
    Image(ImageId),
    /// A manifest.
    Manifest(ManifestId),
}

/// Takes something out of the trash, as it was; under another name, if one is given.
///
/// # Errors
/// [`Error::Conflict`] when its name is taken or the same was pushed again, when what it was in is in the trash itself or gone,
/// and for an image of a frozen container; [`Error::Invalid`] for the name of something that has none; [`Error::QuotaExceeded`] when it no
/// longer fits; those of [`open`] for the entry.
pub async fn restore(caller: &Caller, id: TrashId, name: Option<path::Name>) -> Result<Restored> {
    caller
        .change(async |tx| {
            let entry = open::<Admin, trash::Entity>(tx.db(), tx.actor(), id).await?;
            match entry.kind {
                TrashKind::Collection => restore_collection(tx, id, name).await,
                TrashKind::Container => restore_container(tx, &entry, name).await,
                TrashKind::Image | TrashKind::Manifest if name.is_some() => {
                    let why = "images and manifests have no name; leave it out";
                    Err(Error::invalid("name", why))
                }
                TrashKind::Image | TrashKind::Manifest => restore_content(tx, &entry).await,
            }
        })
        .await
}

async fn restore_collection(
    tx: &Tx,
    id: TrashId,
    name: Option<path::Name>,
) -> Result<Change<Restored>> {
    let entry = claim(tx, id).await?;
    let row = trashed::<collection::Entity>(&entry).one(tx.db()).await?;
    let mut row = row
        .ok_or(Error::NotFound("collection"))?
        .into_active_model();
    row.name = Set(name.map_or_else(|| entry.name.clone(), |name| name.to_string()));
    row.trash_id = Set(None);
    let row = row
        .update(tx.db())
        .await
        .map_err(on_duplicate(|| taken(&entry)))?;
    container::Entity::update_many()
        .col_expr(container::Column::TrashId, Expr::value(None::<i64>))
        .filter(container::Column::TrashId.eq(id))
        .exec(tx.db())
        .await?;
    redirect::take_collection(tx, row.namespace_id, &row.name).await?;
    usage::collection_counts(tx, row.id, true);
    let path = collections::path(tx, &row).await?;
    let event = Event::new("collection.restore", path, row.id).details(told(&entry));
    Ok(event.with(Restored::Collection(row.id)))
}

async fn restore_container(
    tx: &Tx,
    entry: &trash::Model,
    name: Option<path::Name>,
) -> Result<Change<Restored>> {
    let collection = collection_of(entry)
        .lock(LockType::KeyShare)
        .one(tx.db())
        .await?;
    if collection.is_none_or(|collection| collection.trash_id.is_some()) {
        let why = format!(
            "the collection that {} was in is in the trash, too; restore that first",
            entry.path
        );
        return Err(Error::Conflict(why));
    }
    let entry = claim(tx, entry.id).await?;
    let row = trashed::<container::Entity>(&entry).one(tx.db()).await?;
    let mut row = row.ok_or(Error::NotFound("container"))?.into_active_model();
    row.name = Set(name.map_or_else(|| entry.name.clone(), |name| name.to_string()));
    row.trash_id = Set(None);
    let row = row
        .update(tx.db())
        .await
        .map_err(on_duplicate(|| taken(&entry)))?;
    redirect::take_container(tx, row.collection_id, &row.name).await?;
    usage::container_counts(tx, row.id, true);
    let path = containers::path(tx, &row).await?;
    let event = Event::new("container.restore", path, row.id).details(told(&entry));
    Ok(event.with(Restored::Container(row.id)))
}

/// An image or a manifest goes back to its container, with those of its tags that are free.
async fn restore_content(tx: &Tx, entry: &trash::Model) -> Result<Change<Restored>> {
    let container = origin(tx, entry).await?;
    let entry = claim(tx, entry.id).await?;
    let hidden = trashed::<container::Entity>(&entry).one(tx.db()).await?;
    let hidden = hidden.ok_or(Error::NotFound("image"))?;
    let content = Content::read(tx, &hidden).await?;
    check_described(tx, &content, container.id).await?;
    let names: Vec<Name> =
        serde_json::from_value(entry.tags.clone()).map_err(anyhow::Error::from)?;
    let watch = Watch::begin(tx, &container, names.iter().map(|name| name.name.clone())).await?;
    let content = content.carry(tx, hidden.id, container.id).await?;
    drop_hidden(tx, hidden).await?;
    let (mut set, mut taken) = (Vec::new(), Vec::new());
    for name in &names {
        match name.set(tx, &container, &content).await? {
            true => set.push(&name.name),
            false => taken.push(&name.name),
        }
    }
    watch.end(tx, &container).await?;
    let (action, id, digest, restored) = match (&content.image, content.manifests.first()) {
        (Some(image), _) => (
            "image.restore",
            image.id.to_string(),
            image.digest.clone(),
            Restored::Image(image.id),
        ),
        (None, Some(row)) => (
            "manifest.restore",
            row.id.to_string(),
            row.digest.clone(),
            Restored::Manifest(row.id),
        ),
        (None, None) => return Err(Error::NotFound("manifest")),
    };
    let path = containers::path(tx, &container).await?;
    let mut details = told(&entry);
    details["digest"] = json!(digest);
    details["tags"] = json!(set);
    details["taken"] = json!(taken);
    Ok(Event::new(action, path, id).details(details).with(restored))
}

/// The container that something was in, locked.
async fn origin(tx: &Tx, entry: &trash::Model) -> Result<Granted<Push, container::Model>> {
    let gone = |state: &str| {
        let path = &entry.path;
        Error::Conflict(format!("the container that {path} was in is {state}"))
    };
    let id = entry.origin_id.ok_or_else(|| gone("gone"))?;
    let opened = match containers::lock_if_there(tx, id).await? {
        true => open::<Push, container::Entity>(tx.db(), tx.actor(), id).await,
        false => Err(Error::NotFound("container")),
    };
    match opened {
        Err(Error::NotFound(_)) => Err(gone("in the trash, too; restore that first")),
        opened => opened,
    }
}

fn taken(entry: &Granted<Admin, trash::Model>) -> String {
    format!(
        "there is another {} by now; restore this under a new name, or rename or delete that one",
        entry.path
    )
}

fn told(entry: &trash::Model) -> serde_json::Value {
    json!({"trash": entry.id.to_string(), "was": entry.path, "deleted_at": entry.deleted_at})
}
