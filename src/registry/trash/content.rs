//! Images and manifests on their way into the trash and back: from container to container, with the blobs that they name. In
//! the trash they are alone in a container of their own, so that their digests are free, and collection needs no rule for them.
use entity::{
    container, container_blob,
    id::{ContainerId, ImageId, TrashId},
    image, manifest, manifest_part, share_link,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, ModelTrait, QueryFilter, QuerySelect,
    Set,
    sea_query::{Expr, Query},
};

use super::nameless;
use crate::{
    access::{Pull, internal, rows},
    error::{Error, Result},
    registry::{CollectionId, Tx, database::on_duplicate, fresh_id, usage},
};

/// How many rows one statement takes.
const CHUNK: usize = 500;

/// What is deleted and restored together.
#[derive(Clone, Debug)]
pub(in crate::registry) struct Content {
    /// Uploaded; all its manifests in its container are with it.
    pub(in crate::registry) image: Option<image::Model>,
    pub(in crate::registry) manifests: Vec<manifest::Model>,
}

impl Content {
    /// All that is in a container of the trash.
    pub(super) async fn read(tx: &Tx, hidden: &container::Model) -> Result<Self> {
        Ok(Self {
            image: hidden.find_related(image::Entity).one(tx.db()).await?,
            manifests: hidden.find_related(manifest::Entity).all(tx.db()).await?,
        })
    }

    /// What it is called: its digest.
    pub(super) fn digest(&self) -> &str {
        let manifest = || self.manifests.first().map(|manifest| &*manifest.digest);
        let image = self.image.as_ref().map(|image| &*image.digest);
        image.or_else(manifest).unwrap_or_default()
    }

    /// The id of the image, or of the manifest.
    pub(super) fn id(&self) -> String {
        let manifest = || {
            self.manifests
                .first()
                .map(|manifest| manifest.id.to_string())
        };
        let image = self.image.as_ref().map(|image| image.id.to_string());
        image.or_else(manifest).unwrap_or_default()
    }

    /// The image that a manifest describes without being its last.
    pub(super) fn described_elsewhere(&self) -> Option<ImageId> {
        match &self.image {
            Some(_) => None,
            None => self.manifests.first()?.image_id,
        }
    }

    /// In bytes.
    pub(super) fn size(&self) -> i64 {
        match &self.image {
            Some(image) => image.size,
            None => self.manifests.iter().map(|manifest| manifest.size).sum(),
        }
    }

    /// Brings it from a container to another; the locks of both are held.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the same is there.
    pub(super) async fn carry(
        mut self,
        tx: &Tx,
        from: ContainerId,
        to: ContainerId,
    ) -> Result<Self> {
        self.link(tx, from, to).await?;
        if let Some(image) = &mut self.image {
            usage::image_removed(tx, image);
            image.container_id = to;
            usage::image_added(tx, image);
            image::Entity::update_many()
                .col_expr(image::Column::ContainerId, Expr::value(to))
                .filter(image::Column::Id.eq(image.id))
                .exec(tx.db())
                .await
                .map_err(on_duplicate(there))?;
            share_link::Entity::update_many()
                .col_expr(share_link::Column::ContainerId, Expr::value(to))
                .filter(share_link::Column::ImageId.eq(image.id))
                .exec(tx.db())
                .await?;
        }
        for manifest in &mut self.manifests {
            usage::manifest_removed(tx, manifest);
            manifest.container_id = to;
            usage::manifest_kept(tx, None, manifest);
        }
        manifest::Entity::update_many()
            .col_expr(manifest::Column::ContainerId, Expr::value(to))
            .filter(manifest::Column::Id.is_in(self.manifests.iter().map(|manifest| manifest.id)))
            .exec(tx.db())
            .await
            .map_err(on_duplicate(there))?;
        Ok(self)
    }

    /// Links the blobs that it names, as far as its container holds them.
    async fn link(&self, tx: &Tx, from: ContainerId, to: ContainerId) -> Result<()> {
        use container_blob::Column::{ContainerId, Digest};
        let ids = self.manifests.iter().map(|manifest| manifest.id);
        let parts = Query::select()
            .column(manifest_part::Column::Digest)
            .from(manifest_part::Entity)
            .and_where(manifest_part::Column::ManifestId.is_in(ids))
            .to_owned();
        let mut named = Condition::any().add(Digest.in_subquery(parts));
        if let Some(blob) = self.image.as_ref().and_then(|image| image.blob.as_deref()) {
            named = named.add(Digest.eq(blob));
        }
        let held = Query::select()
            .column(Digest)
            .from(container_blob::Entity)
            .and_where(ContainerId.eq(to))
            .to_owned();
        let new: Vec<String> = internal::<container_blob::Entity>()
            .filter(ContainerId.eq(from))
            .filter(named)
            .filter(Digest.not_in_subquery(held))
            .select_only()
            .column(Digest)
            .into_tuple()
            .all(tx.db())
            .await?;
        for some in new.chunks(CHUNK) {
            let rows = some.iter().map(|digest| container_blob::ActiveModel {
                container_id: Set(to),
                digest: Set(digest.clone()),
                linked_at: Set(tx.now()),
            });
            container_blob::Entity::insert_many(rows)
                .exec_without_returning(tx.db())
                .await?;
            for digest in some {
                usage::blob_linked(tx, to, digest);
            }
        }
        Ok(())
    }
}

fn there() -> String {
    "the same was pushed there again; tag that, and purge this".into()
}

/// Makes a container in the trash for what goes there by itself.
pub(super) async fn hide(tx: &Tx, collection: CollectionId, entry: TrashId) -> Result<ContainerId> {
    let row = container::ActiveModel {
        id: Set(ContainerId(fresh_id())),
        collection_id: Set(collection),
        name: Set(nameless(entry)),
        description: Set(String::new()),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        trash_id: Set(Some(entry)),
        ..Default::default()
    };
    let row = row.insert(tx.db()).await?;
    usage::container_added(tx, &row);
    usage::container_counts(tx, row.id, false);
    Ok(row.id)
}

/// Deletes a container of the trash with what is left in it.
pub(super) async fn drop_hidden(tx: &Tx, hidden: container::Model) -> Result<()> {
    usage::container_gone(tx, hidden.id).await?;
    hidden.delete(tx.db()).await?;
    Ok(())
}

/// Refuses to bring back a manifest without the image that it describes.
pub(super) async fn check_described(tx: &Tx, content: &Content, origin: ContainerId) -> Result<()> {
    let Some(image) = content.described_elsewhere() else {
        return Ok(());
    };
    let there = rows::<Pull, image::Entity>(tx.actor())
        .narrow(|q| {
            q.filter(image::Column::Id.eq(image))
                .filter(image::Column::ContainerId.eq(origin))
        })
        .one(tx.db())
        .await?;
    match there {
        Some(_) => Ok(()),
        None => Err(Error::Conflict(
            "the image that this manifest describes is in the trash, too; restore that first"
                .into(),
        )),
    }
}
