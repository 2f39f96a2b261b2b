//! What an image says about itself.
use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{graphql::scalar::Bytes, registry::sif};

/// A key with its value.
#[derive(SimpleObject)]
pub(super) struct Pair {
    /// The key.
    key: String,
    /// The value; may be empty.
    value: String,
}

/// A map, or a part of one, as a list.
pub(super) fn pairs<'a>(map: impl Iterator<Item = (&'a String, &'a String)>) -> Vec<Pair> {
    let pair = |(key, value): (&String, &String)| Pair {
        key: key.clone(),
        value: value.clone(),
    };
    map.map(pair).collect()
}

/// An app within an image, by SCIF.
#[derive(SimpleObject)]
pub(super) struct App {
    /// Its name.
    name: String,
    /// Its labels, by key.
    labels: Vec<Pair>,
    /// Shell code that sets its environment, by path in the image.
    environment: Vec<Pair>,
    /// The script that runs when the app is run.
    runscript: Option<String>,
    /// The script that runs when an instance of it starts.
    startscript: Option<String>,
    /// The script that tests it.
    test: Option<String>,
    /// Its help text.
    help: Option<String>,
}

impl From<(&String, &sif::Metadata)> for App {
    fn from((name, app): (&String, &sif::Metadata)) -> Self {
        Self {
            name: name.clone(),
            labels: pairs(app.labels.iter()),
            environment: pairs(app.environment.iter()),
            runscript: app.runscript.clone(),
            startscript: app.startscript.clone(),
            test: app.test.clone(),
            help: app.help.clone(),
        }
    }
}

/// What an object of an image is.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "DescriptorKind", remote = "sif::Kind")]
enum Kind {
    /// The definition file that the image was built from.
    Definition,
    /// Environment variables.
    Environment,
    /// Labels, in the way that no tool writes any more.
    Labels,
    /// A file system.
    Partition,
    /// A signature of other objects.
    Signature,
    /// JSON; its name tells what it says.
    Json,
    /// Anything.
    Generic,
    /// A message encrypted or signed by a key.
    CryptoMessage,
    /// A software bill of materials.
    Sbom,
    /// The index of an OCI-SIF image.
    OciRootIndex,
    /// A blob of an OCI-SIF image.
    OciBlob,
    /// A type that is not known here.
    Unknown,
}

/// One object of an image: an entry of its table.
#[derive(SimpleObject)]
pub(super) struct Descriptor {
    /// Its number, from 1.
    id: u32,
    /// What it is.
    kind: Kind,
    /// The group it is in.
    group: Option<u32>,
    /// The number of the object that it belongs to.
    linked_object: Option<u32>,
    /// The number of the group that it belongs to.
    linked_group: Option<u32>,
    /// Where it begins in the file, in bytes.
    offset: Bytes,
    /// Its length in bytes.
    size: Bytes,
    /// Its name; often empty.
    name: String,
    /// When it was added; null for images that are built reproducibly.
    created_at: Option<DateTime<Utc>>,
}

impl From<&sif::Descriptor> for Descriptor {
    fn from(object: &sif::Descriptor) -> Self {
        let (linked_object, linked_group) = linked(object.link);
        Self {
            id: object.id,
            kind: object.kind.into(),
            group: object.group,
            linked_object,
            linked_group,
            offset: Bytes(object.offset),
            size: Bytes(object.size),
            name: object.name.clone(),
            created_at: DateTime::from_timestamp(object.created, 0).filter(|at| at.timestamp() > 0),
        }
    }
}

/// The numbers of the object and of the group that a link names.
fn linked(link: Option<sif::Link>) -> (Option<u32>, Option<u32>) {
    match link {
        Some(sif::Link::Object(object)) => (Some(object), None),
        Some(sif::Link::Group(group)) => (None, Some(group)),
        None => (None, None),
    }
}

/// The file system of a partition.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "sif::Filesystem")]
enum Filesystem {
    /// Compressed and read-only: the usual one.
    Squashfs,
    /// Writable; used by overlays.
    Ext3,
    /// An archive.
    Archive,
    /// Bytes without a structure that is known to the image.
    Raw,
    /// Squashfs within an encrypted volume.
    EncryptedSquashfs,
    /// A code that is not known here.
    Unknown,
}

/// What a partition is for.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "PartitionRole", remote = "sif::Role")]
enum Role {
    /// A root file system, but not the one that is run.
    System,
    /// The root file system that is run.
    Primary,
    /// Data beside the root file system.
    Data,
    /// Changes laid over the root file system.
    Overlay,
    /// A code that is not known here.
    Unknown,
}

/// A file system within an image.
#[derive(SimpleObject)]
pub(super) struct Partition {
    /// The number of its descriptor.
    id: u32,
    /// Its format.
    filesystem: Filesystem,
    /// What it is for.
    role: Role,
    /// The architecture of the programs in it, as Go names it.
    arch: Option<String>,
    /// Its length in bytes.
    size: Bytes,
}

impl From<&sif::Partition> for Partition {
    fn from(partition: &sif::Partition) -> Self {
        Self {
            id: partition.id,
            filesystem: partition.filesystem.into(),
            role: partition.role.into(),
            arch: partition.arch.map(|arch| arch.to_string()),
            size: Bytes(partition.size),
        }
    }
}

/// How a signature is written.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "sif::SignatureKind")]
enum SignatureKind {
    /// Clear-signed text of OpenPGP about a list of digests.
    PgpClearsign,
    /// A DSSE envelope, signed with a key that is not of OpenPGP.
    Dsse,
    /// Clear-signed text of OpenPGP about one digest, as before Singularity 3.6.
    Legacy,
    /// Something else.
    Unknown,
}

/// A signature within an image. It was listed, not checked.
#[derive(SimpleObject)]
pub(super) struct Signature {
    /// The number of its descriptor.
    id: u32,
    /// How it is written.
    kind: SignatureKind,
    /// The hash that is signed: `sha256`, `sha384`, `sha512`, `blake2s-256`, `blake2b-256` or `unknown`.
    hash: String,
    /// The fingerprint of the OpenPGP key that the file names: 40 upper-case hexadecimal digits.
    fingerprint: Option<String>,
    /// The number of the object that it signs.
    signed_object: Option<u32>,
    /// The number of the group that it signs.
    signed_group: Option<u32>,
}

impl From<sif::Signature> for Signature {
    fn from(signature: sif::Signature) -> Self {
        let (signed_object, signed_group) = linked(signature.signs);
        Self {
            id: signature.id,
            kind: signature.kind.into(),
            hash: signature.hash,
            fingerprint: signature.fingerprint,
            signed_object,
            signed_group,
        }
    }
}

/// A software bill of materials within an image.
#[derive(SimpleObject)]
pub(super) struct Sbom {
    /// The number of its descriptor.
    id: u32,
    /// Its format, such as `cyclonedx-json` or `spdx-json`; `unknown` if it is not known here.
    format: String,
}

impl From<&sif::Sbom> for Sbom {
    fn from(sbom: &sif::Sbom) -> Self {
        Self {
            id: sbom.id,
            format: sbom.format.clone(),
        }
    }
}
