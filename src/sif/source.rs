//! Where the bytes of an image come from, and how many of them are read at once.

use std::future::Future;
use std::io;

use super::damage::{Damage, InspectError};
use super::descriptor::{DESCRIPTOR_LEN, Descriptor, Entry, MAX_OBJECTS};
use super::header::Header;

/// Read first, in one piece: in nearly all images that is the header and all descriptors.
const HEAD_LEN: u64 = 32 << 10;
/// How many descriptors are read at once if they are not in the head: a bit less than 1 MiB.
const PIECE: u64 = 1792;

/// Something with bytes at offsets: a slice, a file, a blob in object storage.
pub trait ReadAt: Sync {
    /// Reads exactly `len` bytes from `offset` on.
    ///
    /// # Errors
    /// Any; [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) where the bytes are not there.
    fn read_at(&self, offset: u64, len: usize) -> impl Future<Output = io::Result<Vec<u8>>> + Send;
}

impl ReadAt for [u8] {
    async fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let begin = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let end = begin.checked_add(len).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(self
            .get(begin..end)
            .ok_or(io::ErrorKind::UnexpectedEof)?
            .to_vec())
    }
}

/// An image of known length, its beginning at hand.
pub(super) struct Image<'a, S: ?Sized> {
    source: &'a S,
    size: u64,
    head: Vec<u8>,
}

impl<'a, S: ReadAt + ?Sized> Image<'a, S> {
    /// Reads the beginning of `source`, which has `size` bytes.
    pub async fn open(source: &'a S, size: u64) -> io::Result<Self> {
        let image = Self {
            source,
            size,
            head: Vec::new(),
        };
        let head = image.read(0, size.min(HEAD_LEN)).await?;
        Ok(Self { head, ..image })
    }

    /// The beginning of the image: 32 KiB, or all of a smaller one.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Reads all descriptors that are in use, in the order of the table, each checked by itself.
    pub async fn entries(&self, header: &Header) -> Result<Vec<Entry>, InspectError> {
        header.check_size(self.size)?;
        let (mut entries, mut at) = (Vec::new(), header.table);
        while at < header.table_end {
            let len = (header.table_end - at).min(PIECE * DESCRIPTOR_LEN as u64);
            let piece = self.read(at, len).await?;
            for record in piece.chunks_exact(DESCRIPTOR_LEN) {
                entries.extend(Entry::parse(record, header, self.size)?);
            }
            if entries.len() > MAX_OBJECTS {
                return Err(Damage::TooManyObjects.into());
            }
            at += len;
        }
        Ok(entries)
    }

    /// Reads an object; `None` if it has more than `cap` bytes.
    pub async fn object(&self, object: &Descriptor, cap: u64) -> io::Result<Option<Vec<u8>>> {
        if object.size > cap {
            return Ok(None);
        }
        self.prefix(object, cap).await.map(Some)
    }

    /// Reads the first `len` bytes of an object, or all of a smaller one.
    pub async fn prefix(&self, object: &Descriptor, len: u64) -> io::Result<Vec<u8>> {
        match object.size.min(len) {
            0 => Ok(Vec::new()),
            len => self.read(object.offset, len).await,
        }
    }

    /// Callers ask for ranges within the file, of a length bounded by a constant.
    async fn read(&self, offset: u64, len: u64) -> io::Result<Vec<u8>> {
        let len = usize::try_from(len).map_err(io::Error::other)?;
        let begin = usize::try_from(offset).unwrap_or(usize::MAX);
        if let Some(bytes) = self.head.get(begin..begin.saturating_add(len)) {
            return Ok(bytes.to_vec());
        }
        let bytes = self.source.read_at(offset, len).await?;
        if bytes.len() != len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }
}
