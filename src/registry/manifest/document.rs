//! Manifests as documents: OCI image-spec 1.1 (manifest.md, image-index.md) and Docker's two forms of the same.
//!
//! Reads what the registry must know and passes over the rest: the bytes themselves are kept.
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::{Error, Result},
    registry::{Algorithm, Digest, ManifestKind, PartRole},
};

/// An image in layers, or an artifact.
pub(super) const IMAGE_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
/// A list of manifests.
pub(super) const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_LIST_TYPE: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_IMAGE_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// The layer of a SIF image, today and before Singularity 3.7, misspelt as clients wrote it.
pub(super) const SIF_LAYERS: [&str; 3] = [
    "application/vnd.sylabs.sif.layer.v1.sif",
    "appliciation/vnd.sylabs.sif.layer.tar",
    "application/vnd.sylabs.sif.layer.tar",
];
/// The configurations of images in layers.
const IMAGE_CONFIGS: [&str; 2] = [
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
];
/// The longest media type, in bytes (RFC 6838, 4.2, twice and a slash).
const MEDIA_TYPE_MAX: usize = 255;
/// How many bytes of annotations are known beside the manifest itself.
const ANNOTATIONS_MAX: usize = 64 << 10;
/// The most parts of one manifest.
const PARTS_MAX: usize = 10_000;

#[cfg(test)]
mod tests;

/// What a manifest names.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) digest: Digest,
    pub(super) size: u64,
    #[serde(default)]
    pub(super) artifact_type: Option<String>,
    #[serde(default)]
    pub(super) platform: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    schema_version: u32,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    subject: Option<Descriptor>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

/// A manifest, as far as the registry knows it.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) kind: ManifestKind,
    pub(super) media_type: String,
    pub(super) artifact_type: Option<String>,
    pub(super) subject: Option<Digest>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) parts: Vec<(PartRole, Descriptor)>,
}

impl Document {
    /// Reads a manifest that was sent as `sent_as`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is none, or is another than it was sent as.
    pub(super) fn read(content: &[u8], sent_as: Option<&str>) -> Result<Self> {
        let fields: Fields =
            serde_json::from_slice(content).map_err(|error| invalid(error.to_string()))?;
        // PostgreSQL takes no NUL in texts, and JSON has it by this escape alone.
        if content.windows(6).any(|bytes| bytes == br"\u0000") {
            return Err(invalid("it has a NUL; send text without"));
        }
        if fields.schema_version != 2 {
            return Err(invalid("schemaVersion must be 2"));
        }
        let media_type = fields.media_type(sent_as)?;
        let index = [INDEX_TYPE, DOCKER_LIST_TYPE].contains(&&*media_type);
        match (index, &fields.manifests, &fields.layers) {
            (true, Some(_), None) | (false, None, _) => {}
            (true, ..) => return Err(invalid("an index has manifests, and no layers")),
            (false, ..) => return Err(invalid("only an index has manifests")),
        }
        let kind = fields.kind(&media_type);
        if kind == ManifestKind::Sif {
            fields.check_sif()?;
        }
        Ok(Self {
            kind,
            media_type,
            artifact_type: fields.artifact_type(),
            subject: fields.subject.as_ref().map(|subject| subject.digest),
            annotations: first(fields.annotations.clone().unwrap_or_default()),
            parts: fields.parts()?,
        })
    }

    /// The SIF image, if that is what the manifest describes.
    pub(super) fn sif(&self) -> Option<&Descriptor> {
        let mut layers = self
            .parts
            .iter()
            .filter(|(role, _)| *role == PartRole::Layer);
        let layer = layers.next().map(|(_, layer)| layer);
        layer.filter(|_| self.kind == ManifestKind::Sif)
    }

    /// The blobs that must be here, with the sizes that they must have.
    pub(super) fn blobs(&self) -> BTreeMap<String, u64> {
        let here = [PartRole::Config, PartRole::Layer];
        let parts = self.parts.iter().filter(|(role, _)| here.contains(role));
        parts
            .map(|(_, part)| (part.digest.to_string(), part.size))
            .collect()
    }

    /// The size of a manifest of `length` bytes with all blobs that it names, each once.
    pub(super) fn size(&self, length: usize) -> u64 {
        let sizes: BTreeMap<_, _> = self
            .parts
            .iter()
            .filter(|(role, _)| *role != PartRole::Foreign && *role != PartRole::Manifest)
            .map(|(_, part)| (part.digest, part.size))
            .collect();
        sizes
            .values()
            .fold(length as u64, |sum, size| sum.saturating_add(*size))
    }
}

/// What a manifest that was sent as `sent_as` is.
///
/// # Errors
/// [`Error::Invalid`] for what is none, or is another than it was sent as.
pub fn kind_of(content: &[u8], sent_as: Option<&str>) -> Result<ManifestKind> {
    Ok(Document::read(content, sent_as)?.kind)
}

impl Fields {
    fn media_type(&self, sent_as: Option<&str>) -> Result<String> {
        let usual = match self.manifests {
            Some(_) => INDEX_TYPE,
            None => IMAGE_TYPE,
        };
        let media_type = match (&self.media_type, sent_as) {
            (Some(own), Some(sent)) if own != sent => {
                let why = format!("it was sent as {sent}, but says that it is {own}");
                return Err(invalid(why));
            }
            (Some(own), _) => own,
            (None, sent) => sent.unwrap_or(usual),
        };
        let known = [IMAGE_TYPE, INDEX_TYPE, DOCKER_IMAGE_TYPE, DOCKER_LIST_TYPE];
        if !known.contains(&media_type) {
            let why = format!("{media_type:?} is no manifest that is taken here; use {usual}");
            return Err(invalid(why));
        }
        Ok(media_type.to_owned())
    }

    fn kind(&self, media_type: &str) -> ManifestKind {
        if [INDEX_TYPE, DOCKER_LIST_TYPE].contains(&media_type) {
            return ManifestKind::Index;
        }
        let config = self.config.as_ref().map(|config| &*config.media_type);
        match self.layers.as_deref() {
            Some([only]) if SIF_LAYERS.contains(&&*only.media_type) => ManifestKind::Sif,
            _ if config.is_some_and(|config| IMAGE_CONFIGS.contains(&config)) => {
                ManifestKind::Image
            }
            _ => ManifestKind::Artifact,
        }
    }

    /// # Errors
    /// [`Error::Invalid`] where the image is not known by its SHA-256, as the library knows every image.
    fn check_sif(&self) -> Result<()> {
        let mut layers = self.layers.iter().flatten();
        match layers.all(|layer| layer.digest.kind() == Algorithm::Sha256) {
            true => Ok(()),
            false => Err(invalid(
                "a SIF image is known by its sha256 digest; push its layer by that one",
            )),
        }
    }

    /// What an index of referrers tells: where the type is empty or missing, that of the configuration (distribution-spec,
    /// "Listing Referrers").
    fn artifact_type(&self) -> Option<String> {
        let config = self.config.as_ref().map(|config| &config.media_type);
        let mut told = self.artifact_type.iter().chain(config);
        told.find(|kind| !kind.is_empty()).cloned()
    }

    fn parts(self) -> Result<Vec<(PartRole, Descriptor)>> {
        let config = self.config.into_iter().map(|part| (PartRole::Config, part));
        let layers = self.layers.into_iter().flatten();
        let layers = layers.map(|part| (role_of_layer(&part), part));
        let manifests = self.manifests.into_iter().flatten();
        let manifests = manifests.map(|part| (PartRole::Manifest, part));
        let parts: Vec<_> = config.chain(layers).chain(manifests).collect();
        if parts.len() > PARTS_MAX {
            return Err(invalid(format!("it names more than {PARTS_MAX} parts")));
        }
        let too_long = |(_, part): &&(PartRole, Descriptor)| part.media_type.len() > MEDIA_TYPE_MAX;
        if self
            .artifact_type
            .is_some_and(|kind| kind.len() > MEDIA_TYPE_MAX)
        {
            return Err(invalid("the artifact type is too long"));
        }
        match parts.iter().find(too_long) {
            Some((_, part)) => Err(invalid(format!(
                "the media type of {} is too long",
                part.digest
            ))),
            None => Ok(parts),
        }
    }
}

/// As many annotations as are known beside the manifest, in the order of their keys.
fn first(all: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut room = ANNOTATIONS_MAX;
    let fits = |(key, value): &(String, String)| {
        let left = room.checked_sub(key.len() + value.len());
        room = left.unwrap_or(0);
        left.is_some()
    };
    all.into_iter().take_while(fits).collect()
}

/// Layers of others' systems are fetched from them, never from here (image-spec, "Non-distributable Layers").
fn role_of_layer(layer: &Descriptor) -> PartRole {
    let foreign = ["nondistributable", "foreign"];
    match foreign.iter().any(|word| layer.media_type.contains(word)) {
        true => PartRole::Foreign,
        false => PartRole::Layer,
    }
}

fn invalid(why: impl Into<String>) -> Error {
    Error::invalid("manifest", why)
}
