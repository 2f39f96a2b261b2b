use std::time::{Duration, SystemTime};

use futures::{Stream, TryStreamExt};
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

/// A damaged blob that was put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aside {
    /// Which one it should be.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
    /// When it was put aside; memory keeps no dates.
    pub since: Option<SystemTime>,
}

impl Storage {
    /// Reads a blob again, at most `rate` bytes in a second, and compares it with its digest.
    ///
    /// # Errors
    /// `Unavailable` when the backend fails, which says nothing about the blob.
    pub async fn verify(&self, digest: &Digest, size: u64, rate: Option<u64>) -> Result<Health> {
        match self.blob(digest).await? {
            None => return Ok(Health::Missing),
            Some(blob) if blob.size != size => return Ok(Health::Damaged),
            Some(_) => {}
        }
        match self
            .hash(&blob_path(digest), size, digest.kind(), rate)
            .await
        {
            Ok(found) if found == *digest => Ok(Health::Sound),
            Ok(_) => Ok(Health::Damaged),
            Err(Error::NotFound(_)) => Ok(Health::Missing),
            Err(error) => Err(error),
        }
    }

    /// Hashes an object, at most `rate` bytes in a second.
    pub(super) async fn hash(
        &self,
        path: &str,
        size: u64,
        algorithm: Algorithm,
        rate: Option<u64>,
    ) -> Result<Digest> {
        let mut hash = algorithm.context();
        let mut bytes = self.stream(path, 0..size).await?;
        while let Some(bytes) = bytes.try_next().await.map_err(error::from_io)? {
            let pause = rate.map_or(Duration::ZERO, |rate| pause(bytes.len(), rate));
            let hashing = backend::blocking(move || {
                hash.update(&bytes);
                hash
            });
            let (hashed, ()) = tokio::join!(hashing, tokio::time::sleep(pause));
            hash = hashed?;
        }
        Ok(Digest::finish(hash))
    }

    /// Puts a damaged blob where nobody reads it and somebody may look at it. One that turns out to be sound, because it
    /// was pushed again meanwhile, goes back.
    ///
    /// # Errors
    /// `Unavailable` when the backend fails.
    pub async fn put_aside(&self, digest: &Digest, rate: Option<u64>) -> Result<()> {
        let (path, aside) = (blob_path(digest), aside_path(digest));
        match self.backend.promote(&self.operator, &path, &aside).await {
            Err(Error::NotFound(_)) => return Ok(()),
            moved => moved?,
        }
        self.put_back(digest, rate).await.map(drop)
    }

    /// Puts back what was put aside, if it is sound. False: it is damaged, or not there.
    ///
    /// # Errors
    /// `Unavailable` when the backend fails.
    pub async fn put_back(&self, digest: &Digest, rate: Option<u64>) -> Result<bool> {
        let (path, aside) = (blob_path(digest), aside_path(digest));
        let size = match self.operator.stat(&aside).await {
            Ok(metadata) => metadata.content_length(),
            Err(gone) if gone.kind() == ErrorKind::NotFound => return Ok(false),
            Err(failure) => return Err(error::from_opendal(failure)),
        };
        if self.hash(&aside, size, digest.kind(), rate).await? != *digest {
            return Ok(false);
        }
        self.backend.promote(&self.operator, &aside, &path).await?;
        Ok(true)
    }

    /// Lists what was put aside, page by page and in no order.
    pub fn aside(&self) -> impl Stream<Item = Result<Aside>> + Send + 'static {
        let operator = self.operator.clone();
        files(operator.clone(), QUARANTINE).try_filter_map(move |(path, listed)| {
            let operator = operator.clone();
            async move {
                let Some(digest) = digest_aside(&path) else {
                    return Ok(None);
                };
                // A lister that knows no sizes (memory) makes us ask for each.
                let metadata = match listed.is_file() {
                    true => listed,
                    false => operator.stat(&path).await.map_err(error::from_opendal)?,
                };
                Ok(Some(Aside {
                    digest,
                    size: metadata.content_length(),
                    since: metadata.last_modified().map(SystemTime::from),
                }))
            }
        })
    }

    /// Throws away what was put aside; what is not there is thrown away already.
    ///
    /// # Errors
    /// `Unavailable` when the backend fails.
    pub async fn drop_aside(&self, digest: &Digest) -> Result<()> {
        self.delete(&aside_path(digest)).await
    }
}

/// How long so many bytes take at least, at so many in a second.
fn pause(bytes: usize, rate: u64) -> Duration {
    Duration::from_secs_f64(bytes as f64 / rate.max(1) as f64)
}

/// The digest of what was put aside at that path.
fn digest_aside(path: &str) -> Option<Digest> {
    let name = path.strip_prefix(QUARANTINE)?;
    name.replacen('-', ":", 1).parse().ok()
}

fn aside_path(digest: &Digest) -> String {
    format!("{QUARANTINE}{}-{}", digest.algorithm(), digest.hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_add_up_to_what_the_rate_allows() {
        for (pieces, rate, seconds) in [(10, 1_000_000, 1), (10, 100_000, 10), (1, 1, 100_000)] {
            let all: Duration = (0..pieces).map(|_| pause(100_000, rate)).sum();
            assert_eq!(all, Duration::from_secs(seconds));
        }
        assert_eq!(pause(5, 0), pause(5, 1), "no rate is no end");
    }
}
