//! Finding things by their words.
use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, InputObject, Object, Result, connection::PageInfo};

use crate::{
    graphql::{
        error::InField,
        loader::caller,
        object::{Container, SearchEdge, SearchHit, SearchResult},
        page::{search_cost, size},
    },
    registry::{
        container,
        page::Cursor,
        search::{self, Filter},
    },
};

#[derive(Default)]
pub(super) struct SearchQuery;

#[Object]
impl SearchQuery {
    /// The containers that you may see and that have all words of a text in their path, description, labels, topics, README,
    /// definition files, help texts or names of apps, best first: what is called so, then what the words are in most, of like
    /// ones what more people have starred and pulled, then what is newer.
    ///
    /// `"these words"` must stand together, `begin*` may go on, as the last word may anyway, `-without` must not be there. Accents
    /// and upper or lower case do not matter. When nothing has all words, words of 4 letters or more with one letter wrong, and
    /// parts of words of 3 or more, will do. No text at all finds whatever the filter lets through, newest first. What was
    /// changed is found within about a second. Errors: `INVALID` for a text of more than 1024 bytes or 32 words, a page size
    /// outside 1 to 100, more than 32 values in a filter, or a cursor of another search.
    #[graphql(complexity = "search_cost(first, child_complexity)")]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to look for, up to 1024 bytes.", default)] text: String,
        #[graphql(desc = "What the containers must have besides.")] filter: Option<SearchFilter>,
        #[graphql(desc = "How many from the start: 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "Only what comes after this cursor of the same search.")] after: Option<
            String,
        >,
    ) -> Result<SearchResult> {
        let first = size("first", first)?;
        let after = after.map(|text| Cursor::decode(&text)).transpose();
        let after = after.in_field("after")?;
        let filter = filter.unwrap_or_default().into();
        let found = Arc::new(search::find(caller(ctx), &text, &filter).await?);
        let page = found.page(after.as_ref(), first)?;
        let ids: Vec<_> = page.items.iter().map(|(_, hit)| hit.id).collect();
        let mut rows = container::by_ids(caller(ctx), &ids).await?;
        let mut snippets = match wants_snippets(ctx) {
            true => search::snippets(caller(ctx), &found, &ids).await?,
            false => HashMap::new(),
        };
        let ends = |at: Option<&(Cursor, _)>| at.map(|(cursor, _)| cursor.encode());
        let page_info = PageInfo {
            has_previous_page: page.has_previous,
            has_next_page: page.has_next,
            start_cursor: ends(page.items.first()),
            end_cursor: ends(page.items.last()),
        };
        let edges = page.items.iter().filter_map(|(cursor, hit)| {
            let snippet = snippets.remove(&hit.id).unwrap_or_default();
            let node = SearchHit {
                cursor: cursor.encode(),
                container: Container(rows.remove(&hit.id)?),
                score: hit.score(),
                snippet: snippet.into_iter().map(Into::into).collect(),
            };
            Some(SearchEdge {
                cursor: cursor.encode(),
                node,
            })
        });
        Ok(SearchResult {
            edges: edges.collect(),
            page_info,
            found,
            filter,
        })
    }

    /// Names of containers, collections and namespaces that you may see and that begin with a text, those that most things
    /// have first; 20 at most. For completing what somebody types. Errors: `INVALID` for a text of more than 1024 bytes, and
    /// for a size outside 1 to 20.
    #[graphql(complexity = "search_cost(1, child_complexity)")]
    async fn search_suggestions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How the names begin, in upper or lower case.")] prefix: String,
        #[graphql(desc = "At most so many: 1 to 20.", default = 10)] first: i32,
    ) -> Result<Vec<String>> {
        let first = search::suggested(first)?;
        Ok(search::suggest(caller(ctx), &prefix, first).await?)
    }
}

fn wants_snippets(ctx: &Context<'_>) -> bool {
    let asked = ctx.look_ahead();
    let of_nodes = asked.field("nodes").field("snippet").exists();
    of_nodes || asked.field("edges").field("node").field("snippet").exists()
}

/// What containers must have besides words. Each field that is given narrows further.
#[derive(Default, InputObject)]
struct SearchFilter {
    /// An image with a tag of one of these architectures, as Go names them.
    #[graphql(default)]
    arch: Vec<String>,
    /// An image with a tag that carries a signature.
    #[graphql(default)]
    signed: bool,
    /// An image with a tag and a signature that names one of these fingerprints. Signatures are not verified.
    #[graphql(default)]
    signed_by: Vec<String>,
    /// The same for the keys that these users have on this server, by their names. Only users whom you may see.
    #[graphql(default)]
    signed_by_user: Vec<String>,
    /// Images with all of these labels: `name=value`.
    #[graphql(default)]
    labels: Vec<String>,
    /// All of these topics.
    #[graphql(default)]
    topics: Vec<String>,
    /// A place in one of these namespaces, by their names.
    #[graphql(default)]
    namespaces: Vec<String>,
}

impl From<SearchFilter> for Filter {
    fn from(filter: SearchFilter) -> Self {
        Self {
            archs: filter.arch,
            signed: filter.signed,
            signed_by: filter.signed_by,
            signed_by_user: filter.signed_by_user,
            labels: filter.labels,
            topics: filter.topics,
            namespaces: filter.namespaces,
        }
    }
}
