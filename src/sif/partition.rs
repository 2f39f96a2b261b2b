//! Partitions, and the other objects that say all we need in their descriptor: bills of materials, crypto messages.

use serde::{Deserialize, Serialize};

use super::arch::Arch;
use super::bytes::{field, i32_at};
use super::damage::Damage;
use super::descriptor::{Entry, Kind};

/// The file system of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filesystem {
    /// Compressed and read-only: the usual one.
    Squashfs,
    /// Writable; used by overlays.
    Ext3,
    /// An archive, such as of `tar`.
    Archive,
    /// Bytes without a structure that is known to the image.
    Raw,
    /// Squashfs within an encrypted (LUKS) volume.
    EncryptedSquashfs,
    /// A code that is not known here.
    Unknown,
}

impl Filesystem {
    fn from_code(code: i32) -> Self {
        match code {
            1 => Self::Squashfs,
            2 => Self::Ext3,
            3 => Self::Archive,
            4 => Self::Raw,
            5 => Self::EncryptedSquashfs,
            _ => Self::Unknown,
        }
    }
}

/// What a partition is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
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

impl Role {
    fn from_code(code: i32) -> Self {
        match code {
            1 => Self::System,
            2 => Self::Primary,
            3 => Self::Data,
            4 => Self::Overlay,
            _ => Self::Unknown,
        }
    }
}

/// A file system within an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// Number of the object.
    pub id: u32,
    /// Its format.
    pub filesystem: Filesystem,
    /// What it is for.
    pub role: Role,
    /// The architecture of the programs in it.
    pub arch: Option<Arch>,
    /// Its length in bytes.
    pub size: u64,
}

/// A bill of materials within an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sbom {
    /// Number of the object.
    pub id: u32,
    /// Its format: `cyclonedx-json`, `spdx-json`, …, or `unknown`.
    pub format: String,
}

/// A message of cryptography within an image, such as the key of an encrypted partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CryptoMessage {
    /// Number of the object.
    pub id: u32,
    /// How it is written: `openpgp`, `pem` or `unknown`.
    pub format: String,
    /// What it is: `clear-sign`, `rsa-oaep` or `unknown`.
    pub message: String,
}

/// All partitions.
///
/// # Errors
/// [`Damage::TwoPrimaries`].
pub(super) fn partitions(entries: &[Entry]) -> Result<Vec<Partition>, Damage> {
    let all: Vec<_> = of(entries, Kind::Partition).map(partition).collect();
    let mut primaries = all.iter().filter(|part| part.role == Role::Primary);
    if let (Some(first), Some(second)) = (primaries.next(), primaries.next()) {
        return Err(Damage::TwoPrimaries {
            first: first.id,
            second: second.id,
        });
    }
    Ok(all)
}

fn partition(entry: &Entry) -> Partition {
    Partition {
        id: entry.descriptor.id,
        filesystem: Filesystem::from_code(i32_at(&entry.extra, 0)),
        role: Role::from_code(i32_at(&entry.extra, 4)),
        arch: Arch::from_code(field(&entry.extra, 8)),
        size: entry.descriptor.size,
    }
}

/// All bills of materials.
pub(super) fn sboms(entries: &[Entry]) -> Vec<Sbom> {
    let sbom = |entry: &Entry| Sbom {
        id: entry.descriptor.id,
        format: sbom_format(i32_at(&entry.extra, 0)).into(),
    };
    of(entries, Kind::Sbom).map(sbom).collect()
}

/// All crypto messages.
pub(super) fn crypto_messages(entries: &[Entry]) -> Vec<CryptoMessage> {
    of(entries, Kind::CryptoMessage)
        .map(crypto_message)
        .collect()
}

fn crypto_message(entry: &Entry) -> CryptoMessage {
    let format = match i32_at(&entry.extra, 0) {
        1 => "openpgp",
        2 => "pem",
        _ => "unknown",
    };
    let message = match i32_at(&entry.extra, 4) {
        0x100 => "clear-sign",
        0x200 => "rsa-oaep",
        _ => "unknown",
    };
    CryptoMessage {
        id: entry.descriptor.id,
        format: format.into(),
        message: message.into(),
    }
}

fn sbom_format(code: i32) -> &'static str {
    match code {
        1 => "cyclonedx-json",
        2 => "cyclonedx-xml",
        3 => "github-json",
        4 => "spdx-json",
        5 => "spdx-rdf",
        6 => "spdx-tag-value",
        7 => "spdx-yaml",
        8 => "syft-json",
        _ => "unknown",
    }
}

/// The entries of one kind.
pub(super) fn of(entries: &[Entry], kind: Kind) -> impl Iterator<Item = &Entry> {
    entries
        .iter()
        .filter(move |entry| entry.descriptor.kind == kind)
}
