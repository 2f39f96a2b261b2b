//! Downloads: how often things are pulled, counted beside the pull and written down every few seconds.
//!
//! A pull is a transfer of an image's bytes that begins at their start and has begun to be answered, whether or not it
//! comes to its end: who goes on after a break does not pull again, and who asks for the head pulls nothing. Of an image in
//! layers it is a transfer of its manifest, since clients fetch only the layers that they lack; lists of manifests and
//! what refers to another manifest, such as signatures, do not count.
//!
//! Counts wait in memory (`Downloads`) until [`flush()`] adds them up in the database. A server that is stopped flushes
//! first; of one that is killed, the pulls since the last flush are not counted. Replicas add to the same rows.
use std::ops::Range;

use bytes::Bytes;
use entity::{manifest, tag};
use futures::Stream;
use sea_orm::{ColumnTrait, ModelTrait, QueryFilter};

use super::{
    Caller, ContainerId, Door, ManifestKind,
    blob::{self, Stored},
    image::Image,
    manifest::Manifest,
    path::TagName,
};
use crate::error::Result;

mod buffer;
mod flush;
mod people;
mod series;

pub(in crate::registry) use buffer::Downloads;
use buffer::{Item, Key};
pub use flush::flush;
pub use people::{ByPulls, Puller, forget, pullers, pullers_count};
pub(in crate::registry) use series::not_since;
pub use series::{
    By, Count, Of, SPAN_MAX, Span, TOP, Total, series, total_of_site, totals, totals_of_namespaces,
};

/// How something is pulled.
#[derive(Clone, Debug)]
pub struct Via {
    /// Through which door.
    pub door: Door,
    /// By which tag, if the door knows.
    pub tag: Option<TagName>,
}

impl Via {
    /// Through a door that knows no tag.
    pub fn door(door: Door) -> Self {
        Self { door, tag: None }
    }
}

/// Reads a range of an image's bytes, in large pieces, and counts a pull where it begins at their start.
///
/// # Errors
/// Those of [`blob::read`].
pub async fn read(
    caller: &Caller,
    image: &Image,
    range: Range<u64>,
    via: &Via,
) -> Result<impl Stream<Item = std::io::Result<Bytes>> + Send + 'static + use<>> {
    let begins = range.start == 0;
    let bytes = blob::read(caller, image, range).await?;
    if begins {
        begun(caller, image, via);
    }
    Ok(bytes)
}

/// Counts a pull of an image, whose bytes are being sent from their start.
pub(in crate::registry) fn begun(caller: &Caller, image: &Image, via: &Via) {
    note(caller, image.container_id, Item::Image(image.id), via);
}

/// Reads a range of a blob that a container holds, and counts a pull where it begins at the start of an image.
///
/// # Errors
/// Those of [`blob::read_stored`].
pub async fn read_blob(
    caller: &Caller,
    container: ContainerId,
    stored: &Stored,
    range: Range<u64>,
) -> Result<impl Stream<Item = std::io::Result<Bytes>> + Send + 'static + use<>> {
    let begins = range.start == 0;
    let bytes = blob::read_stored(caller, stored, range).await?;
    if begins {
        // Whether it is an image is found out later, not while somebody waits.
        let item = Item::Blob(stored.digest);
        note(caller, container, item, &Via::door(Door::Oci));
    }
    Ok(bytes)
}

/// The bytes of a manifest; counts a pull of an image in layers.
///
/// # Errors
/// Those of [`super::manifest::content`].
pub async fn read_manifest(
    caller: &Caller,
    manifest: &Manifest,
    tag: Option<TagName>,
) -> Result<Bytes> {
    let content = super::manifest::content(caller, manifest).await?;
    if is_pulled(manifest) {
        let via = Via {
            door: Door::Oci,
            tag,
        };
        let item = Item::Manifest(manifest.id);
        note(caller, manifest.container_id, item, &via);
    }
    Ok(content)
}

fn is_pulled(manifest: &manifest::Model) -> bool {
    match manifest.kind {
        ManifestKind::Image | ManifestKind::Artifact => manifest.subject.is_none(),
        ManifestKind::Sif | ManifestKind::Index => false,
    }
}

fn note(caller: &Caller, container: ContainerId, item: Item, via: &Via) {
    let now = caller.now();
    let tag = via.tag.as_ref().map(|tag| tag.as_str().to_owned());
    let config = &caller.config().registry;
    let account = caller.account().ok();
    let named = account.filter(|_| !config.download_users.get().is_zero());
    let key = Key {
        container,
        day: now.date_naive(),
        item,
        tag: tag.unwrap_or_default(),
        door: via.door,
        signed_in: account.is_some(),
        by: named.map(|account| account.id),
    };
    caller.metrics().pulled(word(via.door));
    caller.downloads().add(key, 1, now);
}

/// A door, as numbers about it are labelled.
fn word(door: Door) -> &'static str {
    match door {
        Door::Library => "library",
        Door::Oci => "oci",
        Door::Shub => "shub",
        Door::File => "file",
        Door::Share => "share",
    }
}

/// The tag by which an image is pulled, as an address claims: only if it points at that image, lest people make up tags.
/// One statement, or none if nothing is claimed.
pub async fn claimed(
    caller: &Caller,
    image: &Image,
    claim: Option<String>,
) -> Result<Option<TagName>> {
    let Some(name) = claim.and_then(|text| text.parse::<TagName>().ok()) else {
        return Ok(None);
    };
    let there = image
        .find_related(tag::Entity)
        .filter(tag::Column::Name.eq(name.as_str()))
        .one(caller.db())
        .await?;
    Ok(there.map(|_| name))
}
