//! Share links.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{Container, Image, User};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{caller, load, load_present},
    },
    registry::share,
};

/// A share link that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct ShareLink(pub share::ShareLink);

impl From<share::ShareLink> for ShareLink {
    fn from(row: share::ShareLink) -> Self {
        Self(row)
    }
}

/// A share link: whoever has it may download one image, for a time. Its secret is told once, when it is made, and not kept.
/// You see those to what you administer.
#[Object]
impl ShareLink {
    /// The global id, `share:<id>`.
    pub(super) async fn id(&self) -> ID {
        GlobalId::ShareLink(self.0.id).into()
    }

    /// The image that it opens, and nothing else.
    async fn image(&self, ctx: &Context<'_>) -> Result<Image> {
        Ok(Image(load_present(ctx, self.0.image_id, "image").await?))
    }

    /// The container of the image.
    async fn container(&self, ctx: &Context<'_>) -> Result<Container> {
        let id = self.0.container_id;
        Ok(Container(load_present(ctx, id, "container").await?))
    }

    /// Who made it; null when you may not see them. It opens nothing any more once they may not share the image.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load(ctx, self.0.created_by).await?.map(User))
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it ends.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// How often it may be used; null: as often as anybody likes.
    async fn max_uses(&self) -> Option<i32> {
        self.0.max_uses
    }

    /// How often it was used. A use is a download that begins at the first byte; going on with it within a day is none.
    async fn uses(&self) -> u64 {
        self.0.uses.unsigned_abs()
    }

    /// When it was last used; null: never.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_used_at
    }

    /// When it was ended before its time; null: it was not.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }

    /// Whether it is neither past its end, nor used up, nor revoked.
    async fn open(&self, ctx: &Context<'_>) -> bool {
        share::is_open(caller(ctx), &self.0)
    }

    /// What it is for, in the words of its maker; may be empty.
    async fn note(&self) -> &str {
        &self.0.note
    }
}
