//! Descriptors: one record of 585 bytes for each object of an image.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::bytes::{i32_at, i64_at, text, u32_at};
use super::damage::Damage;
use super::header::Header;

/// Length of a descriptor in bytes.
pub(super) const DESCRIPTOR_LEN: usize = 585;
/// The most objects that are listed; real images hold a handful, OCI-SIF images one for each layer.
pub(super) const MAX_OBJECTS: usize = 4096;

const EXTRA_AT: usize = 201;
const GROUP_MASK: u32 = 0xf000_0000;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
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
    /// JSON; what it says is told by its name.
    Json,
    /// Anything.
    Generic,
    /// A message encrypted or signed by a key, such as the key of an encrypted partition.
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

impl Kind {
    fn from_code(code: i32) -> Self {
        match code {
            0x4001 => Self::Definition,
            0x4002 => Self::Environment,
            0x4003 => Self::Labels,
            0x4004 => Self::Partition,
            0x4005 => Self::Signature,
            0x4006 => Self::Json,
            0x4007 => Self::Generic,
            0x4008 => Self::CryptoMessage,
            0x4009 => Self::Sbom,
            0x400a => Self::OciRootIndex,
            0x400b => Self::OciBlob,
            _ => Self::Unknown,
        }
    }

    /// What it is called, in words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Definition => "definition file",
            Self::Environment => "environment variables",
            Self::Labels => "labels",
            Self::Partition => "partition",
            Self::Signature => "signature",
            Self::Json => "JSON",
            Self::Generic => "generic data",
            Self::CryptoMessage => "cryptographic message",
            Self::Sbom => "bill of materials",
            Self::OciRootIndex => "OCI index",
            Self::OciBlob => "OCI blob",
            Self::Unknown => "unknown type",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an object belongs to, such as what a signature signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// All objects of a group.
    Group(u32),
    /// One object.
    Object(u32),
}

/// One object of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    /// Number of the object, from 1.
    pub id: u32,
    /// What it is.
    pub kind: Kind,
    /// The group it is in.
    pub group: Option<u32>,
    /// What it belongs to.
    pub link: Option<Link>,
    /// Where it begins in the file.
    pub offset: u64,
    /// Its length in bytes.
    pub size: u64,
    /// Its name; often empty or a dot.
    pub name: String,
    /// When it was added, in Unix seconds.
    pub created: i64,
}

/// A descriptor together with what is particular to its kind.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub descriptor: Descriptor,
    /// 384 bytes, read by the kind: partition, signature, …
    pub extra: Vec<u8>,
}

impl Entry {
    /// Reads a record of 585 bytes; `None` for a free one. Offset and size are within `size` bytes of file afterwards.
    pub fn parse(record: &[u8], header: &Header, size: u64) -> Result<Option<Self>, Damage> {
        if record[4] == 0 {
            return Ok(None);
        }
        let (id, kind) = (u32_at(record, 5), Kind::from_code(i32_at(record, 0)));
        let (Ok(offset), Ok(len)) = (
            u64::try_from(i64_at(record, 17)),
            u64::try_from(i64_at(record, 25)),
        ) else {
            return Err(Damage::Negative { id, kind });
        };
        let descriptor = Descriptor {
            id,
            kind,
            group: number(u32_at(record, 9)),
            link: link(u32_at(record, 13)),
            offset,
            size: len,
            name: text(&record[73..EXTRA_AT]),
            created: i64_at(record, 41),
        };
        descriptor.check(header, size)?;
        Ok(Some(Self {
            descriptor,
            extra: record[EXTRA_AT..].to_vec(),
        }))
    }
}

impl Descriptor {
    /// An empty object lies nowhere: tools give it the offset that it would have, even behind the end of the file.
    fn check(&self, header: &Header, size: u64) -> Result<(), Damage> {
        if self.size == 0 {
            return Ok(());
        }
        let (id, kind, end) = (self.id, self.kind, self.offset.saturating_add(self.size));
        if end > size {
            return Err(Damage::ObjectCut {
                id,
                kind,
                end,
                size,
            });
        }
        let in_header = self.offset < super::HEADER_LEN as u64;
        if in_header || (self.offset < header.table_end && end > header.table) {
            return Err(Damage::InsideTable { id, kind });
        }
        Ok(())
    }
}

/// The low 28 bits; groups are stored with the high ones set.
fn number(raw: u32) -> Option<u32> {
    Some(raw & !GROUP_MASK).filter(|number| *number != 0)
}

fn link(raw: u32) -> Option<Link> {
    let to = number(raw)?;
    Some(if raw & GROUP_MASK == GROUP_MASK {
        Link::Group(to)
    } else {
        Link::Object(to)
    })
}
