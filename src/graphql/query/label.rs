//! Labels.
use async_graphql::{Context, Object, Result};

use crate::{
    graphql::{
        error::InField,
        loader::caller,
        object::{LabelKey, LabelValue},
        page::{List, Window, list, search_cost},
    },
    registry::label,
};

#[derive(Default)]
pub(super) struct LabelQuery;

#[Object]
impl LabelQuery {
    /// The keys of the labels on images that you may see, the most used first; of each image the first 64. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another list.
    #[graphql(complexity = "search_cost(first.or(last).unwrap_or(20), child_complexity)")]
    async fn labels(
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
    ) -> Result<List<LabelKey>> {
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.sorted((), true);
        list(ctx, label::keys(caller, &args), label::keys_count(caller)).await
    }

    /// The values of a label on images that you may see, the most used first; those longer than 512 bytes are left out. Errors: `INVALID` for a key that no label can have, a page size outside 1 to 100, or a cursor of another list.
    #[graphql(complexity = "search_cost(first.or(last).unwrap_or(20), child_complexity)")]
    async fn label_values(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key, such as `org.opencontainers.image.version`.")] key: String,
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
    ) -> Result<List<LabelValue>> {
        let caller = caller(ctx);
        let key = label::Label::new(key, None).in_field("key")?;
        let args = Window::new(first, after, last, before)?.sorted((), true);
        let page = label::values(caller, &key, &args);
        list(ctx, page, label::values_count(caller, &key)).await
    }
}
