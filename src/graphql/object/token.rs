//! Tokens.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{Scope, User};
use crate::{
    graphql::{id::GlobalId, loader::load_present},
    registry::token,
};

/// A token that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Token(pub token::Token);

impl From<token::Token> for Token {
    fn from(row: token::Token) -> Self {
        Self(row)
    }
}

/// An API token: what a program shows to act for a user. Its secret is told once, when it is made, and not kept. You see
/// your own.
#[Object]
impl Token {
    /// The global id, `token:<id>`.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Token(self.0.id).into()
    }

    /// What its user calls it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How far it reaches.
    async fn scope(&self) -> Scope {
        self.0.scope.into()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it stops working; null: never.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// When it was last shown, exact to a minute; null: never.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_used_at
    }

    /// Whether it was ended before its time.
    async fn revoked(&self) -> bool {
        self.0.revoked_at.is_some()
    }

    /// The user it acts for.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        Ok(User(load_present(ctx, self.0.user_id, "user").await?))
    }
}
