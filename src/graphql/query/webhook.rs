//! Webhooks.
use async_graphql::{Context, ID, Object, Result};

use super::event::PlaceInput;
use crate::{
    graphql::{
        loader::caller,
        object::Webhook,
        page::{List, Window, cost, list},
    },
    registry::webhook::{self, ByCreation},
};

#[derive(Default)]
pub(super) struct WebhookQuery;

#[Object]
impl WebhookQuery {
    /// The webhooks of what you administer, oldest first. Errors: `INVALID` for a page size outside 1 to 100, a cursor of
    /// another order or more than one place.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "Relay has four, and places are three"
    )]
    async fn webhooks(
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
        #[graphql(desc = "Only those of this namespace: its global id or name.")] namespace: Option<
            ID,
        >,
        #[graphql(desc = "Only those of this collection: its global id or path.")]
        collection: Option<ID>,
        #[graphql(desc = "Only those of this container: its global id or path.")] container: Option<
            ID,
        >,
    ) -> Result<List<Webhook>> {
        let caller = caller(ctx);
        let place = PlaceInput {
            namespace,
            collection,
            container,
        };
        let place = place.read(caller, "webhooks").await?;
        let args = Window::new(first, after, last, before)?.sorted(ByCreation, false);
        let page = webhook::list(caller, place, &args);
        list(ctx, page, webhook::count(caller, place)).await
    }
}
