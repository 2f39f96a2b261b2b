use super::*;

#[tokio::test]
async fn every_range_is_read_exactly() {
    const SIZE: usize = (9 << 20) + 5;
    const EDGE: usize = 4 << 20;
    let bytes = sample(SIZE);
    for place in places().await {
        let digest = publish(&place.storage, &bytes).await;
        let source = place.storage.source(&digest).await.unwrap();
        assert_eq!(source.size(), SIZE as u64, "{place}");
        let ranges = [
            0..0,
            0..1,
            0..SIZE,
            1..SIZE,
            SIZE - 1..SIZE,
            SIZE..SIZE,
            EDGE - 1..EDGE,
            EDGE..EDGE + 1,
            EDGE - 1..EDGE + 1,
            7..2 * EDGE + 7,
        ];
        for range in ranges {
            let (start, end) = (range.start as u64, range.end as u64);
            let got = read(&place.storage, &digest, start..end).await.unwrap();
            assert!(got == bytes[range.clone()], "{place} {range:?}");
            let got = source.read_at(start, range.len()).await.unwrap();
            assert!(got == bytes[range.clone()], "{place} {range:?} at once");
        }
        assert_eq!(
            source.read_at(SIZE as u64 - 2, 10).await.unwrap(),
            bytes[SIZE - 2..],
            "{place}"
        );
        assert!(
            source
                .read_at(SIZE as u64 + 2, 10)
                .await
                .unwrap()
                .is_empty(),
            "{place}"
        );
    }
}

#[tokio::test]
async fn range_behind_the_end_is_an_error_and_not_a_short_body() {
    for place in places().await {
        let digest = publish(&place.storage, &sample(1000)).await;
        for range in [0..1001, 999..1001, 1000..1001, 5000..5001] {
            let outcome = read(&place.storage, &digest, range.clone()).await;
            assert!(outcome.is_err(), "{place} {range:?}");
        }
    }
}

#[tokio::test]
async fn missing_blob_is_not_found_before_the_first_byte() {
    let digest = Digest::of(b"never stored");
    for place in places().await {
        let storage = &place.storage;
        assert!(
            matches!(
                storage.read(&digest, 0..9).await.err(),
                Some(Error::NotFound("blob"))
            ),
            "{place}"
        );
        assert!(
            matches!(
                storage.read(&digest, 0..0).await.err(),
                Some(Error::NotFound("blob"))
            ),
            "{place}"
        );
        assert!(
            matches!(
                storage.source(&digest).await.err(),
                Some(Error::NotFound("blob"))
            ),
            "{place}"
        );
        assert_eq!(storage.blob(&digest).await.unwrap(), None, "{place}");
        storage.remove(&digest).await.unwrap();
    }
}

#[tokio::test]
async fn blob_that_is_read_may_be_published_again() {
    let bytes = sample(20 << 20);
    for place in places().await {
        let digest = publish(&place.storage, &bytes).await;
        let reading = place.storage.read(&digest, 0..20 << 20).await.unwrap();
        publish(&place.storage, &bytes).await;
        assert!(collect(reading).await.unwrap() == bytes, "{place}");
    }
}
