//! Out of the trash, as it was.
use entity::{
    collection, container,
    id::{CollectionId, ContainerId, TrashId},
    kind::TrashKind,
    trash,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
    sea_query::{Expr, LockType},
};
use serde_json::json;

use super::{claim, collection_of};
use crate::{
    access::{Admin, Granted, open, trashed},
    error::{Error, Result},
    event::{Change, Event},
    registry::{
        Caller, Tx, collection as collections, container as containers, database::on_duplicate,
        path::Name, redirect, usage,
    },
};

/// What is there again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// A collection.
    Collection(CollectionId),
    /// A container.
    Container(ContainerId),
}

/// Takes something out of the trash, as it was; under another name, if one is given.
///
/// # Errors
/// [`Error::Conflict`] when its name is taken, or what it was in is in the trash itself; [`Error::QuotaExceeded`] when it no
/// longer fits; those of [`open`] for the entry.
pub async fn restore(caller: &Caller, id: TrashId, name: Option<Name>) -> Result<Restored> {
    caller
        .change(async |tx| {
            let entry = open::<Admin, trash::Entity>(tx.db(), tx.actor(), id).await?;
            match entry.kind {
                TrashKind::Collection => restore_collection(tx, id, name).await,
                TrashKind::Container => restore_container(tx, &entry, name).await,
            }
        })
        .await
}

async fn restore_collection(tx: &Tx, id: TrashId, name: Option<Name>) -> Result<Change<Restored>> {
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
    name: Option<Name>,
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

fn taken(entry: &Granted<Admin, trash::Model>) -> String {
    format!(
        "there is another {} by now; restore this under a new name, or rename or delete that one",
        entry.path
    )
}

fn told(entry: &trash::Model) -> serde_json::Value {
    json!({"trash": entry.id.to_string(), "was": entry.path, "deleted_at": entry.deleted_at})
}
