//! Into the trash.
use chrono::{DateTime, Utc};
use entity::{
    collection, container,
    id::TrashId,
    kind::{Extent, TrashKind},
    trash, usage as sums,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
    sea_query::Expr,
};
use serde_json::json;

use super::{
    content::{Content, hide},
    name::names,
    nameless,
};
use crate::{
    access::{Admin, Granted, Includes, Push, internal},
    error::Result,
    event::Target,
    registry::{Tx, blob as blobs, fresh_id, manifest as manifests, usage},
};

/// Why something goes into the trash, and until when it stays there.
pub(in crate::registry) struct Kept<'a> {
    /// Where it was.
    pub(in crate::registry) path: &'a Target,
    /// In the words of who deletes it.
    pub(in crate::registry) reason: &'a str,
    /// When it goes for good.
    pub(in crate::registry) purge_at: DateTime<Utc>,
}

impl Kept<'_> {
    /// The entry, but for what it holds.
    fn entry(&self, tx: &Tx, name: &str, size: i64) -> trash::ActiveModel {
        trash::ActiveModel {
            id: Set(TrashId(fresh_id())),
            name: Set(name.to_owned()),
            path: Set(self.path.to_string()),
            reason: Set(self.reason.to_owned()),
            deleted_by: Set(tx.actor().account().map(|account| account.id)),
            deleted_at: Set(tx.now()),
            purge_at: Set(self.purge_at),
            size: Set(size),
            tags: Set(json!([])),
            container_id: Set(None),
            origin_id: Set(None),
            ..Default::default()
        }
    }
}

/// Puts a collection, whose lock and those of its containers are held, into the trash with all that is in it. What was in
/// the trash before stays an entry of its own.
pub(in crate::registry) async fn put_collection(
    tx: &Tx,
    collection: Granted<Admin, collection::Model>,
    kept: &Kept<'_>,
) -> Result<()> {
    let id = collection.id;
    let entry = trash::ActiveModel {
        kind: Set(TrashKind::Collection),
        collection_id: Set(id),
        ..kept.entry(
            tx,
            &collection.name,
            size(tx, Extent::Collection, id.0).await?,
        )
    };
    let entry = entry.insert(tx.db()).await?;
    let mut row = collection.into_row().into_active_model();
    row.trash_id = Set(Some(entry.id));
    row.name = Set(nameless(entry.id));
    row.update(tx.db()).await?;
    container::Entity::update_many()
        .col_expr(container::Column::TrashId, Expr::value(entry.id))
        .filter(container::Column::CollectionId.eq(id))
        .filter(container::Column::TrashId.is_null())
        .exec(tx.db())
        .await?;
    usage::collection_counts(tx, id, false);
    Ok(())
}

/// Puts a container, whose lock is held, into the trash with all that is in it.
pub(in crate::registry) async fn put_container(
    tx: &Tx,
    container: Granted<Admin, container::Model>,
    kept: &Kept<'_>,
) -> Result<()> {
    let id = container.id;
    let entry = trash::ActiveModel {
        kind: Set(TrashKind::Container),
        collection_id: Set(container.collection_id),
        container_id: Set(Some(id)),
        ..kept.entry(
            tx,
            &container.name,
            size(tx, Extent::Container, id.0).await?,
        )
    };
    let entry = entry.insert(tx.db()).await?;
    let mut row = container.into_row().into_active_model();
    row.trash_id = Set(Some(entry.id));
    row.name = Set(nameless(entry.id));
    row.update(tx.db()).await?;
    usage::container_counts(tx, id, false);
    Ok(())
}

/// Puts an image with its manifests, or a manifest, into the trash, out of a container whose lock is held and whose names are
/// watched.
pub(in crate::registry) async fn put_content(
    tx: &Tx,
    container: &Granted<impl Includes<Push>, container::Model>,
    content: Content,
    kept: &Kept<'_>,
) -> Result<()> {
    let names = names(tx, &content).await?;
    let id = TrashId(fresh_id());
    let hidden = hide(tx, container.collection_id, id).await?;
    let entry = trash::ActiveModel {
        id: Set(id),
        kind: Set(match content.image {
            Some(_) => TrashKind::Image,
            None => TrashKind::Manifest,
        }),
        collection_id: Set(container.collection_id),
        container_id: Set(Some(hidden)),
        origin_id: Set(Some(container.id)),
        path: Set(format!("{}@{}", kept.path, content.digest())),
        tags: Set(json!(names)),
        ..kept.entry(tx, content.digest(), content.size())
    };
    entry.insert(tx.db()).await?;
    let led = names.iter().filter(|name| name.manifest.is_some());
    let led: Vec<_> = led.map(|name| name.name.clone()).collect();
    manifests::forget(tx, container, &led).await?;
    if let Some(image) = &content.image {
        manifests::forget_image(tx, image.id).await?;
    }
    let content = content.carry(tx, container.id, hidden).await?;
    if let Some(blob) = content
        .image
        .as_ref()
        .and_then(|image| image.blob.as_deref())
    {
        blobs::release(tx, container.id, blob).await?;
    }
    let mut left: Vec<_> = names.into_iter().map(|name| name.name).collect();
    if let Some(image) = content.described_elsewhere() {
        // What was made for its names names the manifest that is left from now on.
        left.extend(manifests::names_of(tx, image).await?);
    }
    manifests::follow_made(tx, container, left).await
}

/// The sum of the sizes of what is in something, in bytes.
async fn size(tx: &Tx, extent: Extent, id: i64) -> Result<i64> {
    let size = internal::<sums::Entity>()
        .filter(sums::Column::Extent.eq(extent))
        .filter(sums::Column::Id.eq(id))
        .select_only()
        .column(sums::Column::Size);
    Ok(size.into_tuple().one(tx.db()).await?.unwrap_or_default())
}
