//! The trash.
use async_graphql::{Context, ID, Object, Result};

use super::event::PlaceInput;
use crate::{
    graphql::{
        loader::caller,
        object::TrashEntry,
        page::{List, Window, cost, list},
    },
    registry::trash::{self, ByDeletion},
};

#[derive(Default)]
pub(super) struct TrashQuery;

#[Object]
impl TrashQuery {
    /// What was deleted and may be restored, of what you administer, latest first. Errors: `INVALID` for a page size outside 1
    /// to 100, a cursor of another order or more than one place.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "Relay has four, and places are three"
    )]
    async fn trash(
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
        #[graphql(desc = "Only what was in this namespace: its global id or name.")]
        namespace: Option<ID>,
        #[graphql(
            desc = "Only this collection and what was in it: its global id or, unless it is in the trash, its path."
        )]
        collection: Option<ID>,
        #[graphql(
            desc = "Only this container and what was in it: its global id or, unless it is in the trash, its path."
        )]
        container: Option<ID>,
    ) -> Result<List<TrashEntry>> {
        let caller = caller(ctx);
        let place = PlaceInput {
            namespace,
            collection,
            container,
        };
        let place = place.read(caller, "trash").await?;
        let args = Window::new(first, after, last, before)?.sorted(ByDeletion, true);
        let page = trash::list(caller, place, &args);
        list(ctx, page, trash::count(caller, place)).await
    }
}
