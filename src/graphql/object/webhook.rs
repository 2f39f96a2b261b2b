//! Webhooks and their deliveries.
use async_graphql::{Context, Enum, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{Event, Node, User};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{below, load},
        page::{List, Window, cost},
        query::node::find,
    },
    registry::{
        self,
        below::Deliveries,
        event::Place,
        webhook::{self, ByAge},
    },
};

/// A webhook that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Webhook(pub webhook::Webhook);

impl From<webhook::Webhook> for Webhook {
    fn from(row: webhook::Webhook) -> Self {
        Self(row)
    }
}

/// A webhook: an address that is told of what happens in a namespace, a collection, a container or on the whole site, by
/// requests that are signed as Standard Webhooks has it. Those who administer the place see it.
#[Object]
impl Webhook {
    /// The global id, `webhook:<id>`.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Webhook(self.0.id).into()
    }

    /// The namespace, collection or container where it listens; null: on the whole site, or the place is gone.
    async fn place(&self, ctx: &Context<'_>) -> Result<Option<Node>> {
        match webhook::place(&self.0) {
            Some(Place::Namespace(id)) => find(ctx, GlobalId::Namespace(id)).await,
            Some(Place::Collection(id)) => find(ctx, GlobalId::Collection(id)).await,
            Some(Place::Container(id)) => find(ctx, GlobalId::Container(id)).await,
            None => Ok(None),
        }
    }

    /// Where it sends.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// The actions it wants, such as `image.push`, or their first words, such as `image`; empty: all. Up to 50.
    async fn actions(&self) -> Vec<&str> {
        webhook::actions(&self.0)
    }

    /// Whether it sends: not when somebody switched it off, nor when the server did.
    async fn active(&self) -> bool {
        self.0.active && self.0.disabled_at.is_none()
    }

    /// When the server switched it off: because nothing had arrived for long, or because whoever answers for it no longer
    /// administers the place. Null: it did not.
    async fn disabled_at(&self) -> Option<DateTime<Utc>> {
        self.0.disabled_at
    }

    /// Since when nothing has arrived; null: the last delivery did, or none was tried.
    async fn failing_since(&self) -> Option<DateTime<Utc>> {
        self.0.failing_since
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was last changed by somebody.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Who answers for it: who made it, or switched it on since. Null when the account is gone.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.created_by {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// What it was told or is to be told, newest first; about the last 1000. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn deliveries(
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
    ) -> Result<List<Delivery>> {
        let args = Window::new(first, after, last, before)?.sorted(ByAge, true);
        below(ctx, Deliveries(self.0.id), args).await
    }
}

/// A delivery that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Delivery(pub webhook::Delivery);

impl From<webhook::Delivery> for Delivery {
    fn from(row: webhook::Delivery) -> Self {
        Self(row)
    }
}

/// How far a delivery has come.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "registry::DeliveryState")]
pub(in crate::graphql) enum DeliveryState {
    /// It is to be sent, or sent again.
    Pending,
    /// It has arrived.
    Delivered,
    /// It was given up.
    Failed,
}

/// An event on its way to a webhook.
#[Object]
impl Delivery {
    /// The global id, `delivery:<id>`. Its digits are the header `webhook-id`, the same at each attempt.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Delivery(self.0.id).into()
    }

    /// The webhook.
    async fn webhook(&self, ctx: &Context<'_>) -> Result<Option<Webhook>> {
        Ok(load(ctx, self.0.webhook_id).await?.map(Webhook))
    }

    /// What it tells; null when you may not see that.
    async fn event(&self, ctx: &Context<'_>) -> Result<Option<Event>> {
        Ok(load(ctx, self.0.event_id).await?.map(Event))
    }

    /// How far it has come.
    async fn state(&self) -> DeliveryState {
        self.0.state.into()
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// When it is tried next, at the earliest; null unless it is pending.
    async fn next_attempt_at(&self) -> Option<DateTime<Utc>> {
        let pending = self.0.state == registry::DeliveryState::Pending;
        pending.then_some(self.0.due_at)
    }

    /// When it was tried last; null: never.
    async fn tried_at(&self) -> Option<DateTime<Utc>> {
        self.0.tried_at
    }

    /// The HTTP status of the last answer; null: there was none.
    async fn status(&self) -> Option<i32> {
        self.0.status
    }

    /// Why the last attempt had no answer; null: it had one, or there was no attempt.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// How long the last attempt took, in milliseconds.
    async fn duration(&self) -> Option<i32> {
        self.0.duration
    }

    /// The beginning of the last answer, up to 2048 bytes.
    async fn response(&self) -> Option<&str> {
        self.0.response.as_deref()
    }
}
