use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[tokio::test]
async fn upload_that_is_given_up_leaves_nothing() {
    for place in places().await {
        let mut writer = place.storage.stage("given-up").unwrap();
        for piece in 0..20 {
            writer.write(sample(1 << 20).slice(piece..)).await.unwrap();
        }
        drop(writer);
        assert!(soon_empty(&place.storage, STAGING).await, "{place}");
        assert!(paths(&place.storage, BLOBS).await.is_empty(), "{place}");
    }
}

#[tokio::test]
async fn parts_are_joined_in_their_order() {
    let bytes = sample(11 << 20);
    for place in places().await {
        let storage = &place.storage;
        let first = stage(storage, &bytes.slice(..7 << 20), 1 << 20)
            .await
            .unwrap();
        let middle = stage(storage, &bytes.slice(7 << 20..(7 << 20) + 3), 1)
            .await
            .unwrap();
        let last = stage(storage, &bytes.slice((7 << 20) + 3..), 1 << 20)
            .await
            .unwrap();
        let parts = [first, middle, last];
        let whole = storage.join(&parts, "whole").await.unwrap();
        assert_eq!(
            (whole.size, whole.digest),
            (11 << 20, Digest::of(&bytes)),
            "{place}"
        );
        let source = storage.staged_source(&whole).await.unwrap();
        assert_eq!(
            source.read_at((7 << 20) - 1, 6).await.unwrap(),
            bytes[(7 << 20) - 1..(7 << 20) + 5],
            "{place}"
        );
        for part in &parts {
            storage.discard(&part.key).await.unwrap();
        }
        assert!(
            matches!(
                storage.join(&parts, "again").await,
                Err(Error::NotFound("upload"))
            ),
            "{place}"
        );
    }
}

#[tokio::test]
async fn one_part_is_joined_without_a_copy() {
    for place in places().await {
        let part = stage(&place.storage, &sample(10), 10).await.unwrap();
        assert_eq!(
            place
                .storage
                .join(std::slice::from_ref(&part), "whole")
                .await
                .unwrap(),
            part,
            "{place}"
        );
    }
}

#[tokio::test]
async fn uploads_of_one_name_do_not_meet() {
    for place in places().await {
        let (mut one, mut two) = (
            place.storage.stage("same").unwrap(),
            place.storage.stage("same").unwrap(),
        );
        one.write(sample(6 << 20)).await.unwrap();
        two.write(sample(5 << 20)).await.unwrap();
        let (one, two) = (one.finish().await.unwrap(), two.finish().await.unwrap());
        assert_ne!(one.key, two.key, "{place}");
        place
            .storage
            .publish(&one, &Digest::of(&sample(6 << 20)))
            .await
            .unwrap();
        place
            .storage
            .publish(&two, &Digest::of(&sample(5 << 20)))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn key_cannot_reach_out_of_the_staging_tree() {
    let place = folder().await;
    for key in ["", "../blobs", "a/b", ".hidden", "a b", "a\0", "\u{e4}"] {
        assert!(
            matches!(place.storage.discard(key).await, Err(Error::Invalid { .. })),
            "{key:?}"
        );
        assert!(
            key.is_empty() || place.storage.stage(key).is_err(),
            "{key:?}"
        );
    }
}

#[tokio::test]
async fn crumbs_and_slabs_give_the_same_blob() {
    let bytes = sample((4 << 20) + 4097);
    for place in places().await {
        for piece in [61, 4096, 3 << 20, 8 << 20] {
            let staged = stage(&place.storage, &bytes, piece).await.unwrap();
            assert_eq!(staged.digest, Digest::of(&bytes), "{place} {piece}");
            place
                .storage
                .publish(&staged, &staged.digest)
                .await
                .unwrap();
            assert!(
                read(&place.storage, &staged.digest, 0..bytes.len() as u64)
                    .await
                    .unwrap()
                    == bytes,
                "{piece}"
            );
        }
    }
}

#[tokio::test]
async fn large_object_in_a_bucket_goes_in_parts_and_is_copied_in_parts() {
    let place = bucket().await;
    let mut writer = place.storage.stage("large").unwrap();
    for _ in 0..130 {
        writer.write(sample(1 << 20)).await.unwrap();
    }
    let staged = writer.finish().await.unwrap();
    place
        .storage
        .publish(&staged, &staged.digest)
        .await
        .unwrap();
    assert_eq!(
        place
            .storage
            .blob(&staged.digest)
            .await
            .unwrap()
            .unwrap()
            .size,
        130 << 20
    );
    let tail = read(&place.storage, &staged.digest, 129 << 20..130 << 20)
        .await
        .unwrap();
    assert!(tail == sample(1 << 20));
}

#[test]
fn parts_of_a_bucket_are_few_enough_and_large_enough() {
    let (mut written, mut parts) = (0_u64, 0);
    while written < 700 << 30 {
        let part = Backend::Bucket.part_size(written);
        assert!((5 << 20..=5 << 30).contains(&part));
        (written, parts) = (written + part, parts + 1);
    }
    assert!(parts <= 10_000, "{parts}");
    assert_eq!(Backend::Bucket.part_size(16 << 30), 8 << 20);
}

/// Bytes that count how many of their kind are held.
struct Counted(Vec<u8>, Arc<AtomicUsize>);

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(self.0.len(), Ordering::Relaxed);
    }
}

#[tokio::test]
async fn upload_holds_few_bytes_however_large_it_is() {
    for (place, limit) in [(folder().await, 20 << 20), (bucket().await, 45 << 20)] {
        let (held, mut most) = (Arc::new(AtomicUsize::new(0)), 0);
        let mut writer = place.storage.stage("long").unwrap();
        for _ in 0..1024 {
            most = most.max(held.fetch_add(64 << 10, Ordering::Relaxed) + (64 << 10));
            writer
                .write(Bytes::from_owner(Counted(vec![7; 64 << 10], held.clone())))
                .await
                .unwrap();
        }
        assert_eq!(writer.finish().await.unwrap().size, 64 << 20, "{place}");
        assert!(most <= limit, "{place} held {most} bytes");
        assert_eq!(held.load(Ordering::Relaxed), 0, "{place}");
    }
}

/// A disk of 8 MiB, taken away when it is dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` where this user may not mount.
    fn mount() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "none"])
            .arg(folder.path())
            .output();
        mount
            .is_ok_and(|done| done.status.success())
            .then(|| Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn full_disk_is_told_as_full_and_freed_again() {
    let Some(disk) = SmallDisk::mount() else {
        println!("skipped: only a user who may mount can have a disk that is full");
        return;
    };
    let storage = Storage::open(Settings::Fs {
        root: disk.0.path().join("root"),
    })
    .await
    .unwrap();
    let kept = publish(&storage, &sample(1 << 20)).await;
    assert!(matches!(
        stage(&storage, &sample(30 << 20), 1 << 20).await,
        Err(Error::StorageFull)
    ));
    assert!(paths(&storage, STAGING).await.is_empty());
    let parts = [
        stage(&storage, &sample(2 << 20), 1 << 20).await.unwrap(),
        stage(&storage, &sample(3 << 20), 1 << 20).await.unwrap(),
    ];
    assert!(matches!(
        storage.join(&parts, "whole").await,
        Err(Error::StorageFull)
    ));
    assert_eq!(paths(&storage, STAGING).await.len(), 2);
    assert_eq!(
        read(&storage, &kept, 0..1 << 20).await.unwrap(),
        sample(1 << 20)
    );
    for part in parts {
        storage.discard(&part.key).await.unwrap();
    }
    publish(&storage, &sample(6 << 20)).await;
}
