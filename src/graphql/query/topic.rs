//! Topics.
use async_graphql::{Context, Object, Result};

use crate::{
    graphql::{
        loader::caller,
        object::Topic,
        page::{List, Window, list, search_cost},
    },
    registry::topic,
};

#[derive(Default)]
pub(super) struct TopicQuery;

#[Object]
impl TopicQuery {
    /// The topics of the containers that you may see, the most used first. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another list.
    #[graphql(complexity = "search_cost(first.or(last).unwrap_or(20), child_complexity)")]
    async fn topics(
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
    ) -> Result<List<Topic>> {
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.sorted((), true);
        list(ctx, topic::list(caller, &args), topic::count(caller)).await
    }
}
