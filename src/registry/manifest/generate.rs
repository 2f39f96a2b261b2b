//! Manifests of what came without one: SIF images, and tags of several architectures.
use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use entity::{
    container,
    id::{ImageId, ManifestId, UserId},
    image,
    kind::PartRole,
    manifest, manifest_content, manifest_part, tag,
};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, ModelTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, OnConflict, Query},
};
use serde_json::json;

use super::{
    config::{self, Config},
    document::{Descriptor, Document},
    tags,
    write::{EMPTY, Member, of_members, of_sif},
};
use crate::{
    access::{Admin, Granted, Includes, Pull, Push, internal, open, rows},
    error::{Error, Result},
    event::Change,
    registry::{
        Caller, ContainerId, Digest, Tx, blob, container as containers, fresh_id,
        image::signed_size, scrub, usage,
    },
};

/// How many images are given their manifests at once.
const BATCH: u64 = 100;

/// Makes sure that the configuration of manifests made here is stored. Its row comes first: collection does not remove the
/// bytes once that is touched.
pub(in crate::registry) async fn ensure_config(caller: &Caller) -> Result<()> {
    let digest = Digest::of(EMPTY);
    blob::announce_row(caller, &digest, EMPTY.len() as u64).await?;
    if caller.storage().blob(&digest).await?.is_some() {
        return Ok(());
    }
    let mut writer = caller.storage().stage("empty")?;
    writer.write(Bytes::from_static(EMPTY)).await?;
    let staged = writer.finish().await?;
    caller.storage().publish(&staged, &digest).await?;
    caller
        .change(async |tx| {
            scrub::healed(tx, &digest.to_string()).await?;
            Ok(Change::none(()))
        })
        .await
}

/// The first manifest of an uploaded image; made if there is none. [`ensure_config`] comes before.
pub(in crate::registry) async fn of_image(tx: &Tx, image: &image::Model) -> Result<ManifestId> {
    let first = rows::<Pull, manifest::Entity>(tx.actor())
        .narrow(|q| {
            q.filter(manifest::Column::ImageId.eq(image.id))
                .order_by_asc(manifest::Column::Id)
                .limit(1)
        })
        .one(tx.db())
        .await?;
    if let Some(first) = first {
        return Ok(first.id);
    }
    let config = Digest::of(EMPTY).to_string();
    for digest in [&config, &image.digest] {
        if !blob::hold(tx, digest).await? {
            return Err(Error::Conflict(
                "the image was removed meanwhile; push it again".into(),
            ));
        }
        blob::link(tx, image.container_id, digest).await?;
    }
    let content = of_sif(&image.digest, image.size.unsigned_abs());
    let about = About {
        image: Some(image.id),
        arch: image.arch.clone(),
        generated: true,
        ..About::default()
    };
    Ok(insert(tx, image.container_id, &content, about).await?.id)
}

/// The index of images of several architectures under one tag.
pub(super) async fn index(
    tx: &Tx,
    container: ContainerId,
    images: &[Granted<Pull, image::Model>],
) -> Result<ManifestId> {
    let mut manifests = Vec::new();
    for image in images {
        let id = of_image(tx, image).await?;
        manifests.push(open::<Pull, manifest::Entity>(tx.db(), tx.actor(), id).await?);
    }
    let members: Vec<_> = manifests
        .iter()
        .map(|manifest| Member {
            media_type: &manifest.media_type,
            digest: &manifest.digest,
            length: manifest.length,
            arch: manifest.arch.as_deref().unwrap_or("unknown"),
        })
        .collect();
    let about = About {
        generated: true,
        ..About::default()
    };
    let made = insert(tx, container, &of_members(&members), about).await?;
    Ok(made.id)
}

/// What is known of a manifest besides its content.
#[derive(Default)]
pub(super) struct About {
    pub(super) image: Option<ImageId>,
    pub(super) arch: Option<String>,
    pub(super) config: Option<Config>,
    pub(super) generated: bool,
}

/// Adds a manifest that is made here.
async fn insert(
    tx: &Tx,
    container: ContainerId,
    content: &Bytes,
    about: About,
) -> Result<manifest::Model> {
    let document = Document::read(content, None)?;
    let digest = Digest::of(content);
    keep(tx, container, (&digest, content, &document), about).await
}

/// Adds a manifest with its parts, or finds the one that is there.
pub(super) async fn keep(
    tx: &Tx,
    container: ContainerId,
    (digest, content, document): (&Digest, &Bytes, &Document),
    about: About,
) -> Result<manifest::Model> {
    let (generated, config) = (about.generated, about.config.clone());
    let made = Made {
        id: ManifestId(fresh_id()),
        container,
        at: tx.now(),
        by: tx.actor().account().map(|account| account.id),
    };
    let row = made.row((digest, content, document), about)?;
    // One that was made here and is pushed now is its pusher's.
    let generated = match generated {
        true => Expr::col((manifest::Entity, manifest::Column::Generated)),
        false => Expr::value(false),
    };
    let there = OnConflict::columns([manifest::Column::ContainerId, manifest::Column::Digest])
        .value(manifest::Column::Generated, generated)
        .value(
            manifest::Column::ImageId,
            Expr::cust("COALESCE(manifest.image_id, excluded.image_id)"),
        )
        .value(
            manifest::Column::Arch,
            Expr::cust("COALESCE(manifest.arch, excluded.arch)"),
        )
        .to_owned();
    let before = here(tx, container, digest).await?;
    manifest::Entity::insert(row)
        .on_conflict(there)
        .exec_without_returning(tx.db())
        .await?;
    let row = here(tx, container, digest).await?;
    let row = row.ok_or(Error::NotFound("manifest"))?;
    usage::manifest_kept(tx, before.as_ref(), &row);
    keep_content(tx, row.id, content).await?;
    keep_parts(tx, row.id, document).await?;
    if let Some(config) = &config {
        config::keep(tx, row.id, config).await?;
    }
    Ok(row)
}

/// The manifest of that digest in a container, whose lock is held.
async fn here(tx: &Tx, container: ContainerId, digest: &Digest) -> Result<Option<manifest::Model>> {
    let row = rows::<Pull, manifest::Entity>(tx.actor())
        .narrow(|q| {
            q.filter(manifest::Column::ContainerId.eq(container))
                .filter(manifest::Column::Digest.eq(digest.to_string()))
        })
        .one(tx.db())
        .await?;
    Ok(row.map(Granted::into_row))
}

/// A manifest that is about to be kept: what is not in its content.
#[derive(Clone, Copy)]
pub(in crate::registry) struct Made {
    pub(in crate::registry) id: ManifestId,
    pub(in crate::registry) container: ContainerId,
    pub(in crate::registry) at: DateTime<Utc>,
    pub(in crate::registry) by: Option<UserId>,
}

/// The rows of a manifest: itself, its content, and what it names.
pub(in crate::registry) type ManifestRows = (
    manifest::ActiveModel,
    manifest_content::ActiveModel,
    Vec<manifest_part::ActiveModel>,
);

impl Made {
    /// The rows of the manifest that a SIF image gets.
    pub(in crate::registry) fn of_sif(
        self,
        image: ImageId,
        (digest, size): (&str, u64),
        arch: Option<String>,
    ) -> Result<ManifestRows> {
        let content = of_sif(digest, size);
        let document = Document::read(&content, None)?;
        let about = About {
            image: Some(image),
            arch,
            generated: true,
            ..About::default()
        };
        let row = self.row((&Digest::of(&content), &content, &document), about)?;
        let parts = parts_of(self.id, &document)?;
        Ok((row, content_of(self.id, &content), parts))
    }

    fn row(
        self,
        (digest, content, document): (&Digest, &Bytes, &Document),
        about: About,
    ) -> Result<manifest::ActiveModel> {
        Ok(manifest::ActiveModel {
            id: Set(self.id),
            container_id: Set(self.container),
            digest: Set(digest.to_string()),
            kind: Set(document.kind),
            media_type: Set(document.media_type.clone()),
            artifact_type: Set(document.artifact_type.clone()),
            subject: Set(document.subject.map(|subject| subject.to_string())),
            length: Set(i32::try_from(content.len()).map_err(anyhow::Error::from)?),
            size: Set(signed_size(document.size(content.len()))?),
            arch: Set(about.arch),
            annotations: Set(json!(document.annotations)),
            image_id: Set(about.image),
            generated: Set(about.generated),
            created_at: Set(self.at),
            created_by: Set(self.by),
        })
    }
}

fn content_of(manifest: ManifestId, content: &Bytes) -> manifest_content::ActiveModel {
    manifest_content::ActiveModel {
        manifest_id: Set(manifest),
        content: Set(content.to_vec()),
    }
}

fn parts_of(manifest: ManifestId, document: &Document) -> Result<Vec<manifest_part::ActiveModel>> {
    let part = |(position, (role, part)): (i32, &(PartRole, Descriptor))| {
        Ok(manifest_part::ActiveModel {
            manifest_id: Set(manifest),
            position: Set(position),
            role: Set(*role),
            digest: Set(part.digest.to_string()),
            media_type: Set(part.media_type.clone()),
            size: Set(signed_size(part.size)?),
            platform: Set(part.platform.clone()),
        })
    };
    (0..).zip(&document.parts).map(part).collect()
}

async fn keep_content(tx: &Tx, manifest: ManifestId, content: &Bytes) -> Result<()> {
    let row = content_of(manifest, content);
    let there = OnConflict::column(manifest_content::Column::ManifestId)
        .do_nothing()
        .to_owned();
    manifest_content::Entity::insert(row)
        .on_conflict(there)
        .try_insert()
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

async fn keep_parts(tx: &Tx, manifest: ManifestId, document: &Document) -> Result<()> {
    let parts = parts_of(manifest, document)?;
    // SQLite takes 32,766 values in one statement.
    for some in parts.chunks(1000) {
        let there = OnConflict::columns([
            manifest_part::Column::ManifestId,
            manifest_part::Column::Position,
        ])
        .do_nothing()
        .to_owned();
        manifest_part::Entity::insert_many(some.to_vec())
            .on_conflict(there)
            .try_insert()
            .exec_without_returning(tx.db())
            .await?;
    }
    Ok(())
}

/// The manifests in an index that are here, in its order, each once.
pub(super) async fn members(tx: &Tx, index: &manifest::Model) -> Result<Vec<manifest::Model>> {
    let parts = internal::<manifest_part::Entity>()
        .filter(manifest_part::Column::ManifestId.eq(index.id))
        .order_by_asc(manifest_part::Column::Position)
        .all(tx.db())
        .await?;
    let found = rows::<Pull, manifest::Entity>(tx.actor())
        .narrow(|q| {
            q.filter(manifest::Column::ContainerId.eq(index.container_id))
                .filter(manifest::Column::Digest.is_in(parts.iter().map(|part| &part.digest)))
        })
        .all(tx.db())
        .await?;
    let mut found: BTreeMap<String, manifest::Model> = found
        .into_iter()
        .map(|row| (row.digest.clone(), row.into_row()))
        .collect();
    let members = parts.iter().filter_map(|part| found.remove(&part.digest));
    Ok(members.collect())
}

/// The image of which a manifest is the only one.
pub(super) async fn image_of_last(
    tx: &Tx,
    manifest: &manifest::Model,
) -> Result<Option<image::Model>> {
    let Some(image) = manifest.image_id else {
        return Ok(None);
    };
    let another = rows::<Pull, manifest::Entity>(tx.actor())
        .narrow(|q| {
            q.filter(manifest::Column::ImageId.eq(image))
                .filter(manifest::Column::Id.ne(manifest.id))
                .limit(1)
        })
        .one(tx.db())
        .await?;
    if another.is_some() {
        return Ok(None);
    }
    let image = open::<Admin, image::Entity>(tx.db(), tx.actor(), image).await?;
    Ok(Some(image.into_row()))
}

/// The manifests of an image in its container.
pub(in crate::registry) async fn all_of_image(
    tx: &Tx,
    image: &image::Model,
) -> Result<Vec<manifest::Model>> {
    let rows = rows::<Pull, manifest::Entity>(tx.actor())
        .narrow(|q| {
            q.filter(manifest::Column::ImageId.eq(image.id))
                .filter(manifest::Column::ContainerId.eq(image.container_id))
                .order_by_asc(manifest::Column::Id)
        })
        .all(tx.db())
        .await?;
    Ok(rows.into_iter().map(Granted::into_row).collect())
}

/// Deletes an image with its manifests, and makes the names that it had mean what is left.
pub(in crate::registry) async fn delete_image(
    tx: &Tx,
    container: &Granted<impl Includes<Push>, container::Model>,
    image: image::Model,
) -> Result<()> {
    let names = names_of(tx, image.id).await?;
    if image.blob.is_some() {
        usage::image_removed(tx, &image);
    }
    let blob = image.blob.clone();
    image.delete(tx.db()).await?;
    if let Some(blob) = blob {
        blob::release(tx, container.id, &blob).await?;
    }
    follow_made(tx, container, names).await
}

/// The names that the library has for an image.
pub(in crate::registry) async fn names_of(tx: &Tx, image: ImageId) -> Result<Vec<String>> {
    let names = rows::<Pull, tag::Entity>(tx.actor())
        .into_select()
        .filter(tag::Column::ImageId.eq(image))
        .select_only()
        .column(tag::Column::Name)
        .distinct();
    Ok(names.into_tuple().all(tx.db()).await?)
}

/// Makes names mean what is left to the library. A tag goes on naming the index that somebody pushed, with what is left of it:
/// its digest is theirs.
pub(in crate::registry) async fn follow_made(
    tx: &Tx,
    container: &Granted<impl Includes<Push>, container::Model>,
    names: Vec<String>,
) -> Result<()> {
    let pushed = tags::of_pushed(tx, container.id, &names).await?;
    for name in names.iter().filter(|name| !pushed.contains(*name)) {
        tags::follow(tx, container, name).await?;
    }
    Ok(())
}

/// Gives manifests to images that were pushed before there were any, and names to those manifests; tells how many.
///
/// # Errors
/// Those of database and storage.
pub async fn backfill(caller: &Caller) -> Result<u64> {
    let (mut done, mut last) = (0, ImageId(0));
    loop {
        let without = Query::select()
            .expr(Expr::val(1))
            .from(manifest::Entity)
            .and_where(
                Expr::col((manifest::Entity, manifest::Column::ImageId))
                    .equals((image::Entity, image::Column::Id)),
            )
            .to_owned();
        let images = rows::<Pull, image::Entity>(caller.actor())
            .narrow(|q| {
                q.filter(image::Column::Blob.is_not_null())
                    .filter(image::Column::Id.gt(last))
                    .filter(Expr::not_exists(without))
                    .order_by_asc(image::Column::Id)
                    .limit(BATCH)
            })
            .all(caller.db())
            .await?;
        if images.is_empty() {
            return Ok(done);
        }
        ensure_config(caller).await?;
        for image in &images {
            backfill_one(caller, image).await?;
            (done, last) = (done + 1, image.id);
        }
    }
}

async fn backfill_one(caller: &Caller, image: &image::Model) -> Result<()> {
    caller
        .change(async |tx| {
            let container =
                open::<Push, container::Entity>(tx.db(), tx.actor(), image.container_id).await?;
            containers::lock(tx, container.id).await?;
            of_image(tx, image).await?;
            let tags = rows::<Pull, tag::Entity>(tx.actor())
                .narrow(|q| q.filter(tag::Column::ImageId.eq(image.id)))
                .all(tx.db())
                .await?;
            for tag in tags {
                tags::follow(tx, &container, &tag.name).await?;
            }
            Ok(Change::none(()))
        })
        .await
}
