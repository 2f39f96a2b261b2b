//! OCI-SIF images: an OCI image index and its blobs as objects of a SIF image.

use std::collections::BTreeMap;
use std::io;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::arch::Arch;
use super::bytes::text;
use super::descriptor::{Entry, Kind};
use super::metadata::strings;
use super::partition::of;
use super::source::{Image, ReadAt};

/// The largest index, manifest or configuration that is read, in bytes.
const MAX_JSON: u64 = 4 << 20;
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// What the configuration of the image says.
#[derive(Debug, Default)]
pub(super) struct OciConfig {
    pub arch: Option<Arch>,
    pub labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Vec<Pointer>,
}

#[derive(Deserialize)]
struct Manifest {
    config: Pointer,
}

#[derive(Deserialize)]
struct Pointer {
    digest: String,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

impl Pointer {
    /// Signatures of cosign stand beside the image in the same index.
    fn is_cosign(&self) -> bool {
        let name = self.annotations.as_ref().and_then(|all| all.get(REF_NAME));
        name.is_some_and(|name| name.starts_with("_cosign"))
    }
}

/// Why there is no configuration.
pub(super) enum Missing {
    /// The image is odd; the words say how.
    Note(String),
    /// Reading failed.
    Io(io::Error),
}

impl From<io::Error> for Missing {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Follows the root index to the configuration of the first image in it.
pub(super) async fn config<S: ReadAt + ?Sized>(
    image: &Image<'_, S>,
    entries: &[Entry],
    root: &Entry,
) -> Result<OciConfig, Missing> {
    let index: Index = json(image, root, "index").await?;
    let pointer = index.manifests.iter().find(|pointer| !pointer.is_cosign());
    let pointer = pointer.ok_or_else(|| Missing::Note("the OCI index names no image".into()))?;
    let manifest: Manifest = json(image, blob(entries, pointer, "manifest")?, "manifest").await?;
    let config: Value = json(
        image,
        blob(entries, &manifest.config, "configuration")?,
        "configuration",
    )
    .await?;
    Ok(OciConfig {
        arch: config["architecture"]
            .as_str()
            .and_then(|name| name.parse().ok()),
        labels: strings(&config["config"]["Labels"]),
    })
}

/// The blob that `pointer` names by its digest.
fn blob<'a>(entries: &'a [Entry], pointer: &Pointer, what: &str) -> Result<&'a Entry, Missing> {
    let found = of(entries, Kind::OciBlob).find(|entry| text(&entry.extra) == pointer.digest);
    found.ok_or_else(|| Missing::Note(format!("the OCI {what} is not in the image")))
}

async fn json<T: DeserializeOwned, S: ReadAt + ?Sized>(
    image: &Image<'_, S>,
    entry: &Entry,
    what: &str,
) -> Result<T, Missing> {
    let bytes = image.object(&entry.descriptor, MAX_JSON).await?;
    let bytes = bytes
        .ok_or_else(|| Missing::Note(format!("the OCI {what} is larger than {MAX_JSON} bytes")))?;
    serde_json::from_slice(&bytes)
        .map_err(|_| Missing::Note(format!("the OCI {what} cannot be understood")))
}
