//! Collections.
use async_graphql::{Context, ID, Object, Result};

use super::present;
use crate::{
    graphql::{
        error::InField,
        id::{self, collection_path},
        loader::caller,
        object::{Collection, Visibility},
        page::{CollectionOrderField, List, Order, Window, cost, list},
    },
    registry::collection::{self, CollectionFilter},
};

#[derive(Default)]
pub(super) struct CollectionQuery;

#[Object]
impl CollectionQuery {
    /// The collection at that path, or that was there before anything else took it. Errors: `INVALID` for what cannot be a path.
    async fn collection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its path, `namespace/collection`.")] path: String,
    ) -> Result<Option<Collection>> {
        let (namespace, name) = collection_path(&path).in_field("path")?;
        let found = collection::find(caller(ctx), &namespace, &name).await;
        Ok(present(found)?.map(Collection))
    }

    /// The collections that you may see. Errors: `NOT_FOUND` for a namespace that you may not see; `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "Relay has four, and a filter has its own"
    )]
    async fn collections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of the namespace of this id or name.")] namespace: Option<ID>,
        #[graphql(desc = "Only those of this visibility.")] visibility: Option<Visibility>,
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
            Order<CollectionOrderField>,
        >,
    ) -> Result<List<Collection>> {
        let caller = caller(ctx);
        let namespace = match namespace {
            Some(namespace) => Some(
                id::namespace(caller, &namespace)
                    .await
                    .in_field("namespace")?,
            ),
            None => None,
        };
        let filter = CollectionFilter {
            namespace,
            visibility: visibility.map(Into::into),
        };
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let page = collection::list(caller, filter, &args);
        list(ctx, page, collection::count(caller, filter)).await
    }
}
