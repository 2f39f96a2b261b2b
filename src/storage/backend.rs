use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures::TryStreamExt;
use opendal::layers::{RetryLayer, TimeoutLayer};
use opendal::{Operator, services};

use super::{BLOBS, Bucket, STAGING, Settings, error, mark::MARK};
use crate::{
    config::make_private,
    error::{Error, Result},
};

/// A part of a server-side copy: some seconds of a server's work, and 10,000 of them make 1.2 TiB.
const COPY_PART: usize = 128 << 20;
/// How many parts of one upload or copy are on their way at once.
const PARTS_AT_ONCE: usize = 2;
/// How many reads of one download from a bucket are on their way at once, to hide the way there and back.
const READS_AT_ONCE: usize = 4;

/// What differs between the places: how to make sure that bytes stay, and how a staged object becomes a blob.
#[derive(Clone, Debug)]
pub(super) enum Backend {
    /// A folder.
    Folder(Arc<Folder>),
    /// A bucket.
    Bucket,
    /// Memory.
    Memory,
}

/// A folder that blobs are in.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// Those below it whose own entries are known to be durable: blobs are spread over a few hundred, and none ever goes.
    settled: Mutex<HashSet<PathBuf>>,
}

/// Makes the operator for the settings.
pub(super) async fn open(settings: Settings) -> Result<(Operator, Backend)> {
    match settings {
        Settings::Fs { root } => folder(root).await,
        Settings::S3(settings) => Ok((bucket(settings)?, Backend::Bucket)),
        Settings::Memory => Ok((operator(services::Memory::default())?, Backend::Memory)),
    }
}

async fn folder(root: PathBuf) -> Result<(Operator, Backend)> {
    let shown = root.display().to_string();
    let laid_out = blocking(move || lay_out(&root)).await?;
    let root = laid_out.map_err(|failure| {
        let why = format!(
            "cannot use the folder {shown}: {failure}; make it writable for this server's user"
        );
        Error::invalid("storage root", why)
    })?;
    let service = services::Fs::default().root(&root.to_string_lossy());
    let folder = Folder {
        root,
        settled: Mutex::default(),
    };
    Ok((operator(service)?, Backend::Folder(folder.into())))
}

/// Makes the fixed folders, durable, so that a publish has only to sync what it touches.
fn lay_out(root: &Path) -> io::Result<PathBuf> {
    for algorithm in ["sha256", "sha512"] {
        make_private(&root.join(BLOBS).join(algorithm))?;
    }
    make_private(&root.join(STAGING))?;
    let root = root.canonicalize()?;
    sync(&root.join(BLOBS))?;
    sync(&root)?;
    Ok(root)
}

/// Only a bucket gets timeouts and retries: they bound each request, never a whole upload. A disk works or fails at
/// once, and syncing a large file may take it longer than any limit that makes sense for a request.
fn bucket(settings: Bucket) -> Result<Operator> {
    // Without OpenDAL's start-up hook nobody else tells it how to speak HTTP.
    opendal::install_default();
    let mut service = services::S3::default()
        .bucket(&settings.bucket)
        .region(&settings.region.unwrap_or_default())
        .endpoint(&settings.endpoint.unwrap_or_default())
        .root(&settings.prefix.unwrap_or_default())
        .access_key_id(&settings.access_key_id.unwrap_or_default())
        .secret_access_key(&settings.secret_access_key.unwrap_or_default());
    if settings.virtual_host_style {
        service = service.enable_virtual_host_style();
    }
    let timeout = TimeoutLayer::new()
        .with_timeout(Duration::from_secs(15))
        .with_io_timeout(Duration::from_secs(60));
    let retry = RetryLayer::new()
        .with_min_delay(Duration::from_millis(200))
        .with_max_times(4)
        .with_jitter();
    Ok(operator(service)?.layer(timeout).layer(retry))
}

fn operator(service: impl opendal::Builder) -> Result<Operator> {
    Operator::new(service).map_err(|failure| Error::invalid("storage", failure.message()))
}

impl Backend {
    /// The cheapest question that only a working backend answers.
    pub(super) async fn probe(&self, operator: &Operator) -> opendal::Result<()> {
        match self {
            // Folders may have been laid out where this one is to be mounted.
            Self::Folder(_) => operator.stat(MARK).await.map(drop),
            Self::Bucket => operator
                .lister_with(BLOBS)
                .limit(1)
                .await?
                .try_next()
                .await
                .map(drop),
            Self::Memory => Ok(()),
        }
    }

    /// How many bytes to hand over at once when `written` bytes went before.
    ///
    /// A bucket takes 10,000 parts of 5 MiB and more. Parts of 8 MiB serve up to 16 GiB; above that they grow with
    /// the object, so that 700 GiB still fit. A folder takes batches as they come.
    pub(super) fn part_size(&self, written: u64) -> u64 {
        match self {
            Self::Bucket => (8 << 20).max(written / 2048),
            Self::Folder(_) | Self::Memory => 0,
        }
    }

    /// How many parts of an upload may be on their way at once.
    pub(super) fn parts_at_once(&self) -> usize {
        if matches!(self, Self::Bucket) {
            PARTS_AT_ONCE
        } else {
            1
        }
    }

    /// The file that an object's bytes go to, where they go to one.
    pub(super) fn file(&self, path: &str) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.root.join(path)),
            Self::Bucket | Self::Memory => None,
        }
    }

    /// How many reads of a download may be on their way at once.
    pub(super) fn reads_at_once(&self) -> usize {
        if matches!(self, Self::Bucket) {
            READS_AT_ONCE
        } else {
            1
        }
    }

    /// Ends a written object: its bytes are durable, its entry in a folder is not yet.
    pub(super) async fn close(&self, mut writer: opendal::Writer) -> Result<()> {
        let closed = match self {
            // OpenDAL syncs the file on the thread that closes it, which must not be one that serves requests.
            Self::Folder(_) => {
                let runtime = tokio::runtime::Handle::current();
                blocking(move || runtime.block_on(writer.close())).await?
            }
            Self::Bucket | Self::Memory => writer.close().await,
        };
        closed.map(drop).map_err(error::from_writing)
    }

    /// Makes the entries of staged objects durable, which those that become blobs at once need not be: [`Self::promote`] syncs
    /// the folder where they go.
    pub(super) async fn settle(&self) -> Result<()> {
        match self {
            Self::Folder(folder) => {
                let staging = folder.root.join(STAGING);
                let synced = blocking(move || sync(&staging)).await?;
                synced.map_err(error::from_io)
            }
            Self::Bucket | Self::Memory => Ok(()),
        }
    }

    /// Gives a whole object its final path, in one step for whoever looks, replacing what is there.
    ///
    /// Its date is new, for whoever collects by age.
    ///
    /// A folder renames and then syncs, so that a publish that was acknowledged survives a power cut. A bucket cannot
    /// rename: its server copies the object (above 128 MiB in parts, which lifts S3's limit of 5 GiB for one copy),
    /// and the copy appears when it is complete.
    pub(super) async fn promote(&self, operator: &Operator, from: &str, to: &str) -> Result<()> {
        match self {
            Self::Folder(folder) => {
                let staged = folder.root.join(from);
                let renewed = blocking(move || {
                    File::open(staged).and_then(|file| file.set_modified(SystemTime::now()))
                });
                match renewed.await? {
                    Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
                        return Err(Error::NotFound("blob"));
                    }
                    renewed => renewed.map_err(error::from_io)?,
                }
                operator
                    .rename(from, to)
                    .await
                    .map_err(error::from_opendal)?;
                let (folder, blob) = (folder.clone(), folder.root.join(to));
                blocking(move || folder.keep(&blob))
                    .await?
                    .map_err(error::from_io)
            }
            Self::Bucket => {
                operator
                    .copy_with(from, to)
                    .chunk(COPY_PART)
                    .concurrent(PARTS_AT_ONCE)
                    .await
                    .map_err(error::from_opendal)?;
                operator.delete(from).await.map_err(error::from_opendal)
            }
            Self::Memory => {
                let bytes = operator.read(from).await.map_err(error::from_opendal)?;
                operator
                    .write(to, bytes)
                    .await
                    .map_err(error::from_opendal)?;
                operator.delete(from).await.map_err(error::from_opendal)
            }
        }
    }
}

impl Folder {
    /// Makes the entry of a blob durable, and, the first time that this server sees it, that of the folder which it is in: a server
    /// that stopped may have made it without.
    fn keep(&self, blob: &Path) -> io::Result<()> {
        let Some(within) = blob.parent() else {
            return Ok(());
        };
        sync(within)?;
        let known = |settled: &HashSet<PathBuf>| settled.contains(within);
        if known(&self.settled.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        within.parent().map_or(Ok(()), sync)?;
        // Only now: whoever finds it here relies on it.
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        settled.insert(within.to_owned());
        Ok(())
    }
}

/// Runs work that blocks on a thread that may.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|failure| Error::Internal(failure.into()))
}

/// Makes a folder's entries durable, as far as its file system can.
fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        Err(failure)
            if matches!(
                failure.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}
