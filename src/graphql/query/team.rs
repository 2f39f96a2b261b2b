//! Teams.
use async_graphql::{Context, Object, Result};

use super::present;
use crate::{
    graphql::{
        error::InField,
        loader::caller,
        object::Team,
        page::{List, Order, TeamOrderField, Window, cost, list},
    },
    registry::{path::Name, team},
};

#[derive(Default)]
pub(super) struct TeamQuery;

#[Object]
impl TeamQuery {
    /// The team of that name; null too unless you are signed in. Errors: `INVALID` for what cannot be a name.
    async fn team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its name.")] name: String,
    ) -> Result<Option<Team>> {
        let name: Name = name.parse().in_field("name")?;
        Ok(present(team::find(caller(ctx), &name).await)?.map(Team))
    }

    /// The teams that you may see: all, once you are signed in. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
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
        let of = None;
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let page = team::list(caller, of, &args);
        list(ctx, page, team::count(caller, of)).await
    }
}
