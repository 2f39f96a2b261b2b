//! Manifests of what came without one, as bytes. People and lock files write their digests down, so what is written here
//! depends on nothing but the images: fields are in the order of their names, and stay so.
use bytes::Bytes;
use serde::Serialize;

use super::document::{IMAGE_TYPE, INDEX_TYPE, SIF_LAYERS};
use crate::registry::Digest;

/// The configuration of manifests that are made here.
pub(in crate::registry) const EMPTY: &[u8] = b"{}";
const SIF_CONFIG: &str = "application/vnd.sylabs.sif.config.v1+json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<Part<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<[Part<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifests: Option<Vec<Part<'a>>>,
    media_type: &'static str,
    schema_version: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'static str>,
    digest: &'a str,
    media_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Platform<'a>>,
    size: u64,
}

#[derive(Serialize)]
struct Annotations {
    #[serde(rename = "org.opencontainers.image.title")]
    title: &'static str,
}

#[derive(Serialize)]
struct Platform<'a> {
    architecture: &'a str,
    os: &'static str,
}

impl<'a> Part<'a> {
    fn new(media_type: &'a str, digest: &'a str, size: u64) -> Self {
        Self {
            annotations: None,
            data: None,
            digest,
            media_type,
            platform: None,
            size,
        }
    }
}

impl Manifest<'_> {
    fn write(&self) -> Bytes {
        let text = serde_json::to_vec(self);
        text.expect("a manifest is plain data").into()
    }
}

/// The manifest of a SIF image.
pub(super) fn of_sif(digest: &str, size: u64) -> Bytes {
    let empty = Digest::of(EMPTY).to_string();
    let config = Part {
        data: Some("e30="),
        ..Part::new(SIF_CONFIG, &empty, EMPTY.len() as u64)
    };
    let layer = Part {
        annotations: Some(Annotations { title: "image.sif" }),
        ..Part::new(SIF_LAYERS[0], digest, size)
    };
    let manifest = Manifest {
        config: Some(config),
        layers: Some([layer]),
        manifests: None,
        media_type: IMAGE_TYPE,
        schema_version: 2,
    };
    manifest.write()
}

/// An image in an index that is made here.
pub(super) struct Member<'a> {
    pub(super) media_type: &'a str,
    pub(super) digest: &'a str,
    pub(super) length: i32,
    pub(super) arch: &'a str,
}

impl<'a> From<&Member<'a>> for Part<'a> {
    fn from(member: &Member<'a>) -> Self {
        let platform = Platform {
            architecture: member.arch,
            os: "linux",
        };
        let size = u64::from(member.length.unsigned_abs());
        Self {
            platform: Some(platform),
            ..Self::new(member.media_type, member.digest, size)
        }
    }
}

/// The index of images of several architectures under one tag, in the order of the architectures' names.
pub(super) fn of_members(members: &[Member<'_>]) -> Bytes {
    let index = Manifest {
        config: None,
        layers: None,
        manifests: Some(members.iter().map(Part::from).collect()),
        media_type: INDEX_TYPE,
        schema_version: 2,
    };
    index.write()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIF: &str = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

    #[test]
    fn the_manifest_of_a_sif_image_never_changes() {
        let content = of_sif(SIF, 4096);
        let expected = concat!(
            r#"{"config":{"data":"e30=","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","#,
            r#""mediaType":"application/vnd.sylabs.sif.config.v1+json","size":2},"#,
            r#""layers":[{"annotations":{"org.opencontainers.image.title":"image.sif"},"#,
            r#""digest":"sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae","#,
            r#""mediaType":"application/vnd.sylabs.sif.layer.v1.sif","size":4096}],"#,
            r#""mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}"#,
        );
        assert_eq!(String::from_utf8_lossy(&content), expected);
        assert_eq!(
            Digest::of(&content).to_string(),
            "sha256:015804e3f6e773541fd3decf50e4e3364c49f26e6acb388b5969a822dc63fe88"
        );
    }

    #[test]
    fn the_index_of_several_architectures_never_changes() {
        let member = |arch| Member {
            media_type: IMAGE_TYPE,
            digest: SIF,
            length: 555,
            arch,
        };
        let content = of_members(&[member("amd64"), member("arm64")]);
        let expected = concat!(
            r#"{"manifests":[{"digest":"sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae","#,
            r#""mediaType":"application/vnd.oci.image.manifest.v1+json","#,
            r#""platform":{"architecture":"amd64","os":"linux"},"size":555},"#,
            r#"{"digest":"sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae","#,
            r#""mediaType":"application/vnd.oci.image.manifest.v1+json","#,
            r#""platform":{"architecture":"arm64","os":"linux"},"size":555}],"#,
            r#""mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2}"#,
        );
        assert_eq!(String::from_utf8_lossy(&content), expected);
        assert_eq!(
            Digest::of(&content).to_string(),
            "sha256:75ae58fef0edd0c08b71017e9bb3be30734003aa42a54c4b025d055505f71e77"
        );
    }
}
