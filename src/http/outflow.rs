//! The body of an answer, whose bytes are counted as they leave.
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, SizeHint};

use crate::metrics::Sending;

/// The same bytes, counted. It tells its size as the body does, or answers would lose their `Content-Length`.
pub(super) struct Outflow {
    body: BoxBody<Bytes, io::Error>,
    sending: Sending,
}

impl Outflow {
    pub(super) fn counted(body: poem::Body, sending: Sending) -> poem::Body {
        let body = body.into();
        BoxBody::new(Self { body, sending }).into()
    }
}

impl Body for Outflow {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(bytes) = frame.data_ref()
        {
            self.sending.sent(bytes.len() as u64);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
