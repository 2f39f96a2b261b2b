//! How much there is: sums of containers, collections, namespaces and the site, exact at all times.
//!
//! A transaction notes what it changes by the steps here; before it commits, `settle` adds that to the rows of `usage`,
//! from the bottom up. *Size* is the sum of what was pushed: SIF images, and manifests that describe none, by their own
//! size. *Stored* counts the bytes of each blob once, from the moment a container holds it until collection takes it away:
//! `container_blob` says which containers hold a blob, and `blob_use` counts, for each thing above, how many of those
//! directly below it do. A row of `usage` is the lock of all that `blob_use` has of it. Locks are taken in one order:
//! container, collection, namespace, sixteenth of the site.
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Add, AddAssign, Neg, Sub},
    sync::Mutex,
};

use entity::{collection, container, container_blob, image, manifest};
use sea_orm::{ColumnTrait, DbBackend, QueryFilter, QuerySelect};

use super::{CollectionId, ContainerId, NamespaceId, Tx};
use crate::{access::internal, error::Result};

mod growth;
mod pulled;
mod rebuild;
mod recount;
mod settle;

pub use growth::{Day, growth};
pub(in crate::registry) use pulled::pulled;
pub(in crate::registry) use rebuild::rebuild;
pub use recount::{Drift, Plan, Recount, Report, recount, report};
pub(in crate::registry) use settle::settle;

pub use entity::kind::Extent;

/// Into how many rows the site is divided.
const SITE_PARTS: i64 = 16;

/// Counts and bytes, or a change of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::registry) struct Sum {
    collections: i64,
    containers: i64,
    images: i64,
    manifests: i64,
    size: i64,
    stored: i64,
    /// Images without a signature.
    unsigned: i64,
    /// The sum of the times at which images and manifests came, in seconds since 1970.
    born: i64,
    downloads: i64,
}

/// What quotas count, or a change of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// The sum of sizes, in bytes.
    pub bytes: i64,
    /// SIF images, and manifests that describe none.
    pub images: i64,
}

impl Amount {
    /// Whether there is more of anything.
    pub(in crate::registry) fn is_growth(self) -> bool {
        self.bytes > 0 || self.images > 0
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            bytes: self.bytes + other.bytes,
            images: self.images + other.images,
        }
    }
}

impl Sub for Amount {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            bytes: self.bytes - other.bytes,
            images: self.images - other.images,
        }
    }
}

/// A namespace that has grown, or come to another owner.
#[derive(Clone, Copy, Debug)]
pub(in crate::registry) struct Growth {
    pub(in crate::registry) namespace: NamespaceId,
    pub(in crate::registry) change: Amount,
    /// What it holds now.
    pub(in crate::registry) now: Amount,
    /// Whether all of it is new to its owner.
    pub(in crate::registry) handed: bool,
}

impl Sum {
    fn amount(self) -> Amount {
        Amount {
            bytes: self.size,
            images: self.images + self.manifests,
        }
    }

    /// What counts above, where blobs are counted anew.
    fn without_stored(self) -> Self {
        Self { stored: 0, ..self }
    }
}

impl Add for Sum {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            collections: self.collections + other.collections,
            containers: self.containers + other.containers,
            images: self.images + other.images,
            manifests: self.manifests + other.manifests,
            size: self.size + other.size,
            stored: self.stored + other.stored,
            unsigned: self.unsigned + other.unsigned,
            born: self.born + other.born,
            downloads: self.downloads + other.downloads,
        }
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Neg for Sum {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            collections: -self.collections,
            containers: -self.containers,
            images: -self.images,
            manifests: -self.manifests,
            size: -self.size,
            stored: -self.stored,
            unsigned: -self.unsigned,
            born: -self.born,
            downloads: -self.downloads,
        }
    }
}

/// By how many holders more a blob is held, and its size in bytes once that is known.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    holders: i64,
    size: Option<i64>,
}

type Uses = BTreeMap<String, Use>;

/// Whether the container `c` counts in the collection that it is in: if it is in the trash, only with that.
const CONTAINER_COUNTS: &str = "(CASE WHEN c.trash_id IS NULL OR c.trash_id = (SELECT k.trash_id FROM collection k WHERE k.id = c.collection_id) THEN TRUE ELSE FALSE END)";

/// What a transaction changes about the things of one extent, by their ids.
#[derive(Debug, Default)]
struct Changes {
    sums: BTreeMap<i64, Sum>,
    uses: BTreeMap<i64, Uses>,
    /// From where to where.
    moved: BTreeMap<i64, (i64, i64)>,
    counted: BTreeMap<i64, bool>,
    /// Namespaces that have another owner now.
    handed: BTreeSet<i64>,
    gone: BTreeSet<i64>,
}

impl Changes {
    fn add(&mut self, id: i64, sum: Sum) {
        *self.sums.entry(id).or_default() += sum;
    }

    fn hold(&mut self, id: i64, digest: String, holders: i64, size: Option<i64>) {
        let held = self.uses.entry(id).or_default().entry(digest).or_default();
        held.holders += holders;
        held.size = held.size.or(size);
    }

    /// In the order in which they are locked.
    fn ids(&self) -> BTreeSet<i64> {
        let ids = self.sums.keys().chain(self.uses.keys());
        let ids = ids.chain(self.moved.keys()).chain(self.counted.keys());
        let ids = ids.chain(&self.handed).chain(&self.gone);
        ids.copied().collect()
    }
}

/// What a transaction has changed so far.
#[derive(Debug, Default)]
pub(in crate::registry) struct Noted(Mutex<BTreeMap<Extent, Changes>>);

impl Noted {
    fn note(&self, extent: Extent, step: impl FnOnce(&mut Changes)) {
        let mut noted = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        step(noted.entry(extent).or_default());
    }

    /// Whether sums change.
    pub(in crate::registry) fn is_any(&self) -> bool {
        let noted = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        !noted.is_empty()
    }

    /// Sums were changed already.
    fn changed(&self) {
        self.note(Extent::Site, |_| ());
    }

    fn take(&self) -> BTreeMap<Extent, Changes> {
        let mut noted = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        std::mem::take(&mut noted)
    }
}

fn add(tx: &Tx, extent: Extent, id: i64, sum: Sum) {
    tx.noted().note(extent, |changes| changes.add(id, sum));
}

/// What an uploaded image counts.
fn image(image: &image::Model) -> Sum {
    Sum {
        images: 1,
        size: image.size,
        unsigned: i64::from(!image.signed),
        born: image.uploaded_at.unwrap_or(image.created_at).timestamp(),
        ..Sum::default()
    }
}

/// A container has got an uploaded image. Its lock is held, as in all steps here that are about containers.
pub(in crate::registry) fn image_added(tx: &Tx, row: &image::Model) {
    add(tx, Extent::Container, row.container_id.0, image(row));
}

/// An uploaded image has gone from a container.
pub(in crate::registry) fn image_removed(tx: &Tx, row: &image::Model) {
    add(tx, Extent::Container, row.container_id.0, -image(row));
}

/// What a manifest counts: nothing if it describes a SIF image, which counts itself, or was made here.
fn weight(manifest: &manifest::Model) -> Sum {
    if manifest.image_id.is_some() || manifest.generated {
        return Sum::default();
    }
    Sum {
        manifests: 1,
        size: manifest.size,
        born: manifest.created_at.timestamp(),
        ..Sum::default()
    }
}

/// A manifest has come to a container, or was changed: `before` is what was there.
pub(in crate::registry) fn manifest_kept(
    tx: &Tx,
    before: Option<&manifest::Model>,
    now: &manifest::Model,
) {
    let change = weight(now) + -before.map(weight).unwrap_or_default();
    if change != Sum::default() {
        add(tx, Extent::Container, now.container_id.0, change);
    }
}

/// A manifest has gone.
pub(in crate::registry) fn manifest_removed(tx: &Tx, manifest: &manifest::Model) {
    let weight = weight(manifest);
    if weight != Sum::default() {
        add(tx, Extent::Container, manifest.container_id.0, -weight);
    }
}

/// A container holds a blob that it did not hold before.
pub(in crate::registry) fn blob_linked(tx: &Tx, container: ContainerId, digest: &str) {
    tx.noted().note(Extent::Container, |changes| {
        changes.hold(container.0, digest.to_owned(), 1, None);
    });
}

/// A container no longer holds a blob.
pub(in crate::registry) fn blob_unlinked(tx: &Tx, container: ContainerId, digest: &str) {
    tx.noted().note(Extent::Container, |changes| {
        changes.hold(container.0, digest.to_owned(), -1, None);
    });
}

/// There is a new container.
pub(in crate::registry) fn container_added(tx: &Tx, container: &container::Model) {
    let sum = Sum {
        containers: 1,
        ..Sum::default()
    };
    add(tx, Extent::Container, container.id.0, sum);
}

/// There is a new collection.
pub(in crate::registry) fn collection_added(tx: &Tx, collection: &collection::Model) {
    let sum = Sum {
        collections: 1,
        ..Sum::default()
    };
    add(tx, Extent::Collection, collection.id.0, sum);
}

/// A container, whose lock is held, is about to be deleted with all that is in it.
pub(in crate::registry) async fn container_gone(tx: &Tx, container: ContainerId) -> Result<()> {
    let held: Vec<String> = internal::<container_blob::Entity>()
        .filter(container_blob::Column::ContainerId.eq(container))
        .select_only()
        .column(container_blob::Column::Digest)
        .into_tuple()
        .all(tx.db())
        .await?;
    tx.noted().note(Extent::Container, |changes| {
        for digest in held {
            changes.hold(container.0, digest, -1, None);
        }
        changes.gone.insert(container.0);
    });
    Ok(())
}

/// A collection was deleted with all that was in it.
pub(in crate::registry) fn collection_gone(tx: &Tx, collection: CollectionId) {
    tx.noted().note(Extent::Collection, |changes| {
        changes.gone.insert(collection.0);
    });
}

/// A namespace, which was empty, was deleted.
pub(in crate::registry) fn namespace_gone(tx: &Tx, namespace: NamespaceId) {
    tx.noted().note(Extent::Namespace, |changes| {
        changes.gone.insert(namespace.0);
    });
}

/// A namespace has another owner now. That locks its sum, so that no push counts for the one before meanwhile.
pub(in crate::registry) fn namespace_handed(tx: &Tx, namespace: NamespaceId) {
    tx.noted().note(Extent::Namespace, |changes| {
        changes.handed.insert(namespace.0);
    });
}

/// A container, whose lock is held, is in another collection now.
pub(in crate::registry) fn container_moved(
    tx: &Tx,
    container: ContainerId,
    from: CollectionId,
    to: CollectionId,
) {
    tx.noted().note(Extent::Container, |changes| {
        changes.moved.insert(container.0, (from.0, to.0));
    });
}

/// A collection is in another namespace now.
pub(in crate::registry) fn collection_moved(
    tx: &Tx,
    collection: CollectionId,
    from: NamespaceId,
    to: NamespaceId,
) {
    tx.noted().note(Extent::Collection, |changes| {
        changes.moved.insert(collection.0, (from.0, to.0));
    });
}

/// A container, whose lock is held, counts in its collection, or does not while it is in the trash. Its blobs are stored all
/// the same.
pub(in crate::registry) fn container_counts(tx: &Tx, container: ContainerId, counts: bool) {
    tx.noted().note(Extent::Container, |changes| {
        changes.counted.insert(container.0, counts);
    });
}

/// A collection counts in its namespace, or does not while it is in the trash.
pub(in crate::registry) fn collection_counts(tx: &Tx, collection: CollectionId, counts: bool) {
    tx.noted().note(Extent::Collection, |changes| {
        changes.counted.insert(collection.0, counts);
    });
}

/// A time in SQL, as whole seconds since 1970.
fn seconds(backend: DbBackend, time: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("CAST(FLOOR(EXTRACT(EPOCH FROM {time})) AS bigint)"),
        _ => format!("CAST(strftime('%s', {time}) AS bigint)"),
    }
}
