//! Tags.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{Container, Image, TagMove, User};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{PathOf, caller, load, load_present},
        page::{List, Window, cost, list},
    },
    registry::tag::{self, ByMove, Moves},
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

    /// What it pointed at over time, newest first. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 unless you say.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor of the same order.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many from the end: 1 to 100; not beside first.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor of the same order.")] before: Option<
            String,
        >,
    ) -> Result<List<TagMove>> {
        let moves = Moves {
            container: self.0.container_id,
            name: Some(&self.0.name),
            arch: Some(&self.0.arch),
        };
        let (caller, window) = (caller(ctx), Window::new(first, after, last, before)?);
        let args = window.sorted(ByMove, true);
        let page = tag::history(caller, moves, &args);
        list(ctx, page, tag::history_count(caller, moves)).await
    }

    /// The container it is in.
    async fn container(&self, ctx: &Context<'_>) -> Result<Container> {
        Ok(Container(
            load_present(ctx, self.0.container_id, "container").await?,
        ))
    }
}
