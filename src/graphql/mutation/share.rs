//! Changes of share links.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    graphql::{
        error::InField,
        id,
        loader::{caller, load_present},
        object::ShareLink,
    },
    protocol::{RequestContext, download},
    registry::share::{self, NewShareLink},
};

#[derive(Default)]
pub(super) struct ShareMutation;

#[Object]
impl ShareMutation {
    /// Makes a link to one image of yours, with which whoever has it may download the image without an account, and tells
    /// its secret, once. Errors: `CONFLICT` for an image that is not uploaded; `FORBIDDEN` when it would outlive the token
    /// that you show; `INVALID` for an end that has passed or is later than this server allows.
    async fn create_share_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it gets.")] input: CreateShareLinkInput,
    ) -> Result<CreateShareLinkPayload> {
        let caller = caller(ctx);
        let new = NewShareLink {
            image: id::image(&input.image).in_field("input.image")?,
            expires_at: input.expires_at,
            expires_in: input.expires_in,
            max_uses: input.max_uses,
            note: input.note,
        };
        let made = share::create(caller, new).await.in_input()?;
        let context: &RequestContext = ctx.data_unchecked();
        Ok(CreateShareLinkPayload {
            url: download::share_url(&context.base_url, &made.secret, &made.file_name),
            share_link: ShareLink(made.link),
            secret: made.secret,
        })
    }

    /// Ends a link to an image of yours; it stays ended. Ending one that is ended already changes nothing.
    async fn revoke_share_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RevokeShareLinkInput,
    ) -> Result<RevokeShareLinkPayload> {
        let id = id::share_link(&input.id).in_field("input.id")?;
        share::revoke(caller(ctx), id).await?;
        Ok(RevokeShareLinkPayload {
            share_link: ShareLink(load_present(ctx, id, "share link").await?),
        })
    }
}

/// What a new share link gets.
#[derive(InputObject)]
struct CreateShareLinkInput {
    /// The global id of the image.
    image: ID,
    /// When it ends.
    expires_at: Option<DateTime<Utc>>,
    /// In how many seconds it ends; not beside `expiresAt`. Seven days unless you say one of them.
    expires_in: Option<i32>,
    /// How often it may be used, 1 to 10000; null: as often as anybody likes.
    max_uses: Option<i32>,
    /// What it is for, up to 1000 bytes; those who administer the container read it.
    #[graphql(default)]
    note: String,
}

/// Which share link to end.
#[derive(InputObject)]
struct RevokeShareLinkInput {
    /// Its global id.
    id: ID,
}

/// What making a share link answers.
#[derive(SimpleObject)]
struct CreateShareLinkPayload {
    /// The link.
    share_link: ShareLink,
    /// The secret in its address: 43 characters. It is told here and never again.
    secret: String,
    /// The address to download from, with the secret in it.
    url: String,
}

/// What ending a share link answers.
#[derive(SimpleObject)]
struct RevokeShareLinkPayload {
    /// The link as it is now.
    share_link: ShareLink,
}
