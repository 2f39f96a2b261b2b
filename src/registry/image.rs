//! Images: a blob in a container.
//!
//! An image is announced by its digest ([`create`]), uploaded (`upload`), and published; until then only those who
//! may push it know of it.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{
    collection, container,
    id::{ContainerId, ImageId, UploadId},
    image, namespace, tag,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::NotSet,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, ModelTrait,
    QueryFilter, QueryOrder, QuerySelect, RelationTrait, Select, Set, Value,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};
use serde_json::json;

use super::{
    Caller, Digest, Tx, blob, container as containers, download, fresh_id,
    label::{self, Label},
    manifest,
    page::{Measure, Page, PageArgs, Sort, moment, moment_of, page},
    path::{ContainerPath, Reference, TAG_MAX, description, plain},
    protection::check_frozen,
    quota, redirect, scrub,
    sif::{self, Inspection},
    tag::Watch,
    trash::{self, Content, Kept},
    upload, usage,
};
use crate::{
    access::{Actor, Admin, Granted, Includes, Needs, Pull, Push, Rows, open, open_where, rows},
    error::{Error, Result},
    event::{Event, Target},
    sif::{InspectError, ReadAt, inspect},
    storage::{Source, Staged},
};

mod promote;

pub use promote::{Destination, promote};

/// An image that the caller may see.
pub type Image = Granted<Pull, image::Model>;

/// The orders of a list of images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImageSort {
    /// By the time of creation.
    #[default]
    Created,
    /// By its size.
    Size,
    /// By how often it was pulled.
    Downloads,
    /// By when it was pulled last; what never was comes before all else.
    LastPulled,
}

impl Sort<image::Entity> for ImageSort {
    fn column(self) -> Option<image::Column> {
        match self {
            Self::Created | Self::LastPulled => None,
            Self::Size => Some(image::Column::Size),
            Self::Downloads => Some(image::Column::Downloads),
        }
    }
    fn key(self, row: &image::Model) -> String {
        match self {
            Self::Created => String::new(),
            Self::Size => row.size.to_string(),
            Self::Downloads => row.downloads.to_string(),
            Self::LastPulled => moment(row.last_pulled_at.unwrap_or(DateTime::UNIX_EPOCH)),
        }
    }
    fn value(self, key: &str) -> Option<Value> {
        match self {
            Self::Created => Some(key.into()),
            Self::Size | Self::Downloads => Some(key.parse::<i64>().ok()?.into()),
            Self::LastPulled => moment_of(key),
        }
    }
    fn measure(self, _: &Actor) -> Option<Measure> {
        (self == Self::LastPulled).then(|| Measure::last_pull("image"))
    }
    fn name(self) -> String {
        format!("{self:?}")
    }
    fn id(row: &image::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> image::Column {
        image::Column::Id
    }
}

/// Which images a list holds; absent fields do not narrow it.
#[derive(Clone, Debug, Default)]
pub struct ImageFilter {
    /// Those of this container.
    pub container: Option<ContainerId>,
    /// Those that carry all these labels.
    pub labels: Vec<Label>,
    /// Those that carry a signature, or none.
    pub signed: Option<bool>,
    /// Those of this architecture.
    pub arch: Option<String>,
    /// Those that a tag points at, or none does.
    pub tagged: Option<bool>,
    /// Those that nobody has pulled since then, and that were there.
    pub pulled_before: Option<DateTime<Utc>>,
}

impl ImageFilter {
    /// # Errors
    /// [`Error::Invalid`] for too many labels, and for an architecture that no image can have.
    fn check(&self) -> Result<()> {
        label::check_number(&self.labels)?;
        plain("arch", self.arch.as_deref().unwrap_or_default(), TAG_MAX)?;
        Ok(())
    }
}

/// The uploaded images that the caller may see.
///
/// # Errors
/// [`Error::Invalid`] for too many labels, and for an architecture that no image can have.
pub async fn list(
    caller: &Caller,
    filter: &ImageFilter,
    args: &PageArgs<ImageSort>,
) -> Result<Page<Image>> {
    filter.check()?;
    page(caller, filtered(caller, filter), filter, args).await
}

/// How many [`list`] lists.
pub async fn count(caller: &Caller, filter: &ImageFilter) -> Result<u64> {
    filter.check()?;
    filtered(caller, filter).count(caller.db()).await
}

fn filtered(caller: &Caller, filter: &ImageFilter) -> Rows<Pull, image::Entity> {
    use image::Column;
    let kind = Condition::all()
        .add_option(filter.signed.map(|signed| Column::Signed.eq(signed)))
        .add_option(filter.arch.as_ref().map(|arch| Column::Arch.eq(arch)))
        .add_option(filter.tagged.map(tagged));
    let cold = filter
        .pulled_before
        .map(|time| download::not_since(Column::LastPulledAt, Column::UploadedAt, time));
    uploaded(caller, filter.container).narrow(|q| {
        q.filter(label::on_images(&filter.labels))
            .filter(kind.add_option(cold))
    })
}

/// Whether a tag points at the image of the row.
fn tagged(is: bool) -> Expr {
    let points = Query::select()
        .expr(Expr::val(1))
        .from(tag::Entity)
        .and_where(
            Expr::col((tag::Entity, tag::Column::ImageId))
                .equals((image::Entity, image::Column::Id)),
        )
        .take();
    match is {
        true => Expr::exists(points),
        false => Expr::exists(points).not(),
    }
}

pub(in crate::registry) fn uploaded(
    caller: &Caller,
    container: Option<ContainerId>,
) -> Rows<Pull, image::Entity> {
    let rows = rows::<Pull, image::Entity>(caller.actor())
        .narrow(|q| q.filter(image::Column::Blob.is_not_null()));
    match container {
        Some(container) => rows.narrow(|q| q.filter(image::Column::ContainerId.eq(container))),
        None => rows,
    }
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(caller: &Caller, ids: &[ImageId]) -> Result<HashMap<ImageId, Image>> {
    let rows = rows::<Pull, image::Entity>(caller.actor())
        .narrow(|q| q.filter(image::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The ids of the uploaded images of a container that the caller may see. One statement.
pub async fn ids_in(caller: &Caller, container: ContainerId) -> Result<Vec<ImageId>> {
    let ids = rows::<Pull, image::Entity>(caller.actor())
        .narrow(|q| {
            q.filter(image::Column::ContainerId.eq(container))
                .filter(image::Column::Blob.is_not_null())
        })
        .into_select()
        .select_only()
        .column(image::Column::Id)
        .order_by_asc(image::Column::Id);
    Ok(ids.into_tuple().all(caller.db()).await?)
}

/// The image of that id.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see.
pub async fn get(caller: &Caller, id: ImageId) -> Result<Image> {
    open::<Pull, image::Entity>(caller.db(), caller.actor(), id).await
}

/// What was read out of these images. One statement, or none if they have no bytes.
pub async fn inspections(caller: &Caller, images: &[Image]) -> Result<HashMap<String, Inspection>> {
    match blobs(images.iter())[..] {
        [] => Ok(HashMap::new()),
        ref digests => sif::by_digests(caller, digests).await,
    }
}

/// The keys that the signatures of these images name. One statement, or none if no image is signed.
pub async fn fingerprints(
    caller: &Caller,
    images: &[Image],
) -> Result<HashMap<String, Vec<String>>> {
    match blobs(images.iter().filter(|image| image.signed))[..] {
        [] => Ok(HashMap::new()),
        ref digests => sif::fingerprints(caller, digests).await,
    }
}

fn blobs<'a>(images: impl Iterator<Item = &'a Image>) -> Vec<String> {
    images.filter_map(|image| image.blob.clone()).collect()
}

/// The image that `reference` names in the container that is or was at `path`.
///
/// See [`find_here`].
///
/// # Errors
/// Those of [`find_here`].
pub async fn find(
    caller: &Caller,
    path: &ContainerPath,
    reference: &Reference,
    arch: Option<&str>,
) -> Result<Image> {
    let found = find_here(caller, path, reference, arch).await;
    match redirect::after(caller, path, &found).await? {
        Some(now) => find_here(caller, &now, reference, arch).await,
        None => found,
    }
}

/// The image that `reference` names in the container that is at `path` now.
///
/// A tag names one image for each architecture; without `arch`, amd64 comes first, then whatever there is. A digest
/// names one image, whatever `arch` says.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see; [`Error::Invalid`] for an `arch` that no
/// image can have.
pub async fn find_here(
    caller: &Caller,
    path: &ContainerPath,
    reference: &Reference,
    arch: Option<&str>,
) -> Result<Image> {
    plain("arch", arch.unwrap_or_default(), TAG_MAX)?;
    open_where(caller.db(), caller.actor(), |q| {
        at(q, path, reference, arch)
    })
    .await
}

fn at(
    select: Select<image::Entity>,
    path: &ContainerPath,
    reference: &Reference,
    arch: Option<&str>,
) -> Select<image::Entity> {
    let in_container = in_container(select, path);
    match reference {
        Reference::Digest(digest) => {
            in_container.filter(image::Column::Digest.eq(digest.to_string()))
        }
        Reference::Tag(name) => {
            let tagged = in_container
                .join(JoinType::InnerJoin, tag::Relation::Image.def().rev())
                .filter(tag::Column::Name.eq(name.as_str()));
            match arch {
                Some(arch) => tagged
                    .filter(tag::Column::Arch.is_in([arch, ""]))
                    .order_by_desc(tag::Column::Arch),
                None => tagged
                    .order_by_desc(tag::Column::Arch.eq("amd64"))
                    .order_by_asc(tag::Column::Arch),
            }
        }
    }
}

fn in_container(select: Select<image::Entity>, path: &ContainerPath) -> Select<image::Entity> {
    select
        .join(JoinType::InnerJoin, image::Relation::Container.def())
        .join(JoinType::InnerJoin, container::Relation::Collection.def())
        .join(JoinType::InnerJoin, collection::Relation::Namespace.def())
        .filter(namespace::Column::Name.eq(path.namespace.as_str()))
        .filter(collection::Column::Name.eq(path.collection.as_str()))
        .filter(container::Column::Name.eq(path.container.as_str()))
}

/// The image in the container at `path` whose digest begins with these hex digits, for protocols whose digests are
/// shorter than ours: 32 digits or more, so that nobody finds another image with the same ones.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see; [`Error::Invalid`] for other digits.
pub async fn find_short(caller: &Caller, path: &ContainerPath, digits: &str) -> Result<Image> {
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if !(32..=64).contains(&digits.len()) || !digits.bytes().all(hex) {
        let why = "expected 32 to 64 lower-case hex digits, the first of the image's sha256";
        return Err(Error::invalid("version", why));
    }
    let found = begins(caller, path, digits).await;
    match redirect::after(caller, path, &found).await? {
        Some(now) => begins(caller, &now, digits).await,
        None => found,
    }
}

async fn begins(caller: &Caller, path: &ContainerPath, digits: &str) -> Result<Image> {
    open_where(caller.db(), caller.actor(), |q| {
        let begins = image::Column::Digest.starts_with(format!("sha256:{digits}"));
        in_container(q, path).filter(begins)
    })
    .await
}

/// How many bytes an image has.
///
/// # Errors
/// [`Error::NotFound`] until they have arrived.
pub fn size(image: &Image) -> Result<u64> {
    match image.blob {
        Some(_) => Ok(image.size.unsigned_abs()),
        None => Err(Error::NotFound("image")),
    }
}

/// Whether an image's bytes are here. They are not before they were uploaded, and no longer once storage has lost them:
/// pushing the image again brings them back.
///
/// # Errors
/// [`Error::Unavailable`] when storage does not answer.
pub async fn is_complete(caller: &Caller, image: &Image) -> Result<bool> {
    match &image.blob {
        Some(blob) => Ok(caller.storage().blob(&blob.parse()?).await?.is_some()),
        None => Ok(false),
    }
}

/// Announces an image by its digest, or finds the one that is there. When the caller could pull the same bytes from
/// elsewhere, they are taken from there and need not be uploaded.
///
/// # Errors
/// [`Error::Conflict`] when the container is frozen; those of [`open`] for it.
pub async fn create(
    caller: &Caller,
    container: ContainerId,
    digest: Digest,
    text: String,
) -> Result<Image> {
    let text = description(text)?;
    if twin(caller.db(), caller.actor(), &digest.to_string())
        .await?
        .is_some()
    {
        // The other may have come with a manifest that has another configuration.
        manifest::ensure_config(caller).await?;
    }
    caller
        .change(async |tx| {
            let container = open::<Push, container::Entity>(tx.db(), tx.actor(), container).await?;
            containers::lock(tx, container.id).await?;
            check_frozen(tx.db(), &container).await?;
            let path = containers::path(tx, &container).await?;
            let image = insert(tx, &container, &digest, text).await?;
            let announced = image.blob.is_none();
            let image = if announced {
                adopt(tx, image).await?
            } else {
                image
            };
            let action = match announced && image.blob.is_some() {
                true => "image.adopt",
                false => "image.create",
            };
            let details = json!({"digest": image.digest, "uploaded": image.blob.is_some(), "arch": image.arch});
            Ok(Event::new(action, path, image.id)
                .details(details)
                .with(image.for_pull()))
        })
        .await
}

pub(in crate::registry) async fn insert(
    tx: &Tx,
    container: &Granted<impl Includes<Push>, container::Model>,
    digest: &Digest,
    description: String,
) -> Result<Granted<Push, image::Model>> {
    let row = image::ActiveModel {
        id: Set(ImageId(fresh_id())),
        container_id: Set(container.id),
        digest: Set(digest.to_string()),
        description: Set(description),
        blob: Set(None),
        size: Set(0),
        arch: Set(None),
        signed: Set(false),
        encrypted: Set(false),
        created_at: Set(tx.now()),
        uploaded_at: Set(None),
        created_by: Set(tx.actor().account().map(|account| account.id)),
        downloads: NotSet,
        last_pulled_at: NotSet,
    };
    // Two clients may announce the same image at once; both then upload the same bytes, and both are right.
    let unless_there = OnConflict::columns([image::Column::ContainerId, image::Column::Digest])
        .do_nothing()
        .to_owned();
    image::Entity::insert(row)
        .on_conflict(unless_there)
        .try_insert()
        .exec_without_returning(tx.db())
        .await?;
    open_where(tx.db(), tx.actor(), |q: Select<image::Entity>| {
        q.filter(image::Column::ContainerId.eq(container.id))
            .filter(image::Column::Digest.eq(digest.to_string()))
    })
    .await
}

/// Takes the bytes from another image of the same digest that the caller may pull.
async fn adopt(tx: &Tx, image: Granted<Push, image::Model>) -> Result<Granted<Push, image::Model>> {
    let there = twin(tx.db(), tx.actor(), &image.digest).await?;
    if there.is_none() || !blob::hold(tx, &image.digest).await? {
        return Ok(image);
    }
    // The one that was seen may have been deleted, and its bytes collected, before they were held.
    let Some(twin) = twin(tx.db(), tx.actor(), &image.digest).await? else {
        return Ok(image);
    };
    let mut row = (*image).clone().into_active_model();
    row.blob = Set(twin.blob.clone());
    row.size = Set(twin.size);
    row.arch = Set(twin.arch.clone());
    row.signed = Set(twin.signed);
    row.encrypted = Set(twin.encrypted);
    row.uploaded_at = Set(Some(tx.now()));
    let row = row.update(tx.db()).await?;
    usage::image_added(tx, &row);
    label::keep_known(tx, &row).await?;
    manifest::of_image(tx, &row).await?;
    Ok(image.replaced(row))
}

/// An uploaded image of that digest that the actor may pull.
async fn twin(db: &impl ConnectionTrait, actor: &Actor, digest: &str) -> Result<Option<Image>> {
    rows::<Pull, image::Entity>(actor)
        .narrow(|q| {
            q.filter(image::Column::Digest.eq(digest))
                .filter(image::Column::Blob.is_not_null())
                .limit(1)
        })
        .one(db)
        .await
}

/// Gives an announced image its bytes: checks them against the digest and reads the SIF, stores them, then writes the
/// rows, and ends the upload that they came by. Killed in between, it leaves bytes without rows, which collection removes.
///
/// # Errors
/// [`Error::Invalid`] when the bytes are not those announced, or not a whole SIF image; [`Error::Conflict`] when the container
/// is frozen; [`Error::QuotaExceeded`] when they do not fit; those of [`open`].
pub(in crate::registry) async fn publish(
    caller: &Caller,
    id: ImageId,
    staged: &Staged,
    by: Option<UploadId>,
) -> Result<Image> {
    let image = open::<Push, image::Entity>(caller.db(), caller.actor(), id).await?;
    let digest: Digest = image.digest.parse()?;
    if staged.digest != digest {
        let why = format!(
            "expected {digest}, but what arrived is {}; push the image again",
            staged.digest
        );
        return Err(Error::invalid("digest", why));
    }
    // Before storage takes the bytes from where they wait: once the container is thawed or there is room, they may still be
    // there.
    check_push(caller, &image).await?;
    let room = quota::room_for_image(caller, &image).await?;
    room.admit(caller, staged.size).await?;
    let inspection = read_sif(caller, staged).await?;
    blob::announce(caller, &digest, staged.size).await?;
    caller.storage().publish(staged, &digest).await?;
    manifest::ensure_config(caller).await?;
    caller
        .change(async |tx| {
            let image = locked::<Push>(tx, id).await?;
            let container = admit(tx, image.container_id).await?;
            let path = containers::path(tx, &container).await?;
            blob::touch(tx, &image.digest, staged.size).await?;
            blob::check_there(caller, &digest).await?;
            scrub::healed(tx, &image.digest).await?;
            sif::keep(tx, &image.digest, &inspection).await?;
            let image = fill(tx, image, staged.size, &inspection).await?;
            manifest::of_image(tx, &image).await?;
            if let Some(upload) = by {
                upload::forget(tx.db(), upload).await?;
            }
            let details = json!({"digest": image.digest, "size": image.size, "arch": image.arch});
            Ok(Event::new("image.push", path, image.id)
                .details(details)
                .with(image.for_pull()))
        })
        .await
}

/// The container that something is pushed to, locked.
///
/// # Errors
/// [`Error::Conflict`] when it is frozen; those of [`open`].
pub(in crate::registry) async fn admit(
    tx: &Tx,
    id: ContainerId,
) -> Result<Granted<Push, container::Model>> {
    let container = open::<Push, container::Entity>(tx.db(), tx.actor(), id).await?;
    containers::lock(tx, id).await?;
    check_frozen(tx.db(), &container).await?;
    Ok(container)
}

/// Refuses bytes for an image of a frozen container before they are sent.
///
/// # Errors
/// Those of [`admit`].
pub(in crate::registry) async fn check_push(caller: &Caller, image: &image::Model) -> Result<()> {
    let (db, actor) = (caller.db(), caller.actor());
    let container = open::<Push, container::Entity>(db, actor, image.container_id).await?;
    check_frozen(db, &container).await.map(drop)
}

pub(in crate::registry) async fn fill(
    tx: &Tx,
    image: Granted<Push, image::Model>,
    size: u64,
    inspection: &Inspection,
) -> Result<Granted<Push, image::Model>> {
    let mut row = (*image).clone().into_active_model();
    row.blob = Set(Some(image.digest.clone()));
    row.size = Set(signed_size(size)?);
    row.arch = Set(inspection.arch.map(|arch| arch.to_string()));
    row.signed = Set(inspection.signed());
    row.encrypted = Set(inspection.encrypted);
    row.uploaded_at = Set(Some(image.uploaded_at.unwrap_or(tx.now())));
    let row = row.update(tx.db()).await?;
    if image.blob.is_none() {
        usage::image_added(tx, &row);
    }
    label::keep(tx, row.id, &inspection.metadata.labels).await?;
    Ok(image.replaced(row))
}

async fn read_sif(caller: &Caller, staged: &Staged) -> Result<Inspection> {
    let source = caller.storage().staged_source(staged).await?;
    read(&source).await
}

/// Reads the SIF image that a blob is; `None` when there is no such blob.
///
/// # Errors
/// [`Error::Invalid`] when it is not a whole SIF image.
pub(in crate::registry) async fn inspect_stored(
    caller: &Caller,
    digest: &Digest,
) -> Result<Option<Inspection>> {
    match caller.storage().source(digest).await {
        Err(Error::NotFound(_)) => Ok(None),
        source => read(&source?).await.map(Some),
    }
}

async fn read(source: &Source) -> Result<Inspection> {
    match inspect(source, source.size()).await {
        Ok(inspection) => Ok(inspection),
        Err(InspectError::Damage(damage)) => Err(Error::invalid("image", damage.to_string())),
        // Another request ended the same upload and took the bytes.
        Err(InspectError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Error::NotFound("upload"))
        }
        Err(InspectError::Io(error)) => Err(Error::Unavailable {
            what: "storage",
            source: error.into(),
        }),
    }
}

impl ReadAt for Source {
    async fn read_at(&self, offset: u64, len: usize) -> std::io::Result<Vec<u8>> {
        Source::read_at(self, offset, len).await
    }
}

/// Changes an image's description.
///
/// # Errors
/// Those of [`open`].
pub async fn describe(caller: &Caller, id: ImageId, text: String) -> Result<Image> {
    let text = description(text)?;
    caller
        .change(async |tx| {
            let image = open::<Push, image::Entity>(tx.db(), tx.actor(), id).await?;
            let path = path(tx, &image).await?;
            let mut row = (*image).clone().into_active_model();
            row.description = Set(text);
            let row = row.update(tx.db()).await?;
            Ok(Event::new("image.update", path, id).with(image.replaced(row).for_pull()))
        })
        .await
}

/// Deletes an image with all tags that point at it: puts it into the trash, if there is one. Its bytes go when no other image
/// shares them.
///
/// # Errors
/// [`Error::Conflict`] when such a tag is immutable or the container frozen; [`Error::Invalid`] for too long a reason; those of
/// [`open`].
pub async fn delete(caller: &Caller, id: ImageId, reason: &str) -> Result<()> {
    delete_meant(caller, id, reason, Condition::all()).await
}

/// The same, if the image still is what was meant, now that nobody else can change its container.
///
/// # Errors
/// Those of [`delete`]; [`Error::Conflict`] for one that is something else by now.
pub(in crate::registry) async fn delete_meant(
    caller: &Caller,
    id: ImageId,
    reason: &str,
    meant: Condition,
) -> Result<()> {
    trash::check_reason(reason)?;
    caller
        .change(async |tx| {
            let image = locked::<Admin>(tx, id).await?;
            check_meant(tx, id, meant).await?;
            let path = path(tx, &image).await?;
            let container =
                open::<Push, container::Entity>(tx.db(), tx.actor(), image.container_id).await?;
            let names = manifest::names_of_image(tx, image.id).await?;
            let watch = Watch::begin(tx, &container, names).await?;
            // What never arrived is not worth keeping.
            let purge_at = trash::purge_at(caller, tx).filter(|_| image.blob.is_some());
            let details = json!({"digest": image.digest, "size": image.size, "reason": reason, "purge_at": purge_at});
            match purge_at {
                Some(purge_at) => {
                    let kept = Kept { path: &path, reason, purge_at };
                    let manifests = manifest::all_of_image(tx, &image).await?;
                    let content = Content { image: Some(image.into_row()), manifests };
                    trash::put_content(tx, &container, content, &kept).await?;
                }
                None => manifest::delete_image(tx, &container, image.into_row()).await?,
            }
            watch.end(tx, &container).await?;
            Ok(Event::new("image.delete", path, id)
                .details(details)
                .with(()))
        })
        .await
}

async fn check_meant(tx: &Tx, id: ImageId, meant: Condition) -> Result<()> {
    if meant.is_empty() {
        return Ok(());
    }
    let still = rows::<Admin, image::Entity>(tx.actor())
        .narrow(|q| q.filter(image::Column::Id.eq(id)).filter(meant));
    match still.count(tx.db()).await? {
        0 => Err(Error::Conflict(
            "it was tagged, pulled or pushed meanwhile, and is not what you chose any more".into(),
        )),
        _ => Ok(()),
    }
}

/// An image as it is once nobody else can change its container.
async fn locked<L: Needs>(tx: &Tx, id: ImageId) -> Result<Granted<L, image::Model>> {
    let image = open::<L, image::Entity>(tx.db(), tx.actor(), id).await?;
    containers::lock(tx, image.container_id).await?;
    open::<L, image::Entity>(tx.db(), tx.actor(), id).await
}

/// `namespace/collection/container`, as events name it.
async fn path(tx: &Tx, image: &image::Model) -> Result<Target> {
    let container = image.find_related(container::Entity).one(tx.db()).await?;
    containers::path(tx, &container.ok_or(Error::NotFound("container"))?).await
}

/// A size as databases keep it.
pub(in crate::registry) fn signed_size(size: u64) -> Result<i64> {
    i64::try_from(size).map_err(|_| Error::TooLarge {
        what: "image",
        limit: i64::MAX.unsigned_abs(),
    })
}
