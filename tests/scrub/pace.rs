//! How fast blobs are read.
use std::time::{Duration, Instant};

use sifhub::{
    registry::{Digest, Health},
    storage::{Settings, Storage},
};

/// Storage with a blob of so many bytes.
async fn storage(size: usize) -> (Storage, Digest) {
    let storage = Storage::open(Settings::Memory).await.expect("storage");
    let bytes = vec![7; size];
    let digest = Digest::of(&bytes);
    let mut staged = storage.stage("new").expect("a place");
    staged.write(bytes.into()).await.expect("it is written");
    let staged = staged.finish().await.expect("it is whole");
    storage.publish(&staged, &digest).await.expect("a blob");
    (storage, digest)
}

#[tokio::test]
async fn a_blob_takes_no_less_time_than_the_rate_says() {
    let size = 100_000;
    let (storage, digest) = storage(size as usize).await;
    for rate in [1_000_000, 200_000] {
        let begun = Instant::now();
        let health = storage.verify(&digest, size, Some(rate)).await;
        assert_eq!(health.expect("an answer"), Health::Sound);
        let least = Duration::from_millis(size * 1000 / rate);
        assert!(begun.elapsed() >= least, "{rate}: {:?}", begun.elapsed());
    }
}
