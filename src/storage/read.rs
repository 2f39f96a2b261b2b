use std::io;
use std::ops::Range;

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};

use super::{Digest, Staged, Storage, blob_path, error, staged_path};
use crate::error::Result;

/// How many pieces a download from a folder holds: one on its way to the client, one that is read. From a bucket come
/// several more at once.
const HELD: usize = 2;

/// A blob or a staged object that is read here and there.
pub struct Source {
    reader: opendal::Reader,
    size: u64,
}

impl Source {
    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads `len` bytes from `offset`, fewer only where the object ends.
    ///
    /// # Errors
    /// The backend's failure; an object that became shorter is one.
    pub async fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let end = offset.saturating_add(len as u64).min(self.size);
        if offset >= end {
            return Ok(Vec::new());
        }
        Ok(self.reader.read(offset..end).await?.to_vec())
    }
}

impl Storage {
    /// Reads a range of a blob's bytes, in pieces of some MiB. A failure in the middle ends the stream with an error,
    /// so a body is never silently short; OpenDAL sees to it that each read is as long as asked.
    ///
    /// # Errors
    /// `NotFound` when there is no such blob, `Internal` or `Unavailable` when the range ends behind it or the
    /// backend fails.
    pub async fn read(
        &self,
        digest: &Digest,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + Unpin + use<>> {
        self.stream(&blob_path(digest), range).await
    }

    /// Opens a blob for reading here and there.
    ///
    /// # Errors
    /// `NotFound` when there is no such blob, `Unavailable`.
    pub async fn source(&self, digest: &Digest) -> Result<Source> {
        self.source_at(&blob_path(digest)).await
    }

    /// Opens a staged object for reading here and there.
    ///
    /// # Errors
    /// `NotFound` when it is gone, `Unavailable`.
    pub async fn staged_source(&self, staged: &Staged) -> Result<Source> {
        self.source_at(&staged_path(&staged.key)?)
            .await
            .map_err(error::gone)
    }

    async fn source_at(&self, path: &str) -> Result<Source> {
        let size = self
            .operator
            .stat(path)
            .await
            .map_err(error::from_opendal)?
            .content_length();
        let reader = self
            .operator
            .reader(path)
            .await
            .map_err(error::from_opendal)?;
        Ok(Source { reader, size })
    }

    /// Waits for the first bytes, so that what is missing fails here and not in the middle of an answer.
    pub(super) async fn stream(
        &self,
        path: &str,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + Unpin + use<>> {
        if range.is_empty() {
            self.operator
                .stat(path)
                .await
                .map_err(error::from_opendal)?;
        }
        let transfer = self.transfers.begin();
        let at_once = self.backend.reads_at_once();
        let reader = self
            .operator
            .reader_with(path)
            .chunk(transfer.piece(HELD * at_once))
            .concurrent(at_once);
        let reader = reader.await.map_err(error::from_opendal)?;
        let end = range.end.max(range.start);
        let mut bytes = reader
            .into_bytes_stream(range.start..end)
            .await
            .map_err(error::from_opendal)?;
        let first = bytes.try_next().await.map_err(error::from_io)?;
        Ok(stream::iter(first.map(Ok)).chain(bytes).inspect(move |_| {
            // Held until the stream is dropped.
            let _running = &transfer;
        }))
    }
}
