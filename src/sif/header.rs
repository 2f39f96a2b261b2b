//! The global header: the first 128 bytes.

use data_encoding::HEXLOWER;

use super::arch::Arch;
use super::bytes::{field, i64_at, text};
use super::damage::Damage;
use super::descriptor::DESCRIPTOR_LEN;

/// Length of the global header in bytes.
pub const HEADER_LEN: usize = 128;
/// The most descriptors, used or free, that a table may have; tools make 48.
pub(super) const MAX_DESCRIPTORS: u64 = 65_536;

const LAUNCH_LEN: usize = 32;
const MAGIC: [u8; 10] = *b"SIF_MAGIC\0";
const VERSION: [u8; 3] = *b"01\0";

/// What the global header says, checked as far as it can be without the rest of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The line that makes the image executable; mostly `#!/usr/bin/env run-singularity`, or empty.
    pub launch_script: String,
    /// Architecture of the primary partition.
    pub arch: Option<Arch>,
    /// Identity of the image, hyphenated; all zero for images that are built reproducibly.
    pub uuid: String,
    /// When it was made, in Unix seconds.
    pub created: i64,
    /// When it was changed, in Unix seconds.
    pub modified: i64,
    /// How many descriptors the table has, free ones included.
    pub total: u64,
    /// Where the table begins.
    pub table: u64,
    /// Byte after the last descriptor of the table.
    pub table_end: u64,
}

impl Header {
    /// Reads the first 128 bytes of a file; more are ignored.
    pub fn parse(bytes: &[u8]) -> Result<Self, Damage> {
        let bytes = bytes.get(..HEADER_LEN).ok_or(Damage::Short {
            len: bytes.len() as u64,
        })?;
        check_kind(bytes)?;
        let (total, table, table_end) = table_bounds(bytes)?;
        Ok(Self {
            launch_script: text(&bytes[..LAUNCH_LEN]),
            arch: Arch::from_code(field(bytes, 45)),
            uuid: hyphenate(&field(bytes, 48)),
            created: i64_at(bytes, 64),
            modified: i64_at(bytes, 72),
            total,
            table,
            table_end,
        })
    }

    /// Says whether the table lies within a file of `size` bytes.
    pub fn check_size(&self, size: u64) -> Result<(), Damage> {
        if self.table_end > size {
            return Err(Damage::TableCut {
                end: self.table_end,
                size,
            });
        }
        Ok(())
    }
}

fn check_kind(bytes: &[u8]) -> Result<(), Damage> {
    if field(bytes, LAUNCH_LEN) != MAGIC {
        return Err(Damage::Magic);
    }
    match field(bytes, 42) {
        VERSION => Ok(()),
        other => Err(Damage::Version {
            found: text(&other),
        }),
    }
}

/// Number of descriptors, begin and end of their table. How many are free is not looked at: no tool relies on it.
fn table_bounds(bytes: &[u8]) -> Result<(u64, u64, u64), Damage> {
    let (total, offset, len) = (i64_at(bytes, 88), i64_at(bytes, 96), i64_at(bytes, 104));
    let count = u64::try_from(total)
        .ok()
        .filter(|n| *n <= MAX_DESCRIPTORS)
        .ok_or(Damage::DescriptorCount { total })?;
    let needed = count * DESCRIPTOR_LEN as u64;
    if u64::try_from(len).map_or(true, |len| len < needed) {
        return Err(Damage::TableLength { len, total: count });
    }
    let begin = u64::try_from(offset)
        .ok()
        .filter(|at| *at >= HEADER_LEN as u64)
        .ok_or(Damage::TableOffset { offset })?;
    Ok((count, begin, begin.saturating_add(needed)))
}

fn hyphenate(uuid: &[u8; 16]) -> String {
    let parts = [0..4, 4..6, 6..8, 8..10, 10..16];
    parts.map(|part| HEXLOWER.encode(&uuid[part])).join("-")
}
