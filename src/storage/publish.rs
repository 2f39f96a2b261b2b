use futures::TryStreamExt;

use super::{Algorithm, Digest, Staged, Storage, blob_path, error, staged_path};
use crate::error::{Error, Result};

impl Storage {
    /// Makes sure that what was staged so far is found after a power cut, for those who note its key. What is published at once does
    /// without.
    ///
    /// # Errors
    /// `Unavailable` when the backend fails.
    pub async fn settle(&self) -> Result<()> {
        self.backend.settle().await
    }

    /// Makes one staged object out of parts, in their order; a single part is taken as it is. The parts stay until
    /// they are discarded, so that a join that fails can be tried again.
    ///
    /// # Errors
    /// `NotFound` when a part is gone, `StorageFull`, `Internal` or `Unavailable` when one is shorter than it was or
    /// the backend fails.
    pub async fn join(&self, parts: &[Staged], name: &str) -> Result<Staged> {
        if let [only] = parts {
            return Ok(only.clone());
        }
        let mut whole = self.stage(name)?;
        for part in parts {
            let mut bytes = self
                .stream(&staged_path(&part.key)?, 0..part.size)
                .await
                .map_err(error::gone)?;
            while let Some(bytes) = bytes.try_next().await.map_err(error::from_io)? {
                whole.write(bytes).await?;
            }
        }
        whole.finish().await
    }

    /// Reads a staged object again and hashes it with another algorithm than it was hashed with when it came.
    ///
    /// # Errors
    /// `NotFound` when it is gone, `Internal` or `Unavailable` when the backend fails.
    pub async fn rehash(&self, staged: &Staged, algorithm: Algorithm) -> Result<Digest> {
        let path = staged_path(&staged.key)?;
        self.hash(&path, staged.size, algorithm, None)
            .await
            .map_err(error::gone)
    }

    /// Whether a blob has the bytes that were staged: whoever published them may have been stopped after it.
    ///
    /// # Errors
    /// `Unavailable` when the backend fails.
    pub async fn holds(&self, digest: &Digest, staged: &Staged) -> Result<bool> {
        let stored = self.blob(digest).await?;
        if stored.is_none_or(|blob| blob.size != staged.size) {
            return Ok(false);
        }
        let (path, known) = (blob_path(digest), staged.digest);
        match self.hash(&path, staged.size, known.kind(), None).await {
            Err(Error::NotFound(_)) => Ok(false),
            found => Ok(found? == known),
        }
    }

    /// Makes a blob of a staged object whose digest is the expected one, in one step: who looks sees all of it or
    /// nothing. On success the staged object is used up; else it stays. A blob that is there already is replaced by
    /// the same bytes: this heals one that was damaged, and its date is new for whoever collects by age.
    ///
    /// # Errors
    /// `Invalid` when the digests differ, `NotFound` when the staged object is gone, `Internal` when it is shorter
    /// than it was, `StorageFull`, `Unavailable`.
    pub async fn publish(&self, staged: &Staged, expected: &Digest) -> Result<()> {
        if staged.digest != *expected {
            return Err(Error::invalid(
                "digest",
                format!("the bytes have {}, expected {expected}", staged.digest),
            ));
        }
        let path = staged_path(&staged.key)?;
        let found = self
            .operator
            .stat(&path)
            .await
            .map_err(error::from_opendal)
            .map_err(error::gone)?
            .content_length();
        if found != staged.size {
            return Err(Error::Internal(anyhow::anyhow!(
                "{path} has {found} bytes, had {}",
                staged.size
            )));
        }
        self.backend
            .promote(&self.operator, &path, &blob_path(expected))
            .await
            .map_err(error::gone)
    }
}
