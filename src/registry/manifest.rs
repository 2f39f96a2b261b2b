//! Manifests: documents that say which blobs are an image, and names for them, as OCI clients know them.
//!
//! A SIF image that came through the library has a manifest, too, which is made here; one that comes as a manifest is an
//! image. `manifest_tag` holds what a name means to OCI clients, `tag` what it means, by architecture, to the library;
//! `tags` keeps the two in step.
use std::collections::HashMap;

use bytes::Bytes;
use entity::{
    collection, container, image, manifest, manifest_content, manifest_part, manifest_tag,
    namespace,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, FromQueryResult, JoinType, ModelTrait, Order, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, RelationTrait, Select,
    sea_query::{Expr, ExprTrait, Func, Query, WindowStatement},
};
use serde_json::{Value, json};

use super::{
    Caller, Digest, ManifestId, PartRole, Tx, container as containers,
    database::bytewise,
    page::Sort,
    path::{ContainerPath, Reference, plain},
    redirect,
    tag::Watch,
    trash::{self, Content, Kept},
    usage,
};
use crate::{
    access::{Admin, Granted, Includes, Pull, Push, internal, open, open_where, rows},
    error::{Error, Result},
    event::Event,
};

pub mod config;
mod document;
mod generate;
mod outdated;
mod put;
mod tags;
mod write;

pub use document::kind_of;
pub use generate::backfill;
pub(in crate::registry) use generate::{
    Made, all_of_image, delete_image, ensure_config, follow_made, names_of, of_image,
};
pub(in crate::registry) use outdated::delete_outdated;
pub use put::{CONTENT_MAX, NewManifest, put};
pub(in crate::registry) use tags::{
    follow, forget, forget_image, lead, lead_one, of_image as names_of_image,
};
pub(in crate::registry) use write::EMPTY;

/// A manifest that the caller may see.
pub type Manifest = Granted<Pull, manifest::Model>;

/// The longest text that a list is narrowed by, in bytes.
const LAST_MAX: usize = 1024;
/// The most names that one answer lists.
pub const NAMES_MAX: u64 = 1000;
/// The most referrers that one answer lists; each may come with 64 KiB of annotations.
pub const REFERRERS_MAX: u64 = 64;

/// The manifest that `reference` names in the container that is or was at `path`. One statement.
///
/// A tag of several architectures followed by `-` and one of them names the image of that architecture, for clients that
/// cannot choose from an index.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see.
pub async fn find(
    caller: &Caller,
    path: &ContainerPath,
    reference: &Reference,
) -> Result<Manifest> {
    let found = find_here(caller, path, reference).await;
    match redirect::after(caller, path, &found).await? {
        Some(now) => find_here(caller, &now, reference).await,
        None => found,
    }
}

async fn find_here(
    caller: &Caller,
    path: &ContainerPath,
    reference: &Reference,
) -> Result<Manifest> {
    let found = open_where(caller.db(), caller.actor(), |q| at(q, path, reference)).await;
    match (found, reference) {
        (Err(Error::NotFound(noun)), Reference::Tag(name)) => {
            let alias = tags::by_arch(caller, path, name).await?;
            alias.ok_or(Error::NotFound(noun))
        }
        (found, _) => found,
    }
}

fn at(
    select: Select<manifest::Entity>,
    path: &ContainerPath,
    reference: &Reference,
) -> Select<manifest::Entity> {
    let in_container = named(
        select.join(JoinType::InnerJoin, manifest::Relation::Container.def()),
        path,
    );
    match reference {
        Reference::Digest(digest) => {
            in_container.filter(manifest::Column::Digest.eq(digest.to_string()))
        }
        Reference::Tag(name) => in_container
            .join(
                JoinType::InnerJoin,
                manifest_tag::Relation::Manifest.def().rev(),
            )
            .filter(manifest_tag::Column::Name.eq(name.as_str())),
    }
}

/// What is in the container at `path`, for a selection that has joined containers.
fn named<E: sea_orm::EntityTrait>(select: Select<E>, path: &ContainerPath) -> Select<E> {
    select
        .join(JoinType::InnerJoin, container::Relation::Collection.def())
        .join(JoinType::InnerJoin, collection::Relation::Namespace.def())
        .filter(namespace::Column::Name.eq(path.namespace.as_str()))
        .filter(collection::Column::Name.eq(path.collection.as_str()))
        .filter(container::Column::Name.eq(path.container.as_str()))
}

/// A manifest's bytes, as they were pushed.
///
/// # Errors
/// [`Error::NotFound`] when it was deleted meanwhile.
pub async fn content(caller: &Caller, manifest: &Manifest) -> Result<Bytes> {
    let row = internal::<manifest_content::Entity>()
        .filter(manifest_content::Column::ManifestId.eq(manifest.id))
        .one(caller.db())
        .await?;
    row.map(|row| row.content.into())
        .ok_or(Error::NotFound("manifest"))
}

/// The order of a list of manifests: as they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByPush;

impl Sort<manifest::Entity> for ByPush {
    fn column(self) -> Option<manifest::Column> {
        None
    }
    fn key(self, _: &manifest::Model) -> String {
        String::new()
    }
    fn id(row: &manifest::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> manifest::Column {
        manifest::Column::Id
    }
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(caller: &Caller, ids: &[ManifestId]) -> Result<HashMap<ManifestId, Manifest>> {
    let rows = rows::<Pull, manifest::Entity>(caller.actor())
        .narrow(|q| q.filter(manifest::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// What a manifest names: a blob, or another manifest.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is to the manifest.
    pub role: PartRole,
    /// Its digest.
    pub digest: String,
    /// What the manifest says that it is.
    pub media_type: String,
    /// In bytes, as the manifest says.
    pub size: u64,
    /// Of a manifest in an index: an object as the OCI image-spec has it.
    pub platform: Option<Value>,
}

/// The most parts of one manifest that are told.
pub const PARTS_MAX: i32 = 100;

/// The first parts of manifests that the caller holds, in their order, up to [`PARTS_MAX`] each. One statement.
pub async fn parts(
    caller: &Caller,
    manifests: &[ManifestId],
) -> Result<HashMap<ManifestId, Vec<Part>>> {
    let rows = internal::<manifest_part::Entity>()
        .filter(manifest_part::Column::ManifestId.is_in(manifests.iter().copied()))
        .filter(manifest_part::Column::Position.lt(PARTS_MAX))
        .order_by_asc(manifest_part::Column::Position)
        .all(caller.db())
        .await?;
    let mut parts: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        parts.entry(row.manifest_id).or_default().push(Part {
            role: row.role,
            digest: row.digest,
            media_type: row.media_type,
            size: row.size.unsigned_abs(),
            platform: row.platform,
        });
    }
    Ok(parts)
}

/// The most names of one manifest that are told.
pub const TAG_NAMES_MAX: i64 = 100;

/// The first names that point at manifests, for OCI clients, up to [`TAG_NAMES_MAX`] each. One statement.
pub async fn names(
    caller: &Caller,
    manifests: &[ManifestId],
) -> Result<HashMap<ManifestId, Vec<String>>> {
    let mut window =
        WindowStatement::partition_by(manifest_tag::Column::ManifestId.as_column_ref());
    window.order_by(manifest_tag::Column::Name.as_column_ref(), Order::Asc);
    let mut numbered = rows::<Pull, manifest_tag::Entity>(caller.actor())
        .into_select()
        .filter(manifest_tag::Column::ManifestId.is_in(manifests.iter().copied()))
        .select_only()
        .column(manifest_tag::Column::ManifestId)
        .column(manifest_tag::Column::Name)
        .into_query();
    numbered.expr_window_as(Func::cust("ROW_NUMBER"), window, "place");
    let first = Query::select()
        .columns(["manifest_id", "name"])
        .from_subquery(numbered, "numbered")
        .and_where(Expr::col("place").lte(TAG_NAMES_MAX))
        .order_by("name", Order::Asc)
        .to_owned();
    let mut names: HashMap<_, Vec<_>> = HashMap::new();
    for row in caller.db().query_all(&first).await? {
        let manifest: ManifestId = row.try_get_by_index(0)?;
        names
            .entry(manifest)
            .or_default()
            .push(row.try_get_by_index(1)?);
    }
    Ok(names)
}

/// Deletes what `reference` names: a tag alone, or a manifest with its tags, and the SIF image of which it was the last; into
/// the trash, if there is one.
///
/// # Errors
/// [`Error::NotFound`] when there is none; those of [`open`].
pub async fn delete(caller: &Caller, path: &ContainerPath, reference: &Reference) -> Result<()> {
    match reference {
        Reference::Tag(name) => tags::delete(caller, path, name).await,
        Reference::Digest(_) => delete_manifest(caller, path, reference).await,
    }
}

async fn delete_manifest(
    caller: &Caller,
    path: &ContainerPath,
    reference: &Reference,
) -> Result<()> {
    caller
        .change(async |tx| {
            let manifest = open_where::<Admin, manifest::Entity>(tx.db(), tx.actor(), |q| {
                at(q, path, reference)
            })
            .await?;
            let container =
                open::<Push, container::Entity>(tx.db(), tx.actor(), manifest.container_id).await?;
            containers::lock(tx, container.id).await?;
            // Somebody else may have deleted it before it was locked.
            let manifest =
                open::<Admin, manifest::Entity>(tx.db(), tx.actor(), manifest.id).await?;
            let names = tags::of(tx, &[manifest.id]).await?;
            let path = containers::path(tx, &container).await?;
            let id = manifest.id;
            let of_image = match manifest.image_id {
                Some(image) => tags::of_image(tx, image).await?,
                None => Vec::new(),
            };
            let watch = Watch::begin(tx, &container, names.iter().cloned().chain(of_image)).await?;
            let purge_at = trash::purge_at(caller, tx);
            let details = json!({"digest": manifest.digest, "tags": names, "purge_at": purge_at});
            let image = generate::image_of_last(tx, &manifest).await?;
            let manifest = manifest.into_row();
            match purge_at {
                Some(purge_at) => {
                    let kept = Kept {
                        path: &path,
                        reason: "",
                        purge_at,
                    };
                    let content = Content {
                        image,
                        manifests: vec![manifest],
                    };
                    trash::put_content(tx, &container, content, &kept).await?;
                }
                None => remove(tx, &container, (manifest, image), &names).await?,
            }
            watch.end(tx, &container).await?;
            Ok(Event::new("manifest.delete", path, id)
                .details(details)
                .with(()))
        })
        .await
}

/// Deletes a manifest for good, with its names and the image of which it is the last.
async fn remove(
    tx: &Tx,
    container: &Granted<impl Includes<Push>, container::Model>,
    (manifest, image): (manifest::Model, Option<image::Model>),
    names: &[String],
) -> Result<()> {
    usage::manifest_removed(tx, &manifest);
    let described = manifest.image_id;
    manifest.delete(tx.db()).await?;
    tags::forget(tx, container, names).await?;
    match (image, described) {
        (Some(image), _) => generate::delete_image(tx, container, image).await,
        // What was made for its names names the manifest that is left from now on.
        (None, Some(image)) => follow_made(tx, container, names_of(tx, image).await?).await,
        (None, None) => Ok(()),
    }
}

/// A manifest that is about another.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Referrer {
    /// Its id, by which the list goes on.
    pub id: ManifestId,
    /// Its digest.
    pub digest: String,
    /// Its media type.
    pub media_type: String,
    /// The length of its content, in bytes.
    pub length: i32,
    /// What it is, if it tells.
    pub artifact_type: Option<String>,
    /// A JSON object of texts.
    pub annotations: Value,
}

/// Which referrers are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Referring<'a> {
    /// What they are about.
    pub subject: &'a Digest,
    /// Those of this type only.
    pub artifact_type: Option<&'a str>,
    /// Those behind this one only.
    pub last: Option<ManifestId>,
}

/// The manifests about something in the container that is or was at `path`, in the order they came, up to [`REFERRERS_MAX`]; none where
/// nothing may be seen.
///
/// # Errors
/// [`Error::Invalid`] for a type that is no text of one.
pub async fn referrers(
    caller: &Caller,
    path: &ContainerPath,
    wanted: Referring<'_>,
) -> Result<Vec<Referrer>> {
    let kind = wanted.artifact_type;
    plain("artifactType", kind.unwrap_or_default(), LAST_MAX)?;
    let found = referring(caller, path, wanted).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    match redirect::moved(caller, path).await? {
        Some(now) => referring(caller, &now, wanted).await,
        None => Ok(found),
    }
}

async fn referring(
    caller: &Caller,
    path: &ContainerPath,
    wanted: Referring<'_>,
) -> Result<Vec<Referrer>> {
    let about = rows::<Pull, manifest::Entity>(caller.actor())
        .narrow(|q| {
            let joined = q.join(JoinType::InnerJoin, manifest::Relation::Container.def());
            named(joined, path)
                .filter(manifest::Column::Subject.eq(wanted.subject.to_string()))
                .filter(manifest::Column::Id.gt(wanted.last.unwrap_or(ManifestId(0))))
        })
        .into_select();
    let about = match wanted.artifact_type {
        Some(kind) => about.filter(manifest::Column::ArtifactType.eq(kind)),
        None => about,
    };
    Ok(about
        .order_by_asc(manifest::Column::Id)
        .limit(REFERRERS_MAX)
        .select_only()
        .columns([
            manifest::Column::Id,
            manifest::Column::Digest,
            manifest::Column::MediaType,
            manifest::Column::ArtifactType,
            manifest::Column::Annotations,
            manifest::Column::Length,
        ])
        .into_model()
        .all(caller.db())
        .await?)
}

/// Some names of a longer list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// In the order of their characters.
    pub names: Vec<String>,
    /// Whether more follow.
    pub more: bool,
}

impl Names {
    /// Cuts a list that was asked for one name more than wanted.
    fn cut(mut names: Vec<String>, wanted: u64) -> Self {
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let more = names.len() > wanted;
        names.truncate(wanted);
        Self { names, more }
    }
}

/// How many names are listed when a client wants `n`.
fn wanted(n: Option<u64>) -> u64 {
    Ord::min(n.unwrap_or(NAMES_MAX), NAMES_MAX)
}

/// The tags of the container at `path` behind `last`, up to `n` and [`NAMES_MAX`].
///
/// # Errors
/// [`Error::NotFound`] when there is no such container, or none that the caller may see.
pub async fn tags(
    caller: &Caller,
    path: &ContainerPath,
    n: Option<u64>,
    last: Option<&str>,
) -> Result<Names> {
    plain("last", last.unwrap_or_default(), LAST_MAX)?;
    let container = containers::find(caller, path).await?;
    let wanted = wanted(n);
    let name = bytewise(caller.db(), manifest_tag::Column::Name);
    let names = rows::<Pull, manifest_tag::Entity>(caller.actor())
        .into_select()
        .filter(manifest_tag::Column::ContainerId.eq(container.id))
        .filter(name.clone().gt(last.unwrap_or_default()))
        .order_by_asc(name)
        .limit(wanted + 1)
        .select_only()
        .column(manifest_tag::Column::Name)
        .into_tuple()
        .all(caller.db())
        .await?;
    Ok(Names::cut(names, wanted))
}

/// The paths of the containers that the caller may see, behind `last`, up to `n` and [`NAMES_MAX`].
///
/// # Errors
/// [`Error::Invalid`] for a `last` that is no text of a name.
pub async fn catalog(caller: &Caller, n: Option<u64>, last: Option<&str>) -> Result<Names> {
    plain("last", last.unwrap_or_default(), LAST_MAX)?;
    let wanted = wanted(n);
    let names = containers::paths_behind(caller, last.unwrap_or_default(), wanted + 1).await?;
    Ok(Names::cut(names, wanted))
}
