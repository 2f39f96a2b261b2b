//! Why an image is refused.

use super::descriptor::{Kind, MAX_OBJECTS};
use super::header::{HEADER_LEN, MAX_DESCRIPTORS};

/// What is wrong with an image, in words for whoever pushed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The file is shorter than a header.
    #[error("this is not a SIF image: it has {len} bytes, and the header alone takes {HEADER_LEN}")]
    Short {
        /// Length of the file in bytes.
        len: u64,
    },
    /// The file begins as something else.
    #[error("this is not a SIF image: the magic word SIF_MAGIC is missing at byte 32")]
    Magic,
    /// The header is of a version that nobody has written yet.
    #[error("the image has SIF version {found:?}, but only \"01\" can be read")]
    Version {
        /// The version field, without its padding.
        found: String,
    },
    /// The header counts an impossible number of descriptors.
    #[error(
        "the header counts {total} descriptors, but only 0 to {MAX_DESCRIPTORS} are possible: the image is damaged"
    )]
    DescriptorCount {
        /// The number in the header.
        total: i64,
    },
    /// The descriptor table is too small for what it should hold.
    #[error(
        "the descriptor table has {len} bytes, too few for {total} descriptors: the image is damaged"
    )]
    TableLength {
        /// Length of the table in bytes, as the header has it.
        len: i64,
        /// The number of descriptors, as the header has it.
        total: u64,
    },
    /// The descriptor table begins before the file does or inside the header.
    #[error(
        "the descriptor table begins at byte {offset}, inside the header: the image is damaged"
    )]
    TableOffset {
        /// Begin of the table, as the header has it.
        offset: i64,
    },
    /// The descriptor table lies outside of the file.
    #[error(
        "the descriptor table reaches to byte {end}, but the file ends at {size}: the upload was cut or the image is damaged"
    )]
    TableCut {
        /// Byte after the last descriptor.
        end: u64,
        /// Length of the file in bytes.
        size: u64,
    },
    /// More objects than this server lists.
    #[error(
        "the image holds more than {MAX_OBJECTS} objects, which is more than this server takes"
    )]
    TooManyObjects,
    /// An offset or a size is below zero.
    #[error("descriptor {id} ({kind}) has a negative offset or size: the image is damaged")]
    Negative {
        /// Number of the object.
        id: u32,
        /// What the object is.
        kind: Kind,
    },
    /// An object lies where the header or the descriptors are.
    #[error(
        "descriptor {id} ({kind}) points into the header or the descriptor table: the image is damaged"
    )]
    InsideTable {
        /// Number of the object.
        id: u32,
        /// What the object is.
        kind: Kind,
    },
    /// An object lies outside of the file.
    #[error(
        "descriptor {id} ({kind}) reaches to byte {end}, but the file ends at {size}: the upload was cut or the image is damaged"
    )]
    ObjectCut {
        /// Number of the object.
        id: u32,
        /// What the object is.
        kind: Kind,
        /// Byte after the object.
        end: u64,
        /// Length of the file in bytes.
        size: u64,
    },
    /// An image has one root file system at most.
    #[error(
        "descriptors {first} and {second} are both the primary partition, but an image has only one"
    )]
    TwoPrimaries {
        /// Number of the first one.
        first: u32,
        /// Number of the other one.
        second: u32,
    },
}

/// Why there is no [`Inspection`](super::Inspection).
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The image is to blame.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The bytes could not be read; says nothing about the image.
    #[error("reading the image failed: {0}")]
    Io(#[from] std::io::Error),
}
