//! Finding things by their words.
use async_graphql::{Context, Object, Result, SimpleObject};

use super::shown;
use crate::{
    graphql::{
        error::InField,
        loader::caller,
        object::{Collection, Container, Image, Namespace},
        page::{search_cost, size},
    },
    registry::search::{self, Search},
};

#[derive(Default)]
pub(super) struct SearchQuery;

#[Object]
impl SearchQuery {
    /// What holds a text in its name, path or description, in upper or lower case. Errors: `INVALID` for less than 3
    /// characters.
    #[graphql(complexity = "search_cost(first, child_complexity)")]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The text, 3 characters or more.")] text: String,
        #[graphql(
            desc = "Only images of these architectures, as Go names them.",
            default
        )]
        arch: Vec<String>,
        #[graphql(desc = "Only images that carry a signature.", default)] signed: bool,
        #[graphql(desc = "At most so many of each kind: 1 to 100.", default = 20)] first: i32,
    ) -> Result<SearchResult> {
        let first = usize::try_from(size("first", first)?)?;
        let question = Search {
            text,
            archs: arch,
            signed,
        };
        let found = search::search(caller(ctx), &question)
            .await
            .in_field("text")?;
        Ok(SearchResult {
            namespaces: shown(found.namespaces, first),
            collections: shown(found.collections, first),
            containers: shown(found.containers, first),
            images: shown(found.images, first),
        })
    }
}

/// What a search found, newest first in each list.
#[derive(SimpleObject)]
struct SearchResult {
    /// Namespaces, by name or description.
    namespaces: Vec<Namespace>,
    /// Collections, by name or description.
    collections: Vec<Collection>,
    /// Containers, by name or description.
    containers: Vec<Container>,
    /// Images that a tag points at, by any part of their path, or by description.
    images: Vec<Image>,
}
