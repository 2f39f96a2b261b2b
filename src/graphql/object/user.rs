//! Users.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{Bookmark, Grant, Invitation, Key, Namespace, Quota, Star, Team, Token};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{AgreementOf, QuotaOf, below, caller, load},
        page::{
            List, NamespaceOrderField, Order, TeamOrderField, TokenOrderField, Window, cost, list,
        },
    },
    registry::{
        below::{Bookmarks, Grants, Invitations, Keys, Namespaces, Stars, Tokens},
        grant::ByGranting,
        key::ByFingerprint,
        star::ByTime,
        team::{self, invitation::ByInviting},
        user,
    },
};

/// A user that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct User(pub user::User);

impl From<user::User> for User {
    fn from(row: user::User) -> Self {
        Self(row)
    }
}

/// A user: somebody with an account. Whoever is signed in sees the names of all.
#[Object]
impl User {
    /// The global id, `user:<id>`.
    pub(super) async fn id(&self) -> ID {
        GlobalId::User(self.0.id).into()
    }

    /// Their name, unique on this server.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// When the account was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Whether they administer this server; null unless it is you or you do.
    async fn admin(&self, ctx: &Context<'_>) -> Option<bool> {
        user::private(caller(ctx), &self.0).map(|known| known.admin)
    }

    /// Since when they are kept out; null if they are not, or unless you administer this server.
    async fn disabled_at(&self, ctx: &Context<'_>) -> Option<DateTime<Utc>> {
        user::private(caller(ctx), &self.0)?.disabled_at
    }

    /// When they last signed in with a password; null: never, or unless it is you or you administer this server.
    async fn last_login_at(&self, ctx: &Context<'_>) -> Option<DateTime<Utc>> {
        user::private(caller(ctx), &self.0)?.last_login_at
    }

    /// When they agreed to the terms of use that hold now; null: not yet, there are none, or unless it is you or you administer this server.
    async fn agreed_to_terms_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        Ok(load(ctx, AgreementOf(self.0.id)).await?)
    }

    /// How much all namespaces that are theirs may hold together, and how much of that is used; those of their teams do not
    /// count. Null unless it is you or you administer this server.
    async fn quota(&self, ctx: &Context<'_>) -> Result<Option<Quota>> {
        Ok(load(ctx, QuotaOf(self.0.id)).await?.map(Into::into))
    }

    /// The namespaces that belong to them and that you may see. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn namespaces(
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
        #[graphql(desc = "The order; by name unless you say.")] order_by: Option<
            Order<NamespaceOrderField>,
        >,
    ) -> Result<List<Namespace>> {
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        below(ctx, Namespaces(self.0.id), args).await
    }

    /// The teams that they are in, as far as you may know: all if it is you or you administer this server, else those that you are in too. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn teams(
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
        #[graphql(desc = "The order; by name unless you say.")] order_by: Option<
            Order<TeamOrderField>,
        >,
    ) -> Result<List<Team>> {
        let caller = caller(ctx);
        let of = Some(self.0.id);
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let page = team::list(caller, of, &args);
        list(ctx, page, team::count(caller, of)).await
    }

    /// The invitations of them by name that are still open, oldest first; empty unless it is you or you administer this server, but for those into teams that you maintain. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn invitations(
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
    ) -> Result<List<Invitation>> {
        let args = Window::new(first, after, last, before)?.sorted(ByInviting, false);
        below(ctx, Invitations(self.0.id), args).await
    }

    /// What they were granted themselves that you may know of: all of it if it is you or you administer this server, else what you may share. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn grants(
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
    ) -> Result<List<Grant>> {
        let args = Window::new(first, after, last, before)?.sorted(ByGranting, false);
        below(ctx, Grants(self.0.id), args).await
    }

    /// Their tokens that are not revoked; empty unless it is you or you administer this server. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn tokens(
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
        #[graphql(desc = "The order; newest first unless you say.")] order_by: Option<
            Order<TokenOrderField>,
        >,
    ) -> Result<List<Token>> {
        let args = Window::new(first, after, last, before)?.newest_first(order_by);
        below(ctx, Tokens(self.0.id), args).await
    }

    /// Their public OpenPGP keys, by fingerprint. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn keys(
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
    ) -> Result<List<Key>> {
        let args = Window::new(first, after, last, before)?.sorted(ByFingerprint, false);
        below(ctx, Keys(self.0.id), args).await
    }

    /// What they have starred and you may see, the newest star first. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn stars(
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
    ) -> Result<List<Star>> {
        let args = Window::new(first, after, last, before)?.sorted(ByTime, true);
        below(ctx, Stars(self.0.id), args).await
    }

    /// What they have bookmarked, the newest first; empty unless it is you. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn bookmarks(
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
    ) -> Result<List<Bookmark>> {
        let args = Window::new(first, after, last, before)?.sorted(ByTime, true);
        below(ctx, Bookmarks(self.0.id), args).await
    }
}
