use super::*;

#[tokio::test]
async fn blob_is_seen_only_after_it_is_published() {
    for place in places().await {
        let (storage, bytes) = (&place.storage, sample(100_000));
        let staged = stage(storage, &bytes, 1000).await.unwrap();
        assert_eq!(
            (staged.size, staged.digest),
            (100_000, Digest::of(&bytes)),
            "{place}"
        );
        assert_eq!(storage.blob(&staged.digest).await.unwrap(), None, "{place}");
        assert!(paths(storage, BLOBS).await.is_empty(), "{place}");
        storage.publish(&staged, &staged.digest).await.unwrap();
        assert_eq!(
            storage.blob(&staged.digest).await.unwrap().unwrap().size,
            100_000,
            "{place}"
        );
        assert_eq!(
            read(storage, &staged.digest, 0..100_000).await.unwrap(),
            bytes,
            "{place}"
        );
        assert!(paths(storage, STAGING).await.is_empty(), "{place}");
    }
}

#[tokio::test]
async fn wrong_digest_is_refused_and_nothing_is_seen() {
    for place in places().await {
        let staged = stage(&place.storage, &sample(10), 10).await.unwrap();
        let expected = Digest::of(b"other bytes");
        let refused = place.storage.publish(&staged, &expected).await.unwrap_err();
        let message = format!(
            "digest: the bytes have {}, expected {expected}",
            staged.digest
        );
        assert_eq!(refused.to_string(), message, "{place}");
        assert!(matches!(refused, Error::Invalid { .. }), "{place}");
        assert!(paths(&place.storage, BLOBS).await.is_empty(), "{place}");
    }
}

#[tokio::test]
async fn empty_blob_is_a_blob() {
    for place in places().await {
        let digest = publish(&place.storage, &Bytes::new()).await;
        assert_eq!(digest, Digest::of(b""), "{place}");
        assert_eq!(
            place.storage.blob(&digest).await.unwrap().unwrap().size,
            0,
            "{place}"
        );
        assert!(
            read(&place.storage, &digest, 0..0)
                .await
                .unwrap()
                .is_empty(),
            "{place}"
        );
    }
}

#[tokio::test]
async fn same_bytes_are_kept_once_and_a_damaged_blob_is_healed() {
    let bytes = sample(5000);
    for place in places().await {
        let digest = publish(&place.storage, &bytes).await;
        place
            .storage
            .operator
            .write(&blob_path(&digest), bytes.slice(..100))
            .await
            .unwrap();
        let (one, two) = tokio::join!(
            publish(&place.storage, &bytes),
            publish(&place.storage, &bytes)
        );
        assert_eq!((one, two), (digest, digest), "{place}");
        assert_eq!(
            paths(&place.storage, "").await,
            [blob_path(&digest)],
            "{place}"
        );
        assert_eq!(
            read(&place.storage, &digest, 0..5000).await.unwrap(),
            bytes,
            "{place}"
        );
    }
}

#[tokio::test]
async fn staged_object_that_changed_is_not_published() {
    for place in places().await {
        let storage = &place.storage;
        let staged = stage(storage, &sample(1000), 1000).await.unwrap();
        storage
            .operator
            .write(&format!("{STAGING}{}", staged.key), sample(999))
            .await
            .unwrap();
        let refused = storage.publish(&staged, &staged.digest).await;
        assert!(matches!(refused, Err(Error::Internal(_))), "{place}");
        storage.discard(&staged.key).await.unwrap();
        let refused = storage.publish(&staged, &staged.digest).await;
        assert!(matches!(refused, Err(Error::NotFound("upload"))), "{place}");
    }
}

#[test]
fn digest_has_one_form() {
    let text = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let digest: Digest = text.parse().unwrap();
    assert_eq!(digest, Digest::of(b""));
    assert_eq!(digest.to_string(), text);
    assert_eq!(format!("sha256:{}", digest.hex()), text);
    assert_eq!(serde_json::to_string(&digest).unwrap(), format!("{text:?}"));
    assert_eq!(
        serde_json::from_str::<Digest>(&format!("{text:?}")).unwrap(),
        digest
    );
    let upper = text.to_uppercase();
    for wrong in [
        "",
        "sha256:",
        &text[7..],
        &text[..70],
        &format!("{text}0"),
        &upper,
        "sha512:00",
        "sha256:../../etc",
    ] {
        assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
    }
}
