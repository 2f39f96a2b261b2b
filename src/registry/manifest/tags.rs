//! What names mean: to OCI clients one manifest, to the library one image for each architecture.
use std::collections::{BTreeMap, BTreeSet};

use entity::{container, id::ManifestId, image, manifest, manifest_tag, tag};
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait, Set,
    sea_query::OnConflict,
};
use serde_json::json;

use super::{Manifest, generate, named};
use crate::{
    access::{Granted, Includes, Pull, Push, open, rows},
    error::{Error, Result},
    event::Event,
    registry::{
        Caller, ContainerId, ImageId, ManifestKind, TagId, Tx, container as containers, fresh_id,
        path::{ContainerPath, TagName},
        tag::Watch,
    },
    sif::Arch,
};

/// The names of manifests.
pub(super) async fn of(tx: &Tx, manifests: &[ManifestId]) -> Result<Vec<String>> {
    let names = rows::<Pull, manifest_tag::Entity>(tx.actor())
        .into_select()
        .filter(manifest_tag::Column::ManifestId.is_in(manifests.iter().copied()))
        .order_by_asc(manifest_tag::Column::Name)
        .select_only()
        .column(manifest_tag::Column::Name);
    Ok(names.into_tuple().all(tx.db()).await?)
}

/// Those of `names` that point at manifests that were pushed.
pub(super) async fn of_pushed(
    tx: &Tx,
    container: ContainerId,
    names: &[String],
) -> Result<BTreeSet<String>> {
    let pushed = rows::<Pull, manifest_tag::Entity>(tx.actor())
        .into_select()
        .join(JoinType::InnerJoin, manifest_tag::Relation::Manifest.def())
        .filter(manifest_tag::Column::ContainerId.eq(container))
        .filter(manifest_tag::Column::Name.is_in(names))
        .filter(manifest::Column::Generated.eq(false))
        .select_only()
        .column(manifest_tag::Column::Name);
    let pushed: Vec<String> = pushed.into_tuple().all(tx.db()).await?;
    Ok(pushed.into_iter().collect())
}

/// The names by which images are known, or manifests that describe them.
pub(in crate::registry) async fn of_image(tx: &Tx, image: ImageId) -> Result<Vec<String>> {
    let names = rows::<Pull, tag::Entity>(tx.actor())
        .into_select()
        .filter(tag::Column::ImageId.eq(image))
        .select_only()
        .column(tag::Column::Name);
    let mut names: Vec<String> = names.into_tuple().all(tx.db()).await?;
    let manifests = rows::<Pull, manifest_tag::Entity>(tx.actor())
        .into_select()
        .join(JoinType::InnerJoin, manifest_tag::Relation::Manifest.def())
        .filter(manifest::Column::ImageId.eq(image))
        .select_only()
        .column(manifest_tag::Column::Name);
    names.extend(manifests.into_tuple::<String>().all(tx.db()).await?);
    Ok(names)
}

/// Points a name at a manifest for OCI clients, and for the library at the images that it describes.
pub(in crate::registry) async fn lead(
    tx: &Tx,
    container: &Granted<impl Includes<Push>, container::Model>,
    name: &str,
    manifest: &manifest::Model,
) -> Result<()> {
    point(tx, container.id, name, manifest.id).await?;
    let images = images(tx, manifest).await?;
    tag::Entity::delete_many()
        .filter(tag::Column::ContainerId.eq(container.id))
        .filter(tag::Column::Name.eq(name))
        .filter(tag::Column::Arch.is_not_in(images.keys()))
        .exec(tx.db())
        .await?;
    for (arch, image) in images {
        lead_one(tx, container.id, (name, arch), image).await?;
    }
    Ok(())
}

/// Points a name at an image for one architecture.
pub(in crate::registry) async fn lead_one(
    tx: &Tx,
    container: ContainerId,
    (name, arch): (&str, String),
    image: ImageId,
) -> Result<()> {
    let row = tag::ActiveModel {
        id: Set(TagId(fresh_id())),
        container_id: Set(container),
        arch: Set(arch),
        name: Set(name.to_owned()),
        image_id: Set(image),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        updated_by: Set(tx.actor().account().map(|account| account.id)),
    };
    let moves = OnConflict::columns([
        tag::Column::ContainerId,
        tag::Column::Arch,
        tag::Column::Name,
    ])
    .update_columns([
        tag::Column::ImageId,
        tag::Column::UpdatedAt,
        tag::Column::UpdatedBy,
    ])
    .to_owned();
    tag::Entity::insert(row)
        .on_conflict(moves)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// The SIF images that a manifest describes, by architecture: its own, or those of an index that has nothing else. Of two for
/// one architecture the library can show one, the first.
async fn images(tx: &Tx, manifest: &manifest::Model) -> Result<BTreeMap<String, ImageId>> {
    let arch = |row: &manifest::Model| row.arch.clone().unwrap_or_default();
    if let Some(image) = manifest.image_id {
        return Ok(BTreeMap::from([(arch(manifest), image)]));
    }
    if manifest.kind != ManifestKind::Index {
        return Ok(BTreeMap::new());
    }
    let parts = generate::members(tx, manifest).await?;
    let images = parts.iter().rev();
    let images = images.map(|row| Some((arch(row), row.image_id?)));
    Ok(images.collect::<Option<_>>().unwrap_or_default())
}

/// Makes a name mean to OCI clients what it means to the library now: an image, an index of several, or nothing.
pub(in crate::registry) async fn follow(
    tx: &Tx,
    container: &Granted<impl Includes<Push>, container::Model>,
    name: &str,
) -> Result<()> {
    let images = rows::<Pull, image::Entity>(tx.actor())
        .narrow(|q| {
            q.join(JoinType::InnerJoin, tag::Relation::Image.def().rev())
                .filter(tag::Column::ContainerId.eq(container.id))
                .filter(tag::Column::Name.eq(name))
                .order_by_asc(tag::Column::Arch)
        })
        .all(tx.db())
        .await?;
    let manifest = match &images[..] {
        [] => {
            manifest_tag::Entity::delete_many()
                .filter(manifest_tag::Column::ContainerId.eq(container.id))
                .filter(manifest_tag::Column::Name.eq(name))
                .exec(tx.db())
                .await?;
            return Ok(());
        }
        [only] => generate::of_image(tx, only).await?,
        several => generate::index(tx, container.id, several).await?,
    };
    point(tx, container.id, name, manifest).await
}

async fn point(tx: &Tx, container: ContainerId, name: &str, manifest: ManifestId) -> Result<()> {
    let row = manifest_tag::ActiveModel {
        container_id: Set(container),
        name: Set(name.to_owned()),
        manifest_id: Set(manifest),
        updated_at: Set(tx.now()),
        updated_by: Set(tx.actor().account().map(|account| account.id)),
    };
    let moves = OnConflict::columns([
        manifest_tag::Column::ContainerId,
        manifest_tag::Column::Name,
    ])
    .update_columns([
        manifest_tag::Column::ManifestId,
        manifest_tag::Column::UpdatedAt,
        manifest_tag::Column::UpdatedBy,
    ])
    .to_owned();
    manifest_tag::Entity::insert(row)
        .on_conflict(moves)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Takes names from OCI clients and from the library.
pub(in crate::registry) async fn forget(
    tx: &Tx,
    container: &Granted<impl Includes<Push>, container::Model>,
    names: &[String],
) -> Result<()> {
    manifest_tag::Entity::delete_many()
        .filter(manifest_tag::Column::ContainerId.eq(container.id))
        .filter(manifest_tag::Column::Name.is_in(names))
        .exec(tx.db())
        .await?;
    forget_images(tx, container.id, names).await
}

async fn forget_images(tx: &Tx, container: ContainerId, names: &[String]) -> Result<()> {
    tag::Entity::delete_many()
        .filter(tag::Column::ContainerId.eq(container))
        .filter(tag::Column::Name.is_in(names))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Takes all its names from an image in the library.
pub(in crate::registry) async fn forget_image(tx: &Tx, image: ImageId) -> Result<()> {
    tag::Entity::delete_many()
        .filter(tag::Column::ImageId.eq(image))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Removes a tag; what it names stays.
pub(super) async fn delete(caller: &Caller, path: &ContainerPath, name: &TagName) -> Result<()> {
    let container = containers::at::<Push>(caller, path).await?.id;
    caller
        .change(async |tx| {
            let container = open::<Push, container::Entity>(tx.db(), tx.actor(), container).await?;
            containers::lock(tx, container.id).await?;
            let there = rows::<Pull, manifest_tag::Entity>(tx.actor())
                .narrow(|q| {
                    q.filter(manifest_tag::Column::ContainerId.eq(container.id))
                        .filter(manifest_tag::Column::Name.eq(name.as_str()))
                })
                .one(tx.db())
                .await?
                .ok_or(Error::NotFound("manifest"))?;
            let watch = Watch::begin(tx, &container, [name.as_str()]).await?;
            forget(tx, &container, &[name.to_string()]).await?;
            watch.end(tx, &container).await?;
            let path = containers::path(tx, &container).await?;
            Ok(Event::new("tag.delete", path, there.manifest_id)
                .details(json!({"tag": name.as_str()}))
                .with(()))
        })
        .await
}

/// What `<tag>-<arch>` names where the tag itself names an index.
pub(super) async fn by_arch(
    caller: &Caller,
    path: &ContainerPath,
    name: &TagName,
) -> Result<Option<Manifest>> {
    let Some((name, arch)) = name.as_str().rsplit_once('-') else {
        return Ok(None);
    };
    if arch.parse::<Arch>().is_err() {
        return Ok(None);
    }
    rows::<Pull, manifest::Entity>(caller.actor())
        .narrow(|q| {
            let joined = q
                .join(JoinType::InnerJoin, manifest::Relation::Container.def())
                .join(JoinType::InnerJoin, manifest::Relation::Image.def())
                .join(JoinType::InnerJoin, tag::Relation::Image.def().rev());
            named(joined, path)
                .filter(tag::Column::Name.eq(name))
                .filter(tag::Column::Arch.eq(arch))
                .order_by_asc(manifest::Column::Id)
                .limit(1)
        })
        .one(caller.db())
        .await
}
