use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use opendal::Buffer;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Digest, Storage, ahead::Ahead, backend, error, staged_path, transfers::Transfer};
use crate::error::{Error, Result};

/// How many pieces one batch may have. A client that sends a byte at a time cannot make us keep a million of them.
const PIECES: usize = 1024;
/// How many batches may wait for the backend.
const WAITING: usize = 1;
/// How many batches an upload holds: one that is gathered, those that wait, one that is hashed and written. A bucket's
/// client holds its parts besides.
const HELD: usize = WAITING + 2;

/// An object that is whole and synced but not yet a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Its key below the staging tree, unique for each [`Storage::stage`].
    pub key: String,
    /// How many bytes it has.
    pub size: u64,
    /// What they hash to, as seen while they were written.
    pub digest: Digest,
}

/// Takes the bytes of one staged object, in order. Dropped unfinished, it leaves nothing behind.
#[derive(Debug)]
pub struct Writer {
    pieces: Vec<Bytes>,
    size: usize,
    transfer: Transfer,
    batches: mpsc::Sender<Message>,
    /// `None` once its outcome was told.
    task: Option<JoinHandle<Result<Staged>>>,
}

#[derive(Debug)]
enum Message {
    Batch(Buffer),
    /// Tells an end from a writer that was dropped.
    Finish,
}

impl Storage {
    /// Starts a staged object. The name helps a human who looks at the folder; the key gets a random end, so that two
    /// uploads never write to one object. Must be called on the runtime.
    ///
    /// # Errors
    /// `Invalid` when the name has other characters than letters, digits, `-`, `_` and `.`.
    pub fn stage(&self, name: &str) -> Result<Writer> {
        let mut random = [0; 8];
        aws_lc_rs::rand::fill(&mut random).map_err(|failure| Error::Internal(failure.into()))?;
        let key = format!("{name}.{}", HEXLOWER.encode(&random));
        let path = staged_path(&key)?;
        let (batches, inbox) = mpsc::channel(WAITING);
        let task = tokio::spawn(store(self.clone(), key, path, inbox));
        Ok(Writer {
            pieces: Vec::new(),
            size: 0,
            transfer: self.transfers.begin(),
            batches,
            task: Some(task),
        })
    }
}

impl Writer {
    /// Adds bytes. Waits while the backend is behind.
    ///
    /// # Errors
    /// `StorageFull` or `Unavailable`; what was staged is gone then.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.size += bytes.len();
        self.pieces.push(bytes);
        let full = self.size >= self.transfer.piece(HELD);
        if !full && self.pieces.len() < PIECES {
            return Ok(());
        }
        self.hand_over(full).await
    }

    /// Ends the object: when this returns, its bytes are on the disk. Before a row names it, [`Storage::settle`] makes sure that it
    /// is found there after a power cut.
    ///
    /// # Errors
    /// `StorageFull` or `Unavailable`; what was staged is gone then.
    pub async fn finish(mut self) -> Result<Staged> {
        self.hand_over(false).await?;
        // A task that stopped early does not listen, but tells why when it is asked.
        let _ = self.batches.send(Message::Finish).await;
        self.outcome().await
    }

    /// Passes on what was gathered. A batch of crumbs is copied into one piece, a full one is not copied.
    async fn hand_over(&mut self, full: bool) -> Result<()> {
        let mut batch = Buffer::from(std::mem::take(&mut self.pieces));
        self.size = 0;
        if !full {
            batch = Buffer::from(batch.to_bytes());
        }
        match self.batches.send(Message::Batch(batch)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.outcome().await.err().unwrap_or_else(ended)),
        }
    }

    async fn outcome(&mut self) -> Result<Staged> {
        let task = self.task.take().ok_or_else(ended)?;
        task.await
            .map_err(|failure| Error::Internal(failure.into()))?
    }
}

fn ended() -> Error {
    Error::Internal(anyhow::anyhow!(
        "a staged object was written to after its end"
    ))
}

/// Hashes and writes what comes in; the body of the task behind a [`Writer`].
async fn store(
    storage: Storage,
    key: String,
    path: String,
    mut inbox: mpsc::Receiver<Message>,
) -> Result<Staged> {
    let writer = storage
        .operator
        .writer_with(&path)
        .concurrent(storage.backend.parts_at_once())
        .await;
    let writer = writer.map_err(error::from_writing)?;
    let mut object = Object {
        ahead: Ahead::new(storage.backend.file(&path)),
        storage,
        writer,
        hash: Context::new(&SHA256),
        part: Vec::new(),
        waiting: 0,
        size: 0,
    };
    match object.fill(&mut inbox).await {
        Ok(()) => object.close(key, &path).await,
        Err(failure) => {
            inbox.close();
            object.abort(&path).await;
            Err(failure)
        }
    }
}

/// A staged object in the making.
struct Object {
    storage: Storage,
    writer: opendal::Writer,
    ahead: Ahead,
    hash: Context,
    /// Bytes that are hashed but do not make a part yet.
    part: Vec<Bytes>,
    waiting: u64,
    size: u64,
}

impl Object {
    async fn fill(&mut self, inbox: &mut mpsc::Receiver<Message>) -> Result<()> {
        loop {
            match inbox.recv().await {
                Some(Message::Batch(batch)) => self.add(batch).await?,
                Some(Message::Finish) => return self.flush().await.map_err(error::from_writing),
                None => return Err(Error::Internal(anyhow::anyhow!("the upload was given up"))),
            }
        }
    }

    /// Hashes a batch on a thread of its own while the backend takes it.
    async fn add(&mut self, batch: Buffer) -> Result<()> {
        let hashing = hash(self.hash.clone(), batch.clone());
        let (hash, written) = tokio::join!(hashing, self.put(batch));
        written.map_err(error::from_writing)?;
        self.hash = hash?;
        Ok(())
    }

    async fn put(&mut self, batch: Buffer) -> opendal::Result<()> {
        self.waiting += batch.len() as u64;
        self.part.extend(batch);
        if self.waiting < self.storage.backend.part_size(self.size) {
            Ok(())
        } else {
            self.flush().await
        }
    }

    async fn flush(&mut self) -> opendal::Result<()> {
        let bytes = std::mem::take(&mut self.waiting);
        self.size += bytes;
        // Pieces go as they are: OpenDAL's own gathering (`chunk`) would copy every byte.
        self.writer.write(std::mem::take(&mut self.part)).await?;
        self.ahead.wrote(bytes);
        Ok(())
    }

    async fn close(self, key: String, path: &str) -> Result<Staged> {
        if let Err(failure) = self.storage.backend.close(self.writer).await {
            discard(&self.storage, path).await;
            return Err(failure);
        }
        Ok(Staged {
            key,
            size: self.size,
            digest: Digest::from_sha256(&self.hash.finish()),
        })
    }

    /// Undoes as much as the backend lets us; the collection of old staged objects takes the rest.
    async fn abort(mut self, path: &str) {
        // A folder has nothing to abort and says so.
        let _ = self.writer.abort().await;
        drop(self.writer);
        discard(&self.storage, path).await;
    }
}

async fn discard(storage: &Storage, path: &str) {
    if let Err(failure) = storage.operator.delete(path).await {
        tracing::debug!(path, %failure, "a broken upload stays until it is collected");
    }
}

async fn hash(mut state: Context, batch: Buffer) -> Result<Context> {
    backend::blocking(move || {
        batch.for_each(|piece| state.update(&piece));
        state
    })
    .await
}
