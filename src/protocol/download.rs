//! Bytes that a digest names, on their way down: whole, in part, or not at all for those who have them.
use std::{fmt::Display, io, ops::Range};

use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use futures::Stream;
use poem::{Body, Request, Response, http::Method, web::headers::ETag};

use super::range::Wanted;
use crate::error::{Error, Result};

/// Bytes that never change.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// What they hash to, `sha256:<hex>`.
    pub digest: &'a str,
    /// How many they are.
    pub size: u64,
}

impl Content<'_> {
    /// Answers a request for them: `ETag` and `Repr-Digest` (RFC 9530) tell what they are. `read` is asked for the
    /// range that is sent, and not at all for `HEAD`.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn answer<S>(
        self,
        request: &Request,
        read: impl AsyncFnOnce(Range<u64>) -> Result<S>,
    ) -> Result<Response>
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let etag = self.etag()?;
        let wanted = Wanted::of(request, &etag, self.size);
        let mut answer = wanted
            .answer(etag, self.size)
            .content_type("application/octet-stream");
        let range = wanted.bytes(self.size);
        if let Some(digest) = self.repr_digest().filter(|_| range.is_some()) {
            answer = answer.header("repr-digest", digest);
        }
        match range.filter(|_| request.method() != Method::HEAD) {
            Some(range) => Ok(answer.body(Body::from_bytes_stream(read(range).await?))),
            None => Ok(answer.finish()),
        }
    }

    fn etag(self) -> Result<ETag> {
        let etag = format!("\"{}\"", self.digest).parse();
        etag.map_err(anyhow::Error::from).map_err(Error::Internal)
    }

    /// Of all the bytes, whatever part is sent (RFC 9530, 3.1).
    fn repr_digest(self) -> Option<String> {
        let hex = self.digest.strip_prefix("sha256:")?;
        let sum = HEXLOWER.decode(hex.as_bytes()).ok()?;
        Some(format!("sha-256=:{}:", BASE64.encode(&sum)))
    }
}

/// Where whoever has this secret of a share link gets its image.
pub fn share_url(base_url: &str, secret: &str, file_name: &str) -> String {
    format!("{base_url}/share/{secret}/{file_name}")
}

/// Where anybody who may, gets an image as a plain file, whatever happens to tags.
pub fn url(base_url: &str, container: impl Display, digest: impl Display) -> String {
    format!("{base_url}/sif/{container}@{digest}")
}
