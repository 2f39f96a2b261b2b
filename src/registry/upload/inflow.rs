//! Bytes of an image on their way into staging.
use std::{io, time::Duration};

use bytes::{Bytes, BytesMut};
use entity::id::UploadId;
use futures::{Stream, StreamExt};
use tokio::time::Instant;

use super::{check_size, renew};
use crate::{
    error::{Error, Result},
    registry::{Caller, quota::Room},
    sif::{HEADER_LEN, sniff},
    storage::{Staged, Writer},
};

/// How often a running part renews its upload.
const RENEWAL: Duration = Duration::from_secs(60);

/// Bytes on their way from a client into staging.
pub(super) struct Inflow<'a> {
    pub(super) caller: &'a Caller,
    /// Renewed while bytes arrive.
    pub(super) upload: Option<UploadId>,
    /// How many bytes there must be, if known.
    pub(super) size: Option<u64>,
    /// What they must fit into, where that was not known beforehand.
    pub(super) room: Room,
    /// Whether they begin an image.
    pub(super) first: bool,
}

impl Inflow<'_> {
    /// Stages what arrives under a name that tells people what it is.
    pub(super) async fn stage(
        &mut self,
        name: &str,
        body: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> Result<Staged> {
        let mut writer = self.caller.storage().stage(name)?;
        let received = self.pump(&mut writer, body).await?;
        if self.size.is_some_and(|size| received < size) {
            return Err(cut(received, self.size));
        }
        writer.finish().await
    }

    /// Hands on what arrives, and counts it. The head is held back until it can be told whether it is a SIF image.
    async fn pump(
        &mut self,
        writer: &mut Writer,
        mut body: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> Result<u64> {
        let (mut received, mut head, mut renewed) = (0, BytesMut::new(), Instant::now());
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| cut(received, self.size))?;
            received += chunk.len() as u64;
            self.check_length(received).await?;
            if self.first {
                head.extend_from_slice(&chunk);
                if head.len() < HEADER_LEN {
                    continue;
                }
                self.look_at(&head)?;
                writer.write(head.split().freeze()).await?;
            } else {
                writer.write(chunk).await?;
            }
            if let Some(upload) = self.upload.filter(|_| renewed.elapsed() > RENEWAL) {
                if !renew(self.caller.db(), self.caller, upload).await? {
                    return Err(Error::NotFound("upload"));
                }
                renewed = Instant::now();
            }
        }
        if self.first {
            self.look_at(&head)?;
        }
        Ok(received)
    }

    fn look_at(&mut self, head: &[u8]) -> Result<()> {
        self.first = false;
        sniff(head).map_err(|damage| Error::invalid("image", damage.to_string()))
    }

    async fn check_length(&self, received: u64) -> Result<()> {
        self.room.admit(self.caller, received).await?;
        match self.size {
            Some(size) if received > size => Err(Error::invalid(
                "body",
                format!("it is longer than the {size} bytes announced; push the image again"),
            )),
            None => check_size(self.caller, received.max(HEADER_LEN as u64)),
            _ => Ok(()),
        }
    }
}

fn cut(received: u64, size: Option<u64>) -> Error {
    let of = size.map(|size| format!(" of {size}")).unwrap_or_default();
    Error::invalid(
        "body",
        format!("the upload was cut after {received}{of} bytes; push the image again"),
    )
}
