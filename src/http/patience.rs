//! How long a client may send nothing while it owes us a body.
use std::{io, pin::Pin, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::time::timeout;

/// The same bytes, but a pause longer than `patience` ends them with an error. What is behind a body, such as batches in
/// memory and a staged file, must not wait for ever for a client that went away without a word.
pub(super) fn bounded(
    body: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    patience: Duration,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::unfold(Some(Box::pin(body)), move |body| async move {
        let mut body: Pin<Box<_>> = body?;
        match timeout(patience, body.next()).await {
            Ok(Some(Ok(bytes))) => Some((Ok(bytes), Some(body))),
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(late) => Some((Err(io::Error::new(io::ErrorKind::TimedOut, late)), None)),
        }
    })
    // A refused client's body is drained, also one that was read to its end.
    .fuse()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece() -> io::Result<Bytes> {
        Ok(Bytes::from_static(b"piece"))
    }

    #[tokio::test]
    async fn a_body_that_stands_still_ends_with_an_error() {
        let stuck = stream::iter([piece()]).chain(stream::pending());
        let read: Vec<_> = bounded(stuck, Duration::from_millis(20)).collect().await;
        let [Ok(_), Err(error)] = &read[..] else {
            panic!("{read:?}")
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_body_that_has_ended_may_be_asked_again() {
        let mut body = Box::pin(bounded(stream::iter([piece()]), Duration::from_secs(1)));
        assert!(body.next().await.is_some());
        assert!(body.next().await.is_none());
        assert!(body.next().await.is_none());
    }

    #[tokio::test]
    async fn a_body_that_goes_on_slowly_arrives_whole() {
        let slow = stream::iter(0..6).then(async |_| {
            tokio::time::sleep(Duration::from_millis(200)).await;
            piece()
        });
        let read: Vec<_> = bounded(slow, Duration::from_secs(1)).collect().await;
        assert_eq!(read.len(), 6);
        assert!(read.iter().all(Result::is_ok));
    }
}
