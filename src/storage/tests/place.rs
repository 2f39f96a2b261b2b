use super::*;

#[tokio::test]
async fn blobs_are_listed_and_strange_files_are_not() {
    for place in places().await {
        let storage = &place.storage;
        let mut digests = vec![
            publish(storage, &sample(10)).await,
            publish(storage, &sample(20)).await,
        ];
        stage(storage, &sample(30), 30).await.unwrap();
        for strange in [
            "blobs/sha256/ab/readme",
            &format!("blobs/sha256/00/{}", digests[0].hex()),
            "blobs/sha256/lost",
            "blobs/x",
        ] {
            storage.operator.write(strange, "?").await.unwrap();
        }
        let mut listed: Vec<_> = storage
            .blobs()
            .map_ok(|blob| (blob.digest, blob.size))
            .try_collect()
            .await
            .unwrap();
        listed.sort();
        digests.sort();
        assert_eq!(
            listed.iter().map(|(digest, _)| *digest).collect::<Vec<_>>(),
            digests,
            "{place}"
        );
        assert_eq!(
            listed.iter().map(|(_, size)| size).sum::<u64>(),
            30,
            "{place}"
        );
        storage.remove(&digests[0]).await.unwrap();
        assert_eq!(storage.blob(&digests[0]).await.unwrap(), None, "{place}");
    }
}

#[tokio::test]
async fn leftovers_are_listed_by_age_and_discarded() {
    for place in [folder().await, bucket().await] {
        let storage = &place.storage;
        let staged = stage(storage, &sample(10), 10).await.unwrap();
        assert!(
            storage
                .staged_older_than(Duration::from_secs(3600))
                .await
                .unwrap()
                .is_empty(),
            "{place}"
        );
        // A bucket's dates have whole seconds.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let old = storage.staged_older_than(Duration::ZERO).await.unwrap();
        assert_eq!(
            old.iter().map(|one| &one.key).collect::<Vec<_>>(),
            [&staged.key],
            "{place}"
        );
        storage.discard(&old[0].key).await.unwrap();
        assert!(paths(storage, STAGING).await.is_empty(), "{place}");
    }
}

#[tokio::test]
async fn ready_says_what_is_so() {
    for place in places().await {
        place.storage.mark().await.unwrap();
        place.storage.ready().await.unwrap();
    }
    let lost = folder().await;
    lost.storage.mark().await.unwrap();
    std::fs::remove_dir_all(lost.folder.as_ref().unwrap().path()).unwrap();
    assert!(matches!(
        lost.storage.ready().await,
        Err(Error::Unavailable {
            what: "storage",
            ..
        })
    ));
}

#[tokio::test]
async fn bucket_that_is_missing_or_silent_is_unavailable() {
    let server = s3::S3Server::shared().await;
    let settings = bucket_settings("no-such-bucket".into(), server.endpoint.clone());
    let missing = Storage::open(Settings::S3(settings)).await.unwrap();
    assert!(matches!(
        missing.ready().await,
        Err(Error::Unavailable { .. })
    ));
    assert!(matches!(
        stage(&missing, &sample(10), 10).await,
        Err(Error::Unavailable { .. })
    ));

    // This one takes connections and never answers.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = bucket_settings(
        "any".into(),
        format!("http://{}", deaf.local_addr().unwrap()),
    );
    let silent = Storage::open(Settings::S3(settings)).await.unwrap();
    let asked = Instant::now();
    assert!(matches!(
        silent.ready().await,
        Err(Error::Unavailable { .. })
    ));
    assert!(asked.elapsed() < READY_WITHIN + Duration::from_secs(1));
}

#[tokio::test]
async fn wrong_settings_stop_the_start_with_a_reason() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = Storage::open(Settings::Fs {
        root: file.path().join("below"),
    })
    .await
    .unwrap_err()
    .to_string();
    assert!(
        refused.starts_with("storage root: cannot use the folder "),
        "{refused}"
    );
    let refused = Storage::open(Settings::S3(Bucket::default()))
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(refused, "storage: The bucket is misconfigured");
}

#[test]
fn failures_are_told_as_what_they_are() {
    let failure = |kind, answer: &str| opendal::Error::new(kind, answer.to_owned());
    for code in ["InsufficientStorage", "XMinioStorageFull", "QuotaExceeded"] {
        let full = failure(
            ErrorKind::Unexpected,
            &format!("S3Error {{ code: {code:?} }}"),
        );
        assert!(matches!(error::from_opendal(full), Error::StorageFull));
    }
    let missing = || failure(ErrorKind::NotFound, "NoSuchUpload");
    assert!(matches!(
        error::from_opendal(missing()),
        Error::NotFound("blob")
    ));
    assert!(matches!(
        error::from_writing(missing()),
        Error::Unavailable { .. }
    ));
    let refused = failure(ErrorKind::PermissionDenied, "AccessDenied");
    assert!(matches!(
        error::from_opendal(refused),
        Error::Unavailable { .. }
    ));
}
