//! Namespaces.
use async_graphql::{Context, Object, Result};

use super::present;
use crate::{
    graphql::{
        error::InField,
        loader::caller,
        object::Namespace,
        page::{List, NamespaceOrderField, Order, Window, cost, list},
    },
    registry::{namespace, path::Name},
};

#[derive(Default)]
pub(super) struct NamespaceQuery;

#[Object]
impl NamespaceQuery {
    /// The namespace of that name, or that had it before anything else took it. Errors: `INVALID` for what cannot be a name.
    async fn namespace(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its name.")] name: String,
    ) -> Result<Option<Namespace>> {
        let name: Name = name.parse().in_field("name")?;
        let found = namespace::find(caller(ctx), &name).await;
        Ok(present(found)?.map(Namespace))
    }

    /// The namespaces that you may see. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
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
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let page = namespace::list(caller, &args);
        list(ctx, page, namespace::count(caller)).await
    }
}
