//! Stars and bookmarks.
use async_graphql::{Context, Interface, Object, Result};
use chrono::{DateTime, Utc};

use super::{Collection, Container, User};
use crate::{
    graphql::loader::{OwnStar, load, load_present},
    registry::star::{self, Kind, Subject},
};

/// What can be starred and bookmarked.
#[expect(clippy::duplicated_attributes, reason = "two fields may have one type")]
#[derive(Interface)]
#[graphql(
    field(
        name = "id",
        ty = "async_graphql::ID",
        desc = "The global id: `<noun>:<id>`."
    ),
    field(
        name = "star_count",
        ty = "u64",
        desc = "How many users have starred it."
    ),
    field(
        name = "viewer_has_starred",
        ty = "bool",
        desc = "Whether you have starred it; false unless you are signed in."
    ),
    field(
        name = "viewer_has_bookmarked",
        ty = "bool",
        desc = "Whether you have bookmarked it; false unless you are signed in."
    )
)]
pub(in crate::graphql) enum Starrable {
    Collection(Collection),
    Container(Container),
}

impl Starrable {
    /// The thing itself.
    ///
    /// # Errors
    /// `NOT_FOUND` when it went away or was hidden meanwhile.
    pub(in crate::graphql) async fn of(ctx: &Context<'_>, subject: Subject) -> Result<Self> {
        Ok(match subject {
            Subject::Collection(id) => {
                Collection(load_present(ctx, id, "collection").await?).into()
            }
            Subject::Container(id) => Container(load_present(ctx, id, "container").await?).into(),
        })
    }
}

/// Whether the caller has starred or bookmarked it.
pub(super) async fn is_own(ctx: &Context<'_>, subject: Subject, kind: Kind) -> Result<bool> {
    Ok(load(ctx, OwnStar(subject, kind)).await?.is_some())
}

/// A star that the caller may see.
pub(in crate::graphql) struct Star(star::Star);

impl From<star::Star> for Star {
    fn from(row: star::Star) -> Self {
        Self(row)
    }
}

/// A star: somebody likes something, and says so. Whoever is signed in sees those on what they may see.
#[Object]
impl Star {
    /// Who gave it.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        Ok(User(load_present(ctx, self.0.user_id, "user").await?))
    }

    /// What it is on.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Starrable> {
        Starrable::of(ctx, star::subject(&self.0)?).await
    }

    /// When it was given.
    async fn starred_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// A bookmark of the caller.
pub(in crate::graphql) struct Bookmark(star::Star);

impl From<star::Star> for Bookmark {
    fn from(row: star::Star) -> Self {
        Self(row)
    }
}

/// A bookmark: something that you want to find again. Nobody else knows of it.
#[Object]
impl Bookmark {
    /// What it is on.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Starrable> {
        Starrable::of(ctx, star::subject(&self.0)?).await
    }

    /// When you set it.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}
