//! The same list of behaviours on memory, a folder and a bucket of a real S3 server.
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, io};

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use tempfile::TempDir;

use super::*;

#[path = "../../tests/support/s3.rs"]
mod s3;
#[path = "../../tests/support/tools.rs"]
mod tools;

mod place;
mod publish;
mod read;
mod upload;

/// A storage and what must live as long as it.
struct Place {
    name: &'static str,
    storage: Storage,
    folder: Option<TempDir>,
    _server: Option<Arc<s3::S3Server>>,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

async fn places() -> [Place; 3] {
    [memory().await, folder().await, bucket().await]
}

async fn memory() -> Place {
    let storage = Storage::open(Settings::Memory).await.unwrap();
    Place {
        name: "memory",
        storage,
        folder: None,
        _server: None,
    }
}

async fn folder() -> Place {
    let folder = TempDir::new().unwrap();
    let storage = Storage::open(Settings::Fs {
        root: folder.path().join("not/made/yet"),
    })
    .await
    .unwrap();
    Place {
        name: "folder",
        storage,
        folder: Some(folder),
        _server: None,
    }
}

async fn bucket() -> Place {
    let server = s3::S3Server::shared().await;
    let settings = bucket_settings(server.bucket().await, server.endpoint.clone());
    let storage = Storage::open(Settings::S3(settings)).await.unwrap();
    Place {
        name: "bucket",
        storage,
        folder: None,
        _server: Some(server),
    }
}

fn bucket_settings(bucket: String, endpoint: String) -> Bucket {
    Bucket {
        bucket,
        region: Some(s3::REGION.into()),
        endpoint: Some(endpoint),
        prefix: Some("some/prefix".into()),
        access_key_id: Some(s3::ACCESS_KEY.into()),
        secret_access_key: Some(s3::SECRET_KEY.into()),
        virtual_host_style: false,
    }
}

/// Bytes that differ everywhere, so that a piece at the wrong place is noticed.
fn sample(size: usize) -> Bytes {
    let mut bytes = Vec::with_capacity(size + 8);
    for n in 0..size.div_ceil(8) as u64 {
        bytes.extend_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    }
    Bytes::from(bytes).slice(..size)
}

async fn stage(storage: &Storage, bytes: &Bytes, piece: usize) -> Result<Staged> {
    let mut writer = storage.stage("test")?;
    for start in (0..bytes.len()).step_by(piece) {
        writer
            .write(bytes.slice(start..bytes.len().min(start + piece)))
            .await?;
    }
    writer.finish().await
}

async fn publish(storage: &Storage, bytes: &Bytes) -> Digest {
    let staged = stage(storage, bytes, 64 << 10).await.unwrap();
    storage.publish(&staged, &staged.digest).await.unwrap();
    staged.digest
}

async fn collect(bytes: impl Stream<Item = io::Result<Bytes>>) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut bytes = std::pin::pin!(bytes);
    while let Some(piece) = bytes.try_next().await? {
        all.extend_from_slice(&piece);
    }
    Ok(all)
}

async fn read(storage: &Storage, digest: &Digest, range: std::ops::Range<u64>) -> Result<Vec<u8>> {
    collect(storage.read(digest, range).await?)
        .await
        .map_err(error::from_io)
}

/// All paths there are, to see what an operation leaves behind.
async fn paths(storage: &Storage, folder: &'static str) -> Vec<String> {
    files(storage.operator.clone(), folder)
        .map_ok(|(path, _)| path)
        .try_collect()
        .await
        .unwrap()
}

/// Waits for what a task in the background does in a moment.
async fn soon_empty(storage: &Storage, folder: &'static str) -> bool {
    let end = Instant::now() + Duration::from_secs(20);
    while !paths(storage, folder).await.is_empty() {
        if Instant::now() > end {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    true
}
