//! Changes of tokens.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    graphql::{
        error::InField,
        id,
        loader::{caller, load_present},
        object::{Scope, Token},
    },
    registry::token::{self, NewToken},
};

#[derive(Default)]
pub(super) struct TokenMutation;

#[Object]
impl TokenMutation {
    /// Makes a token of yours and tells its secret, once. Errors: `FORBIDDEN` for a scope beyond that of the token you
    /// show, or beyond your own; `INVALID` for an expiry that has passed or is later than this server allows.
    async fn create_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it gets.")] input: CreateTokenInput,
    ) -> Result<CreateTokenPayload> {
        let caller = caller(ctx);
        let new = NewToken {
            name: input.name,
            scope: input.scope.into(),
            expires_at: input.expires_at,
        };
        let user = caller.account()?.id;
        let (token, secret) = token::create(caller, user, new).await.in_input()?;
        Ok(CreateTokenPayload {
            token: Token(token),
            secret,
        })
    }

    /// Ends a token of yours; it stays ended. Ending one that is ended already changes nothing.
    async fn revoke_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RevokeTokenInput,
    ) -> Result<RevokeTokenPayload> {
        let id = id::token(&input.id).in_field("input.id")?;
        token::revoke(caller(ctx), id).await?;
        Ok(RevokeTokenPayload {
            token: Token(load_present(ctx, id, "token").await?),
        })
    }
}

/// What a new token gets.
#[derive(InputObject)]
struct CreateTokenInput {
    /// What you call it, 1 to 100 characters.
    name: String,
    /// How far it reaches.
    scope: Scope,
    /// When it stops working; null: never, if this server allows that.
    expires_at: Option<DateTime<Utc>>,
}

/// Which token to end.
#[derive(InputObject)]
struct RevokeTokenInput {
    /// Its global id.
    id: ID,
}

/// What making a token answers.
#[derive(SimpleObject)]
struct CreateTokenPayload {
    /// The token.
    token: Token,
    /// What programs show: `sifhub_` and 208 characters. It is told here and never again.
    secret: String,
}

/// What ending a token answers.
#[derive(SimpleObject)]
struct RevokeTokenPayload {
    /// The token as it is now.
    token: Token,
}
