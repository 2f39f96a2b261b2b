use std::time::Duration;

use futures::TryStreamExt;
use opendal::ErrorKind;

use super::{Algorithm, Digest, QUARANTINE, Storage, backend, blob_path, error, files};
use crate::error::{Error, Result};

/// What is found when a blob is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It is what it was.
    Sound,
    /// Its bytes are others, or fewer.
    Damaged,
    /// It is not there.
    Missing,
}

impl Storage {
    /// Reads a blob again and compares it with its digest. `pace` is how long each MiB takes at least.
    ///
    /// # Errors
    /// `Unavailable` when the backend fails, which says nothing about the blob.
    pub async fn verify(&self, digest: &Digest, size: u64, pace: Duration) -> Result<Health> {
        match self.blob(digest).await? {
            None => return Ok(Health::Missing),
            Some(blob) if blob.size != size => return Ok(Health::Damaged),
            Some(_) => {}
        }
        match self
            .hash(&blob_path(digest), size, digest.kind(), pace)
            .await
        {
            Ok(found) if found == *digest => Ok(Health::Sound),
            Ok(_) => Ok(Health::Damaged),
            Err(Error::NotFound(_)) => Ok(Health::Missing),
            Err(error) => Err(error),
        }
    }

    /// Hashes an object.
    pub(super) async fn hash(
        &self,
        path: &str,
        size: u64,
        algorithm: Algorithm,
        pace: Duration,
    ) -> Result<Digest> {
        let mut hash = algorithm.context();
        let mut bytes = self.stream(path, 0..size).await?;
        while let Some(bytes) = bytes.try_next().await.map_err(error::from_io)? {
            let mebibytes = u32::try_from(bytes.len().div_ceil(1 << 20)).unwrap_or(u32::MAX);
            let hashing = backend::blocking(move || {
                hash.update(&bytes);
                hash
            });
            let (hashed, ()) = tokio::join!(hashing, tokio::time::sleep(pace * mebibytes));
            hash = hashed?;
        }
        Ok(Digest::finish(hash))
    }

    /// Puts a damaged blob where nobody reads it and somebody may look at it. One that turns out to be sound, because it
    /// was pushed again meanwhile, goes back.
    ///
    /// # Errors
    /// `Unavailable` when the backend fails.
    pub async fn put_aside(&self, digest: &Digest) -> Result<()> {
        let (path, aside) = (blob_path(digest), aside_path(digest));
        match self.backend.promote(&self.operator, &path, &aside).await {
            Err(Error::NotFound(_)) => return Ok(()),
            moved => moved?,
        }
        let size = match self.operator.stat(&aside).await {
            Ok(metadata) => metadata.content_length(),
            Err(gone) if gone.kind() == ErrorKind::NotFound => return Ok(()),
            Err(failure) => return Err(error::from_opendal(failure)),
        };
        let found = self
            .hash(&aside, size, digest.kind(), Duration::ZERO)
            .await?;
        if found == *digest {
            self.backend.promote(&self.operator, &aside, &path).await?;
        }
        Ok(())
    }

    /// Puts back what was put aside and is sound: whoever put it aside was stopped before they had looked. Tells what came
    /// back.
    ///
    /// # Errors
    /// `Unavailable` when the backend fails.
    pub async fn put_back(&self) -> Result<Vec<Digest>> {
        let aside: Vec<_> = files(self.operator.clone(), QUARANTINE)
            .try_collect()
            .await?;
        let mut back = Vec::new();
        for (path, _) in aside {
            let Some(digest) = digest_aside(&path) else {
                continue;
            };
            if self.blob(&digest).await?.is_none() && self.is_sound(&path, &digest).await? {
                let to = blob_path(&digest);
                self.backend.promote(&self.operator, &path, &to).await?;
                back.push(digest);
            }
        }
        Ok(back)
    }

    async fn is_sound(&self, path: &str, digest: &Digest) -> Result<bool> {
        let metadata = self.operator.stat(path).await;
        let size = metadata.map_err(error::from_opendal)?.content_length();
        let found = self.hash(path, size, digest.kind(), Duration::ZERO).await?;
        Ok(found == *digest)
    }
}

/// The digest of what was put aside at that path.
fn digest_aside(path: &str) -> Option<Digest> {
    let name = path.strip_prefix(QUARANTINE)?;
    name.replacen('-', ":", 1).parse().ok()
}

fn aside_path(digest: &Digest) -> String {
    format!("{QUARANTINE}{}-{}", digest.algorithm(), digest.hex())
}
