//! Bytes by digest, kept in a folder, an S3 bucket, or memory.
//!
//! Owns: the digest, the staging of uploads, the one atomic step that publishes a blob, reads of any range, and the
//! lists that garbage collection works from. Must not: know the database, HTTP, tags, or who may read what.
//!
//! Two trees: `staging/<name>.<random>` holds what is being uploaded and is never read as a blob;
//! `blobs/sha256/<first two hex digits>/<hex>` holds whole, verified blobs and nothing else. What was found to be damaged
//! is moved to `quarantine/`. An object beside them marks the place.
use std::time::{Duration, SystemTime};

use futures::{Stream, StreamExt, TryStreamExt, stream};
use opendal::{ErrorKind, Metadata, Operator};

use crate::error::{Error, Result};
use backend::Backend;
use transfers::Transfers;

mod ahead;
mod backend;
mod digest;
mod error;
mod mark;
mod publish;
mod read;
mod settings;
#[cfg(test)]
mod tests;
mod transfers;
mod upload;
mod verify;

pub use digest::{Algorithm, Digest};
pub use read::Source;
pub use settings::{Bucket, Settings};
pub use upload::{Staged, Writer};
pub use verify::{Aside, Health};

/// Where blobs live.
const BLOBS: &str = "blobs/";
/// Where uploads live until they are published.
const STAGING: &str = "staging/";
/// Where damaged blobs are put aside.
const QUARANTINE: &str = "quarantine/";
/// How long [`Storage::ready`] waits: shorter than the patience of a load balancer.
const READY_WITHIN: Duration = Duration::from_secs(3);

/// The place where bytes are kept. Cloning is cheap and shares the place.
#[derive(Clone, Debug)]
pub struct Storage {
    operator: Operator,
    backend: Backend,
    transfers: Transfers,
}

/// A published blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// What its bytes hash to.
    pub digest: Digest,
    /// How many bytes it has.
    pub size: u64,
    /// When it was last published; memory keeps no dates.
    pub published: Option<SystemTime>,
}

/// A staged object that nobody published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The key that [`Storage::discard`] takes.
    pub key: String,
    /// When its last byte was written.
    pub last_modified: SystemTime,
}

impl Storage {
    /// Opens the place that the settings describe and lays out its folders. A bucket is not asked here: whether it
    /// answers is what [`Storage::ready`] tells.
    ///
    /// # Errors
    /// `Invalid` when the settings are wrong or the folder cannot be made.
    pub async fn open(settings: Settings) -> Result<Self> {
        let (operator, backend) = backend::open(settings).await?;
        Ok(Self {
            operator,
            backend,
            transfers: Transfers::default(),
        })
    }

    /// Asks the backend for a sign of life, and waits three seconds at most.
    ///
    /// # Errors
    /// `Unavailable` when there is none: no route, no bucket, no permission, or the folder is no longer mounted.
    pub async fn ready(&self) -> Result<()> {
        match tokio::time::timeout(READY_WITHIN, self.backend.probe(&self.operator)).await {
            Ok(answer) => answer.map_err(error::unavailable),
            Err(late) => Err(error::unavailable(late)),
        }
    }

    /// Finds a blob; `None` when there is none.
    ///
    /// # Errors
    /// `Unavailable` when the backend does not answer.
    pub async fn blob(&self, digest: &Digest) -> Result<Option<Blob>> {
        match self.operator.stat(&blob_path(digest)).await {
            Ok(metadata) => Ok(Some(Blob::new(*digest, &metadata))),
            Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(None),
            Err(failure) => Err(error::from_opendal(failure)),
        }
    }

    /// Removes a blob; one that is not there is removed already. Whoever reads it from a folder right now reads on to
    /// its end.
    ///
    /// # Errors
    /// `Unavailable` when the backend does not answer.
    pub async fn remove(&self, digest: &Digest) -> Result<()> {
        self.delete(&blob_path(digest)).await
    }

    /// Lists all blobs, page by page and in no order. Files that are not named as blobs are passed over.
    pub fn blobs(&self) -> impl Stream<Item = Result<Blob>> + Send + 'static {
        let storage = self.clone();
        files(self.operator.clone(), BLOBS).try_filter_map(move |(path, metadata)| {
            let digest = digest_of(&path);
            let storage = storage.clone();
            async move {
                match digest {
                    // A lister that knows no sizes (memory) makes us ask for each.
                    Some(digest) if !metadata.is_file() => storage.blob(&digest).await,
                    Some(digest) => Ok(Some(Blob::new(digest, &metadata))),
                    None => Ok(None),
                }
            }
        })
    }

    /// Lists staged objects whose last byte was written longer than `age` ago. Memory keeps no dates and lists none.
    ///
    /// # Errors
    /// `Unavailable` when the backend does not answer.
    pub async fn staged_older_than(&self, age: Duration) -> Result<Vec<Leftover>> {
        let Some(limit) = SystemTime::now().checked_sub(age) else {
            return Ok(Vec::new());
        };
        files(self.operator.clone(), STAGING)
            .try_filter_map(async |(path, metadata)| {
                let last_modified = metadata.last_modified().map(SystemTime::from);
                Ok(last_modified
                    .filter(|written| *written < limit)
                    .and_then(|last_modified| {
                        Some(Leftover {
                            key: path.strip_prefix(STAGING)?.to_owned(),
                            last_modified,
                        })
                    }))
            })
            .try_collect()
            .await
    }

    /// Throws a staged object away; one that is not there is thrown away already.
    ///
    /// # Errors
    /// `Invalid` when this cannot be a key; `Unavailable` when the backend does not answer.
    pub async fn discard(&self, key: &str) -> Result<()> {
        self.delete(&staged_path(key)?).await
    }

    /// A folder's backend looks before it deletes, and somebody else may come in between.
    async fn delete(&self, path: &str) -> Result<()> {
        match self.operator.delete(path).await {
            Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(()),
            outcome => outcome.map_err(error::from_opendal),
        }
    }
}

impl Blob {
    fn new(digest: Digest, metadata: &Metadata) -> Self {
        let published = metadata.last_modified().map(SystemTime::from);
        Self {
            digest,
            size: metadata.content_length(),
            published,
        }
    }
}

/// The path of a blob, which exists only when the blob is whole.
fn blob_path(digest: &Digest) -> String {
    let hex = digest.hex();
    format!("{BLOBS}{}/{}/{hex}", digest.algorithm(), &hex[..2])
}

/// The digest that a path stands for.
fn digest_of(path: &str) -> Option<Digest> {
    let digest = path.strip_prefix(BLOBS)?.splitn(3, '/').collect::<Vec<_>>();
    let [algorithm, _, hex] = digest[..] else {
        return None;
    };
    let digest = format!("{algorithm}:{hex}").parse().ok()?;
    (blob_path(&digest) == path).then_some(digest)
}

/// The path of a staged object. Keys are names, not paths, so that none can reach out of the staging tree.
fn staged_path(key: &str) -> Result<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if key.is_empty() || key.len() > 200 || key.starts_with('.') || !key.bytes().all(plain) {
        return Err(Error::invalid(
            "staged key",
            "expected up to 200 letters, digits, `-`, `_` and `.`, not `.` first",
        ));
    }
    Ok(format!("{STAGING}{key}"))
}

/// All files below a folder, with what the lister knows about each.
fn files(
    operator: Operator,
    folder: &'static str,
) -> impl Stream<Item = Result<(String, Metadata)>> + Send + 'static {
    let entries = async move { operator.lister_with(folder).recursive(true).await };
    stream::once(entries)
        .try_flatten()
        .map_ok(opendal::Entry::into_parts)
        .map_err(error::from_opendal)
        .try_filter(|(_, metadata)| futures::future::ready(!metadata.is_dir()))
        .boxed()
}
