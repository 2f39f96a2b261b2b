//! Stars and bookmarks.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use crate::{
    error,
    graphql::{error::InField, id, loader::caller, object::Starrable},
    registry::{
        Caller,
        star::{self, Kind, Subject},
    },
};

#[derive(Default)]
pub(super) struct StarMutation;

#[Object]
impl StarMutation {
    /// Stars a collection or container that you may see. Whoever is signed in and sees it sees your star. Starring it again
    /// changes nothing.
    async fn star(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to star.")] input: StarInput,
    ) -> Result<StarPayload> {
        let subject = named(caller(ctx), &input).await?;
        star::set(caller(ctx), subject, Kind::Star).await?;
        StarPayload::of(ctx, subject).await
    }

    /// Takes your star back. Where there is none, nothing changes.
    async fn unstar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What not to star.")] input: StarInput,
    ) -> Result<StarPayload> {
        let subject = named(caller(ctx), &input).await?;
        star::unset(caller(ctx), subject, Kind::Star).await?;
        StarPayload::of(ctx, subject).await
    }

    /// Bookmarks a collection or container that you may see, for you alone. Doing so again changes nothing.
    async fn bookmark(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to bookmark.")] input: StarInput,
    ) -> Result<StarPayload> {
        let subject = named(caller(ctx), &input).await?;
        star::set(caller(ctx), subject, Kind::Bookmark).await?;
        StarPayload::of(ctx, subject).await
    }

    /// Takes your bookmark away. Where there is none, nothing changes.
    async fn remove_bookmark(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What not to bookmark.")] input: StarInput,
    ) -> Result<StarPayload> {
        let subject = named(caller(ctx), &input).await?;
        star::unset(caller(ctx), subject, Kind::Bookmark).await?;
        StarPayload::of(ctx, subject).await
    }
}

async fn named(caller: &Caller, input: &StarInput) -> error::Result<Subject> {
    id::starrable(caller, &input.id).await.in_field("input.id")
}

/// What to star or bookmark.
#[derive(InputObject)]
struct StarInput {
    /// The global id of a collection or container, or its path: `namespace/collection` or
    /// `namespace/collection/container`.
    id: ID,
}

/// What starring and bookmarking answer.
#[derive(SimpleObject)]
struct StarPayload {
    /// The thing as it is now.
    subject: Starrable,
}

impl StarPayload {
    async fn of(ctx: &Context<'_>, subject: Subject) -> Result<Self> {
        Ok(Self {
            subject: Starrable::of(ctx, subject).await?,
        })
    }
}
