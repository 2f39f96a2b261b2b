//! Letting a client hear a refusal while it still sends.
use std::{io, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt, future::ready};

/// How long a refused client may go on.
const TIME: Duration = Duration::from_secs(5);
/// How many bytes it may go on with.
const BYTES: usize = 64 << 20;

/// Takes in, for a moment and beside the answer, what a refused client still sends. Closing at once would reset the
/// connection, and the reset may overtake the answer; the client would see a broken pipe in place of the reason.
pub fn linger(body: impl Stream<Item = io::Result<Bytes>> + Send + 'static) {
    let drain = body
        .scan(0, |taken, chunk| {
            *taken += chunk.map_or(BYTES, |chunk| chunk.len());
            ready((*taken < BYTES).then_some(()))
        })
        .for_each(ready);
    tokio::spawn(tokio::time::timeout(TIME, drain));
}
