//! Users.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{Key, Namespace, Token};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{AgreementOf, caller, load},
        page::{List, NamespaceOrderField, Order, TokenOrderField, Window, cost, list},
    },
    registry::{
        key::{self, ByFingerprint},
        namespace, token, user,
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
        let caller = caller(ctx);
        let owner = Some(self.0.id);
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let page = namespace::list(caller, owner, &args);
        list(ctx, page, namespace::count(caller, owner)).await
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
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.newest_first(order_by);
        let page = token::list(caller, self.0.id, &args);
        list(ctx, page, token::count(caller, self.0.id)).await
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
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.sorted(ByFingerprint, false);
        let page = key::list(caller, self.0.id, &args);
        list(ctx, page, key::count(caller, self.0.id)).await
    }
}
