//! Containers.
use async_graphql::{Context, Object, Result};
use chrono::{DateTime, Utc};

use super::present;
use crate::{
    graphql::{
        error::InField,
        id::container_path,
        loader::caller,
        object::{Container, LabelInput, labels},
        page::{ContainerOrderField, List, Order, Window, cost, list},
        scalar::ContainerPath,
    },
    registry::container::{self, ContainerFilter},
};

#[derive(Default)]
pub(super) struct ContainerQuery;

#[Object]
impl ContainerQuery {
    /// The container at that path, or that was there before anything else took it. Errors: `INVALID` for what cannot be a path.
    async fn container(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its path.")] path: ContainerPath,
    ) -> Result<Option<Container>> {
        let path = container_path(&path.0).in_field("path")?;
        let found = container::find(caller(ctx), &path).await;
        Ok(present(found)?.map(Container))
    }

    /// The containers that you may see. Errors: `INVALID` for a page size outside 1 to 100, a cursor of another order, too many topics or labels, and those that cannot be.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "Relay has four, and a filter has its own"
    )]
    async fn containers(
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
            Order<ContainerOrderField>,
        >,
        #[graphql(desc = "Only containers that have all these topics, up to 20.")] topics: Option<
            Vec<String>,
        >,
        #[graphql(
            name = "labels",
            desc = "Only containers with an image that carries all these labels, up to 10."
        )]
        label: Option<Vec<LabelInput>>,
        #[graphql(
            desc = "Only containers that were there before this time and of which nobody has pulled anything since."
        )]
        pulled_before: Option<DateTime<Utc>>,
    ) -> Result<List<Container>> {
        let caller = caller(ctx);
        let topics = topics.unwrap_or_default();
        let topics: crate::error::Result<_> = topics.iter().map(|text| text.parse()).collect();
        let filter = ContainerFilter {
            collection: None,
            topics: topics?,
            labels: labels(label.unwrap_or_default())?,
            pulled_before,
        };
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let page = container::list(caller, &filter, &args);
        list(ctx, page, container::count(caller, &filter)).await
    }
}
