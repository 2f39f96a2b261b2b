//! Where tags have been.
use async_graphql::{Context, Object, Result};
use chrono::{DateTime, Utc};

use super::User;
use crate::{
    graphql::{loader::load, scalar::Digest},
    registry::tag,
};

/// A move that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct TagMove(pub tag::TagMove);

impl From<tag::TagMove> for TagMove {
    fn from(row: tag::TagMove) -> Self {
        Self(row)
    }
}

/// A tag was set, moved or removed, at whatever door. It stays when the tag and the images are gone.
#[Object]
impl TagMove {
    /// The name of the tag.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The architecture of the images, as Go names it; null when they do not tell, and for what is no SIF image.
    async fn arch(&self) -> Option<&str> {
        self.0.arch.as_deref().filter(|arch| !arch.is_empty())
    }

    /// The SIF image that the tag pointed at before; null when there was none.
    async fn from_image(&self) -> Option<Digest> {
        self.0.from_image.clone().map(Digest)
    }

    /// The SIF image that it points at since; null when there is none.
    async fn to_image(&self) -> Option<Digest> {
        self.0.to_image.clone().map(Digest)
    }

    /// The manifest that it meant to OCI clients before; null when there was none.
    async fn from_manifest(&self) -> Option<Digest> {
        self.0.from_manifest.clone().map(Digest)
    }

    /// The manifest that it means to OCI clients since; null when the tag was removed.
    async fn to_manifest(&self) -> Option<Digest> {
        self.0.to_manifest.clone().map(Digest)
    }

    /// When.
    async fn moved_at(&self) -> DateTime<Utc> {
        self.0.moved_at
    }

    /// Who; null unless you are signed in, for what the server did by itself, and when the account is gone.
    async fn moved_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.moved_by {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }
}
