//! Jobs.
use async_graphql::{Context, Object, Result};

use crate::{
    graphql::{
        loader::caller,
        object::{Job, JobKind, JobState},
        page::{List, Window, cost, list},
    },
    registry::job::{self, ByCreation, JobFilter},
};

#[derive(Default)]
pub(super) struct JobQuery;

#[Object]
impl JobQuery {
    /// What this server did at length in the last 30 days, and does now, newest first. Errors: `FORBIDDEN` unless you administer
    /// it; `INVALID` for a page size outside 1 to 100 or a cursor of another list.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "Relay has four, and filters are two"
    )]
    async fn jobs(
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
        #[graphql(desc = "Only those that do this.")] kind: Option<JobKind>,
        #[graphql(desc = "Only those that are so far.")] state: Option<JobState>,
    ) -> Result<List<Job>> {
        let caller = caller(ctx);
        let filter = JobFilter {
            kind: kind.map(Into::into),
            state: state.map(Into::into),
        };
        let args = Window::new(first, after, last, before)?.sorted(ByCreation, true);
        let page = job::list(caller, filter, &args);
        list(ctx, page, job::count(caller, filter)).await
    }
}
