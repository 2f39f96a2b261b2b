//! A manifest, pushed.
use bytes::Bytes;
use entity::{container, image};
use serde_json::json;

use super::{
    Manifest, config,
    document::{Descriptor, Document},
    generate::{About, keep},
    tags,
};
use crate::{
    access::{Granted, Includes, Pull, Push, open},
    error::{Error, Result},
    event::Event,
    registry::{
        Caller, Digest, Tx, blob, container as containers,
        image::{fill, insert, inspect_stored},
        path::{ContainerPath, TagName},
        sif::{self, Inspection},
        tag::Watch,
    },
};

/// The largest manifest, in bytes; the distribution-spec wants 4 MiB taken.
pub const CONTENT_MAX: u64 = 4 << 20;

/// A manifest to keep.
#[derive(Clone, Debug)]
pub struct NewManifest {
    /// Kept byte for byte.
    pub content: Bytes,
    /// What the client says it is.
    pub media_type: Option<String>,
    /// What it must hash to, if the client tells.
    pub digest: Option<Digest>,
    /// What it is to be called.
    pub tags: Vec<TagName>,
}

/// Keeps a manifest in the container at `path`, which is made if it is not there, and points tags at it. One that
/// describes a SIF image makes it an image.
///
/// # Errors
/// [`Error::Invalid`] when it is no manifest, is not of that digest, names blobs that the container does not hold, or
/// describes a SIF image that is none; [`Error::TooLarge`] beyond [`CONTENT_MAX`]; [`Error::Conflict`] when a tag is immutable
/// or the container frozen; those of [`containers::create`].
pub async fn put(caller: &Caller, path: &ContainerPath, new: NewManifest) -> Result<Manifest> {
    let digest = check(&new)?;
    let document = Document::read(&new.content, new.media_type.as_deref())?;
    let container = containers::reach(caller, path).await?.id;
    let inspection = inspect(caller, path, &document).await?;
    let config = config::read(caller, container, &document).await?;
    caller
        .change(async |tx| {
            let container = open::<Push, container::Entity>(tx.db(), tx.actor(), container).await?;
            containers::lock(tx, container.id).await?;
            let watch = Watch::begin(tx, &container, new.tags.iter().map(TagName::as_str)).await?;
            let path = containers::path(tx, &container).await?;
            let sparse = caller.config().registry.sparse_manifests;
            check_blobs(tx, &container, &document, sparse).await?;
            let image = match (document.sif(), &inspection) {
                (Some(layer), Some(inspection)) => {
                    Some(image(tx, &container, layer, inspection).await?)
                }
                (Some(layer), None) => return Err(missing(&layer.digest.to_string())),
                (None, _) => None,
            };
            let about = About {
                image: image.as_ref().map(|image| image.id),
                arch: image.and_then(|image| image.arch.clone()),
                config,
                generated: false,
            };
            let parts = (&digest, &new.content, &document);
            let manifest = keep(tx, container.id, parts, about).await?;
            for name in &new.tags {
                tags::lead(tx, &container, name.as_str(), &manifest).await?;
            }
            watch.end(tx, &container).await?;
            let id = manifest.id;
            let names: Vec<_> = new.tags.iter().map(TagName::as_str).collect();
            let details = json!({"digest": manifest.digest, "kind": manifest.kind,
                "size": manifest.size, "tags": names});
            let manifest = open::<Pull, entity::manifest::Entity>(tx.db(), tx.actor(), id).await?;
            Ok(Event::new("manifest.push", path, id)
                .details(details)
                .with(manifest))
        })
        .await
}

fn check(new: &NewManifest) -> Result<Digest> {
    if new.content.len() as u64 > CONTENT_MAX {
        return Err(Error::TooLarge {
            what: "manifest",
            limit: CONTENT_MAX,
        });
    }
    let Some(wanted) = new.digest else {
        return Ok(Digest::of(&new.content));
    };
    match wanted.same_of(&new.content) {
        found if found == wanted => Ok(found),
        found => Err(Error::invalid(
            "digest",
            format!("expected {wanted}, but the manifest is {found}"),
        )),
    }
}

/// Reads the SIF image that a manifest describes, if the container holds it; if not, [`check_blobs`] says so. Of blobs that
/// others hold nothing is told.
async fn inspect(
    caller: &Caller,
    path: &ContainerPath,
    document: &Document,
) -> Result<Option<Inspection>> {
    let Some(layer) = document.sif() else {
        return Ok(None);
    };
    match blob::find(caller, path, &layer.digest).await {
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
        Ok(_) => inspect_stored(caller, &layer.digest).await,
    }
}

/// Keeps the blobs that a manifest names; with `sparse`, those that are there.
async fn check_blobs(
    tx: &Tx,
    container: &Granted<impl Includes<Push>, container::Model>,
    document: &Document,
    sparse: bool,
) -> Result<()> {
    let wanted = document.blobs();
    let digests: Vec<String> = wanted.keys().cloned().collect();
    let here = blob::keep_linked(tx, container.id, &digests).await?;
    for (digest, size) in &wanted {
        match here.get(digest) {
            Some(stored) if stored == size => {}
            Some(stored) => {
                let why = format!("it says that {digest} has {size} bytes, but it has {stored}");
                return Err(Error::invalid("manifest", why));
            }
            None if sparse => {}
            None => return Err(missing(digest)),
        }
    }
    Ok(())
}

fn missing(digest: &str) -> Error {
    let why = format!("the manifest names {digest}, which is not here; push the blob first");
    Error::invalid("blob", why)
}

/// The image whose bytes are the only layer of a manifest.
async fn image(
    tx: &Tx,
    container: &Granted<impl Includes<Push>, container::Model>,
    layer: &Descriptor,
    inspection: &Inspection,
) -> Result<image::Model> {
    let digest = layer.digest.to_string();
    let image = insert(tx, container, &layer.digest, String::new()).await?;
    if image.blob.is_some() {
        return Ok(image.into_row());
    }
    sif::keep(tx, &digest, inspection).await?;
    Ok(fill(tx, image, layer.size, inspection).await?.into_row())
}
