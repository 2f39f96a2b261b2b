//! Tags: names that point at images of the same container, one image for each architecture.
use std::collections::{BTreeMap, HashMap};

use entity::{
    container,
    id::{ContainerId, ImageId, TagId},
    image, tag,
};
use sea_orm::{
    ColumnTrait, EntityTrait, ModelTrait, QueryFilter, QueryOrder, Select, Set,
    sea_query::OnConflict,
};
use serde_json::json;

use super::{
    Caller, Tx, below, container as containers, fresh_id, manifest,
    page::{Page, PageArgs, Sort, page},
    path::TagName,
};
use crate::{
    access::{Granted, Includes, Pull, Push, open, open_where, rows},
    error::{Error, Result},
    event::Event,
    sif::Arch,
};

mod history;
mod watch;

pub use history::{ByMove, Moves, TagMove, history, history_count};
pub(in crate::registry) use watch::Watch;

/// The most tags that are set at once.
pub const TAGS_MAX: usize = 50;

/// A tag that the caller may see.
pub type Tag = Granted<Pull, tag::Model>;

/// The orders of a list of tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TagSort {
    /// By name.
    #[default]
    Name,
    /// By the time of creation.
    Created,
}

impl Sort<tag::Entity> for TagSort {
    fn column(self) -> Option<tag::Column> {
        (self == Self::Name).then_some(tag::Column::Name)
    }
    fn key(self, row: &tag::Model) -> String {
        row.name.clone()
    }
    fn id(row: &tag::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> tag::Column {
        tag::Column::Id
    }
}

/// The tags of a container.
pub async fn list(
    caller: &Caller,
    container: ContainerId,
    args: &PageArgs<TagSort>,
) -> Result<Page<Tag>> {
    let rows = rows::<Pull, tag::Entity>(caller.actor())
        .narrow(|q| q.filter(tag::Column::ContainerId.eq(container)));
    page(caller, rows, container, args).await
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(caller: &Caller, ids: &[TagId]) -> Result<HashMap<TagId, Tag>> {
    let rows = rows::<Pull, tag::Entity>(caller.actor())
        .narrow(|q| q.filter(tag::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The tags of images, in the order of their names. One statement.
pub async fn of_images(caller: &Caller, images: &[ImageId]) -> Result<HashMap<ImageId, Vec<Tag>>> {
    let rows = rows::<Pull, tag::Entity>(caller.actor())
        .narrow(|q| {
            q.filter(tag::Column::ImageId.is_in(images.iter().copied()))
                .order_by_asc(tag::Column::Name)
        })
        .all(caller.db())
        .await?;
    let mut tags: HashMap<ImageId, Vec<Tag>> = HashMap::new();
    for row in rows {
        tags.entry(row.image_id).or_default().push(row);
    }
    Ok(tags)
}

/// The first tags of each image, up to `most`, in the order of their names. One statement.
pub async fn first_of_images(
    caller: &Caller,
    images: &[ImageId],
    most: u64,
) -> Result<HashMap<ImageId, Vec<Tag>>> {
    let lists: Vec<_> = images.iter().copied().map(below::ImageTags).collect();
    let args = PageArgs {
        limit: most,
        ..PageArgs::default()
    };
    let pages = below::pages(caller, &lists, &args).await?.into_iter();
    let tags = |page: Page<Tag>| page.items.into_iter().map(|(_, tag)| tag).collect();
    Ok(pages.map(|(id, page)| (ImageId(id), tags(page))).collect())
}

/// All tags of a container: architecture → name → image.
///
/// # Errors
/// [`Error::NotFound`] when there is no such container, or none that the caller may see.
pub async fn map(
    caller: &Caller,
    container: ContainerId,
) -> Result<BTreeMap<String, BTreeMap<String, ImageId>>> {
    open::<Pull, container::Entity>(caller.db(), caller.actor(), container).await?;
    let rows = rows::<Pull, tag::Entity>(caller.actor())
        .narrow(|q| q.filter(tag::Column::ContainerId.eq(container)))
        .all(caller.db())
        .await?;
    let mut map: BTreeMap<String, BTreeMap<String, ImageId>> = BTreeMap::new();
    for tag in rows {
        map.entry(tag.arch.clone())
            .or_default()
            .insert(tag.name.clone(), tag.image_id);
    }
    Ok(map)
}

/// Points a tag at an uploaded image of the same container; a tag that is there moves.
///
/// The architecture is that of the image. `arch` is what the client believes, and counts only where the image does
/// not tell.
///
/// # Errors
/// [`Error::Invalid`] when `arch` contradicts the image; [`Error::Conflict`] when the image is not uploaded, the tag is
/// immutable or the container frozen; [`Error::NotFound`] when the image is not in the container; those of [`open`] for the
/// container.
pub async fn set(
    caller: &Caller,
    container: ContainerId,
    name: &TagName,
    arch: Option<&str>,
    image: ImageId,
) -> Result<Tag> {
    let names = std::slice::from_ref(name);
    let set = set_all(caller, container, names, (arch, image)).await?;
    set.into_iter().next().ok_or(Error::NotFound("tag"))
}

/// Points several tags at one image, all or none.
///
/// # Errors
/// [`Error::Invalid`] for no name, or more than [`TAGS_MAX`]; those of [`set`].
pub async fn set_all(
    caller: &Caller,
    container: ContainerId,
    names: &[TagName],
    (arch, image): (Option<&str>, ImageId),
) -> Result<Vec<Tag>> {
    check_number(names)?;
    if names.is_empty() {
        return Err(Error::invalid("names", "name a tag at least"));
    }
    caller
        .change(async |tx| {
            let container = open::<Push, container::Entity>(tx.db(), tx.actor(), container).await?;
            containers::lock(tx, container.id).await?;
            let image = open_where::<Push, image::Entity>(tx.db(), tx.actor(), |q| {
                q.filter(image::Column::Id.eq(image))
                    .filter(image::Column::ContainerId.eq(container.id))
            })
            .await?;
            let watch = Watch::begin(tx, &container, names.iter().map(TagName::as_str)).await?;
            let set = point_all(tx, &container, &image, (names, arch)).await?;
            watch.end(tx, &container).await?;
            let path = containers::path(tx, &container).await?;
            let (tag, before) = &set[0];
            let all: Vec<_> = names.iter().map(TagName::as_str).collect();
            let details = json!({"tag": tag.name, "tags": all, "arch": tag.arch,
                "image": image.id.to_string(), "digest": image.digest,
                "was": before.map(|id| id.to_string())});
            Ok(Event::new("tag.set", path, tag.id)
                .details(details)
                .with(set.into_iter().map(|(tag, _)| tag).collect()))
        })
        .await
}

/// # Errors
/// [`Error::Invalid`] for more than [`TAGS_MAX`].
pub(in crate::registry) fn check_number(names: &[TagName]) -> Result<()> {
    if names.len() > TAGS_MAX {
        let why = format!("{TAGS_MAX} tags at most are set at once");
        return Err(Error::invalid("names", why));
    }
    Ok(())
}

/// Points tags at an image, and tells where each was.
pub(in crate::registry) async fn point_all(
    tx: &Tx,
    container: &Granted<impl Includes<Push>, container::Model>,
    image: &Granted<impl Includes<Push>, image::Model>,
    (names, arch): (&[TagName], Option<&str>),
) -> Result<Vec<(Tag, Option<ImageId>)>> {
    let arch = agree(image, arch)?;
    let mut set = Vec::new();
    for name in names {
        set.push(point(tx, container, image, name, &arch).await?);
        manifest::follow(tx, container, name.as_str()).await?;
    }
    Ok(set)
}

/// The architecture of a tag on `image`, if the client believes in `arch`.
fn agree(image: &image::Model, arch: Option<&str>) -> Result<String> {
    if image.blob.is_none() {
        return Err(Error::Conflict(
            "the image is not uploaded yet; push it again, then tag it".into(),
        ));
    }
    match (&image.arch, arch.filter(|arch| !arch.is_empty())) {
        (Some(real), Some(believed)) if real != believed => Err(Error::invalid(
            "arch",
            format!(
                "the image was built for {real}, not {believed}; leave the architecture out, or push an image for {believed}"
            ),
        )),
        (Some(real), _) => Ok(real.clone()),
        (None, Some(believed)) => {
            let known = believed
                .parse::<Arch>()
                .map_err(|error| Error::invalid("arch", error.to_string()))?;
            Ok(known.to_string())
        }
        (None, None) => Ok(String::new()),
    }
}

/// Inserts or moves, in one statement, so that pushes of one tag at once leave it at one of their images.
async fn point(
    tx: &Tx,
    container: &Granted<impl Includes<Push>, container::Model>,
    image: &Granted<impl Includes<Push>, image::Model>,
    name: &TagName,
    arch: &str,
) -> Result<(Tag, Option<ImageId>)> {
    let key = |q: sea_orm::Select<tag::Entity>| {
        q.filter(tag::Column::ContainerId.eq(container.id))
            .filter(tag::Column::Arch.eq(arch))
            .filter(tag::Column::Name.eq(name.as_str()))
    };
    let before = rows::<Pull, tag::Entity>(tx.actor())
        .narrow(key)
        .one(tx.db())
        .await?;
    let row = tag::ActiveModel {
        id: Set(TagId(fresh_id())),
        container_id: Set(container.id),
        arch: Set(arch.to_owned()),
        name: Set(name.to_string()),
        image_id: Set(image.id),
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
    let after = open_where(tx.db(), tx.actor(), key).await?;
    Ok((after, before.map(|tag| tag.image_id)))
}

/// Removes a tag; the image stays.
///
/// # Errors
/// [`Error::Conflict`] when it is immutable or its container frozen; those of [`open`].
pub async fn delete(caller: &Caller, id: TagId) -> Result<()> {
    caller
        .change(async |tx| {
            let tag = open::<Push, tag::Entity>(tx.db(), tx.actor(), id).await?;
            let container =
                open::<Push, container::Entity>(tx.db(), tx.actor(), tag.container_id).await?;
            containers::lock(tx, container.id).await?;
            let path = containers::path(tx, &container).await?;
            let details =
                json!({"tag": tag.name, "arch": tag.arch, "image": tag.image_id.to_string()});
            let name = tag.name.clone();
            let watch = Watch::begin(tx, &container, [&name]).await?;
            tag.into_row().delete(tx.db()).await?;
            manifest::follow(tx, &container, &name).await?;
            watch.end(tx, &container).await?;
            Ok(Event::new("tag.delete", path, id).details(details).with(()))
        })
        .await
}

/// The tag of that name and architecture.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see.
pub async fn find(
    caller: &Caller,
    container: ContainerId,
    name: &TagName,
    arch: &str,
) -> Result<Tag> {
    open_where(caller.db(), caller.actor(), |q: Select<tag::Entity>| {
        q.filter(tag::Column::ContainerId.eq(container))
            .filter(tag::Column::Name.eq(name.as_str()))
            .filter(tag::Column::Arch.eq(arch))
    })
    .await
}
