//! Tags.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{Container, Image, User};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{PathOf, load, load_present},
    },
    registry::tag,
};

/// A tag that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Tag(pub tag::Tag);

impl From<tag::Tag> for Tag {
    fn from(row: tag::Tag) -> Self {
        Self(row)
    }
}

/// A tag: a name that points at an image of the same container, for one architecture.
#[Object]
impl Tag {
    /// The global id, `tag:<id>`. It stays when the tag moves to another image.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Tag(self.0.id).into()
    }

    /// Its name, unique in its container for each architecture.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The architecture as Go names it, such as `amd64`; null when the image does not tell and nobody said.
    async fn arch(&self) -> Option<&str> {
        Some(&*self.0.arch).filter(|arch| !arch.is_empty())
    }

    /// What clients pull: `library://namespace/collection/container:tag`.
    async fn library_uri(&self, ctx: &Context<'_>) -> Result<String> {
        let path = load_present(ctx, PathOf(self.0.container_id), "container").await?;
        Ok(format!("library://{path}:{}", self.0.name))
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was last pointed at an image.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Who last pointed it at an image; null unless you are signed in, and when the account is gone.
    async fn updated_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.updated_by {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// The image it points at.
    async fn image(&self, ctx: &Context<'_>) -> Result<Image> {
        Ok(Image(load_present(ctx, self.0.image_id, "image").await?))
    }

    /// The container it is in.
    async fn container(&self, ctx: &Context<'_>) -> Result<Container> {
        Ok(Container(
            load_present(ctx, self.0.container_id, "container").await?,
        ))
    }
}
