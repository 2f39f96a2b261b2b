//! Numbers and text from the fixed fields of headers and descriptors.

/// The `N` bytes of `record` at `at`; records have a fixed length, and `at` is a constant of the format.
pub(super) fn field<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    if let Some(found) = record.get(at..at.saturating_add(N)) {
        bytes.copy_from_slice(found);
    }
    bytes
}

/// A signed number of four bytes, little-endian.
pub(super) fn i32_at(record: &[u8], at: usize) -> i32 {
    i32::from_le_bytes(field(record, at))
}

/// An unsigned number of four bytes, little-endian.
pub(super) fn u32_at(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(field(record, at))
}

/// A signed number of eight bytes, little-endian.
pub(super) fn i64_at(record: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(field(record, at))
}

/// Text as it can be kept: invalid UTF-8 replaced, NULs at the end cut off, other NULs replaced (PostgreSQL takes none).
pub(super) fn text(bytes: &[u8]) -> String {
    printable(&String::from_utf8_lossy(bytes))
}

/// The same for what is a string already.
pub(super) fn printable(text: &str) -> String {
    text.trim_end_matches('\0').replace('\0', "\u{fffd}")
}
