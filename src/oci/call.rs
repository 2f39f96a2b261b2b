//! A request as handlers get it, and how they read it.
use std::io;

use bytes::{Bytes, BytesMut};
use futures::{TryStreamExt, stream::BoxStream};
use poem::{
    Request,
    http::header::{self, HeaderName},
};
use url::form_urlencoded;

use super::{error::Result, route::Target};
use crate::{
    error::Error,
    registry::{
        Caller, Digest,
        path::{ContainerPath, Reference},
    },
};

/// The body of a request. What a handler leaves of it is taken in when the request is refused.
pub(super) type Inflow = BoxStream<'static, io::Result<Bytes>>;

/// A request without its body, and what is known about it.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// Who asks.
    pub(super) caller: &'a Caller,
    /// The request.
    pub(super) request: &'a Request,
    /// What it is about.
    pub(super) target: &'a Target,
}

impl Call<'_> {
    /// The container that the path names.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no name here.
    pub(super) fn path(&self) -> Result<ContainerPath> {
        self.container(&self.target.name)
    }

    /// The container of a name.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no name here.
    pub(super) fn container(&self, name: &str) -> Result<ContainerPath> {
        Ok(ContainerPath::parse(name, &self.caller.config().registry)?)
    }

    /// The digest in the path.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub(super) fn digest(&self) -> Result<Digest> {
        Ok(self.target.reference.parse()?)
    }

    /// The tag or digest in the path. No tag has a colon, so what has one is meant for a digest.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is neither.
    pub(super) fn reference(&self) -> Result<Reference> {
        Ok(match self.target.reference.contains(':') {
            true => Reference::Digest(self.digest()?),
            false => Reference::Tag(self.target.reference.parse()?),
        })
    }

    /// The values of a parameter of the query, in order.
    pub(super) fn params(&self, name: &str) -> impl Iterator<Item = String> {
        let query = self.request.uri().query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes())
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The first value of a parameter of the query.
    pub(super) fn param(&self, name: &str) -> Option<String> {
        self.params(name).next()
    }

    /// A header.
    pub(super) fn header(&self, name: HeaderName) -> Option<&str> {
        self.request.header(name)
    }

    /// How many bytes the client says that it sends.
    pub(super) fn length(&self) -> Option<u64> {
        self.header(header::CONTENT_LENGTH)?.parse().ok()
    }

    /// The whole body, for what is small; `what` it is.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond `limit` bytes; [`Error::Invalid`] when it breaks off.
    pub(super) async fn content(
        &self,
        body: &mut Inflow,
        what: &'static str,
        limit: u64,
    ) -> Result<Bytes> {
        let mut content = BytesMut::new();
        if self.length().is_some_and(|length| length > limit) {
            return Err(Error::TooLarge { what, limit }.into());
        }
        while let Some(piece) = body.try_next().await.map_err(cut)? {
            if (content.len() + piece.len()) as u64 > limit {
                return Err(Error::TooLarge { what, limit }.into());
            }
            content.extend_from_slice(&piece);
        }
        Ok(content.freeze())
    }
}

fn cut(error: io::Error) -> Error {
    Error::invalid("body", format!("it broke off: {error}; send it again"))
}
