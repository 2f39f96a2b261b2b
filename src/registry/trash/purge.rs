//! Out of the trash, for good.
use entity::{
    collection, container,
    id::{NamespaceId, TrashId},
    kind::TrashKind,
    namespace, trash,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, JoinType, ModelTrait, QueryFilter,
    QueryOrder, QuerySelect, RelationTrait, Set, sea_query::Expr,
};
use serde_json::json;

use super::{
    claim, collection_of,
    content::{Content, drop_hidden},
};
use crate::{
    access::{Admin, Granted, open, rows, trashed},
    error::{Error, Result},
    event::{Change, Event, Target},
    registry::{Caller, CollectionId, ContainerId, Tx, collection as collections, usage},
};

/// How many entries are looked for at once.
const BATCH: u64 = 100;
/// How many entries one request purges.
const EMPTIED_MAX: u64 = 1000;

/// Deletes an entry and what it holds for good. Its bytes go when nothing else has them.
///
/// # Errors
/// Those of [`open`].
pub async fn purge(caller: &Caller, id: TrashId) -> Result<()> {
    caller.change(async |tx| drop_entry(tx, id).await).await
}

async fn drop_entry(tx: &Tx, id: TrashId) -> Result<Change<()>> {
    let entry = claim(tx, id).await?;
    let place = place(tx, &entry).await?;
    let (action, of) = match entry.kind {
        TrashKind::Collection => {
            if let Some(row) = trashed::<collection::Entity>(&entry).one(tx.db()).await? {
                row.delete(tx.db()).await?;
            }
            usage::collection_gone(tx, entry.collection_id);
            ("collection.purge", entry.collection_id.to_string())
        }
        TrashKind::Container => ("container.purge", drop_container(tx, &entry).await?),
        TrashKind::Image => ("image.purge", drop_content(tx, &entry).await?),
        TrashKind::Manifest => ("manifest.purge", drop_content(tx, &entry).await?),
    };
    let details =
        json!({"trash": id.to_string(), "reason": entry.reason, "deleted_at": entry.deleted_at});
    Ok(Event::new(action, place, of).details(details).with(()))
}

/// Tells the id of what is gone.
async fn drop_container(tx: &Tx, entry: &Granted<Admin, trash::Model>) -> Result<String> {
    let Some(row) = trashed::<container::Entity>(entry).one(tx.db()).await? else {
        return Ok(String::new());
    };
    let id = row.id;
    drop_content_of(tx, id).await?;
    drop_hidden(tx, row).await?;
    Ok(id.to_string())
}

/// The same, for an image or a manifest.
async fn drop_content(tx: &Tx, entry: &Granted<Admin, trash::Model>) -> Result<String> {
    let Some(row) = trashed::<container::Entity>(entry).one(tx.db()).await? else {
        return Ok(String::new());
    };
    let content = Content::read(tx, &row).await?;
    drop_hidden(tx, row).await?;
    Ok(content.id())
}

/// What was deleted from a container goes for good with it: it could not be restored.
pub(in crate::registry) async fn drop_content_of(tx: &Tx, origin: ContainerId) -> Result<()> {
    let entries = rows::<Admin, trash::Entity>(tx.actor())
        .narrow(|q| q.filter(trash::Column::OriginId.eq(origin)))
        .all(tx.db())
        .await?;
    for entry in entries {
        if let Some(hidden) = trashed::<container::Entity>(&entry).one(tx.db()).await? {
            drop_hidden(tx, hidden).await?;
        }
    }
    Ok(())
}

/// What was deleted from a container moves with it, so that it may be restored there.
pub(in crate::registry) async fn move_content_of(
    tx: &Tx,
    origin: ContainerId,
    (from, to): (CollectionId, CollectionId),
) -> Result<()> {
    let entries = rows::<Admin, trash::Entity>(tx.actor())
        .narrow(|q| q.filter(trash::Column::OriginId.eq(origin)))
        .all(tx.db())
        .await?;
    for entry in &entries {
        let Some(hidden) = trashed::<container::Entity>(entry).one(tx.db()).await? else {
            continue;
        };
        usage::container_moved(tx, hidden.id, from, to);
        let mut hidden = hidden.into_active_model();
        hidden.collection_id = Set(to);
        hidden.update(tx.db()).await?;
    }
    trash::Entity::update_many()
        .col_expr(trash::Column::CollectionId, Expr::value(to))
        .filter(trash::Column::OriginId.eq(origin))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Where it was, as it was called there.
async fn place(tx: &Tx, entry: &Granted<Admin, trash::Model>) -> Result<Target> {
    let collection = collection_of(entry).one(tx.db()).await?;
    let collection = collection.ok_or(Error::NotFound("collection"))?;
    let above = collections::path(tx, &collection).await?;
    let place = match entry.origin_id.or(entry.container_id) {
        Some(id) => above.container(id, &entry.name),
        None => above,
    };
    Ok(place.named(&entry.path))
}

/// What emptying the trash did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emptied {
    /// How many entries are gone.
    pub purged: u64,
    /// Whether there are more.
    pub more: bool,
}

/// Purges what was deleted in a namespace of the caller, up to `EMPTIED_MAX` entries, one transaction each.
///
/// # Errors
/// Those of [`open`] for the namespace.
pub async fn empty(caller: &Caller, namespace: NamespaceId) -> Result<Emptied> {
    open::<Admin, namespace::Entity>(caller.db(), caller.actor(), namespace).await?;
    let ids: Vec<TrashId> = rows::<Admin, trash::Entity>(caller.actor())
        .into_select()
        .join(JoinType::InnerJoin, trash::Relation::Collection.def())
        .filter(collection::Column::NamespaceId.eq(namespace))
        .order_by_asc(trash::Column::Id)
        .limit(EMPTIED_MAX + 1)
        .select_only()
        .column(trash::Column::Id)
        .into_tuple()
        .all(caller.db())
        .await?;
    let most = usize::try_from(EMPTIED_MAX).unwrap_or(usize::MAX);
    let mut emptied = Emptied {
        more: ids.len() > most,
        ..Emptied::default()
    };
    for id in ids.into_iter().take(most) {
        emptied.purged += u64::from(purge_if_there(caller, id).await?);
    }
    Ok(emptied)
}

/// Purges all whose time has come, one transaction each; tells how many. Of several who do so at once, each entry is
/// purged by one.
///
/// # Errors
/// Those of the database.
pub async fn purge_due(caller: &Caller) -> Result<u64> {
    let (mut purged, mut last) = (0, TrashId(0));
    loop {
        let due: Vec<TrashId> = rows::<Admin, trash::Entity>(caller.actor())
            .into_select()
            .filter(trash::Column::PurgeAt.lte(caller.now()))
            .filter(trash::Column::Id.gt(last))
            .order_by_asc(trash::Column::Id)
            .limit(BATCH)
            .select_only()
            .column(trash::Column::Id)
            .into_tuple()
            .all(caller.db())
            .await?;
        let Some(id) = due.last() else {
            return Ok(purged);
        };
        last = *id;
        for id in due {
            purged += u64::from(purge_if_there(caller, id).await?);
        }
    }
}

/// False: somebody else was faster, or it went with what it was in.
async fn purge_if_there(caller: &Caller, id: TrashId) -> Result<bool> {
    match purge(caller, id).await {
        Ok(()) => Ok(true),
        Err(Error::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
