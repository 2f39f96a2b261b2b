//! What a search finds.
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Result, SimpleObject, connection::PageInfo};

use super::{Collection, Container, Image, Namespace};
use crate::{
    graphql::{
        loader::caller,
        page::{cost, size},
    },
    registry::search::{self, Facet, FacetKind, Filter, Matches, Piece},
};

/// What a search finds: a page of containers, best first, and what else there is to tell of them.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(in crate::graphql) struct SearchResult {
    /// The containers of this page with their places.
    pub(in crate::graphql) edges: Vec<SearchEdge>,
    /// Where this page is.
    pub(in crate::graphql) page_info: PageInfo,
    #[graphql(skip)]
    pub(in crate::graphql) found: Arc<Matches>,
    #[graphql(skip)]
    pub(in crate::graphql) filter: Filter,
}

/// A container that was found, and its place.
#[derive(SimpleObject)]
pub(in crate::graphql) struct SearchEdge {
    /// Its place in what was found, for the argument `after`.
    pub(in crate::graphql) cursor: String,
    /// The container.
    pub(in crate::graphql) node: SearchHit,
}

/// A container that was found.
#[derive(Clone, SimpleObject)]
pub(in crate::graphql) struct SearchHit {
    /// Its place in what was found, for the argument `after`.
    pub(in crate::graphql) cursor: String,
    /// The container.
    pub(in crate::graphql) container: Container,
    /// How well it answers: about 0 to 4, larger is better. Only comparable within one search.
    pub(in crate::graphql) score: f64,
    /// A line that shows why it was found, in pieces; from its description, README, help texts or definition file, about 250
    /// characters at most. Empty when nothing is written about it.
    pub(in crate::graphql) snippet: Vec<SnippetPiece>,
}

/// A stretch of a snippet.
#[derive(Clone, SimpleObject)]
pub(in crate::graphql) struct SnippetPiece {
    /// Plain text, as somebody wrote it: escape it before you put it into a page.
    text: String,
    /// Whether it is a word that was searched for.
    matches: bool,
}

impl From<Piece> for SnippetPiece {
    fn from(Piece { text, matches }: Piece) -> Self {
        Self { text, matches }
    }
}

#[ComplexObject]
impl SearchResult {
    /// The containers of this page. Pages go forwards alone: the best is what somebody searches for.
    async fn nodes(&self) -> Vec<SearchHit> {
        self.edges.iter().map(|edge| edge.node.clone()).collect()
    }

    /// How many containers that you may see match, up to 1000.
    async fn total_count(&self) -> u64 {
        self.found.total()
    }

    /// Whether more match than the 1000 that are ranked, counted and in the pages.
    async fn has_more(&self) -> bool {
        self.found.more
    }

    /// By what the containers found can be sorted out further.
    async fn facets(&self, ctx: &Context<'_>) -> Result<SearchFacets> {
        let facets = search::facets(caller(ctx), &self.found).await?;
        let of = |kind| {
            let of_kind = facets.iter().filter(|facet| facet.is(kind));
            of_kind.map(SearchFacet::from).collect()
        };
        Ok(SearchFacets {
            arch: of(FacetKind::Arch),
            labels: of(FacetKind::Label),
            topics: of(FacetKind::Topic),
            namespaces: of(FacetKind::Namespace),
            signed_by: of(FacetKind::SignedBy),
        })
    }

    /// Namespaces that the same words find by name or description, best first; the filter does not apply. Errors: `INVALID` for
    /// a size outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn namespaces(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many: 1 to 100.", default = 10)] first: i32,
    ) -> Result<Vec<Namespace>> {
        let first = size("first", first)?;
        let rows = search::namespaces(caller(ctx), &self.found, first).await?;
        Ok(rows.into_iter().map(Namespace::from).collect())
    }

    /// Collections that the same words find by name or description, best first; the filter does not apply. Errors: `INVALID` for
    /// a size outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn collections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many: 1 to 100.", default = 10)] first: i32,
    ) -> Result<Vec<Collection>> {
        let first = size("first", first)?;
        let rows = search::collections(caller(ctx), &self.found, first).await?;
        Ok(rows.into_iter().map(Collection::from).collect())
    }

    /// Images that tags point at, of the best 100 containers found, in their order and then newest first; only those with an
    /// architecture of the filter, and signed ones if it says so. Errors: `INVALID` for a size outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn images(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<Image>> {
        let first = usize::try_from(size("first", first)?)?;
        let rows = search::images(caller(ctx), &self.found, &self.filter).await?;
        Ok(rows.into_iter().take(first).map(Image::from).collect())
    }
}

/// By what containers can be sorted out: the values that most of those found have, up to 20 of each kind, those that most have
/// first.
#[derive(SimpleObject)]
pub(in crate::graphql) struct SearchFacets {
    /// Architectures of images with a tag, as Go names them.
    arch: Vec<SearchFacet>,
    /// Labels of such images: `name=value`, up to 200 bytes long; those of the newest 8 images of each container.
    labels: Vec<SearchFacet>,
    /// Topics.
    topics: Vec<SearchFacet>,
    /// Names of namespaces.
    namespaces: Vec<SearchFacet>,
    /// Fingerprints that signatures of such images name. The signatures are not verified.
    signed_by: Vec<SearchFacet>,
}

/// A value that containers have.
#[derive(SimpleObject)]
pub(in crate::graphql) struct SearchFacet {
    /// The value, as the filter takes it.
    value: String,
    /// How many of the containers found have it; of those that are counted, 1000 at most.
    count: i64,
}

impl From<&Facet> for SearchFacet {
    fn from(facet: &Facet) -> Self {
        Self {
            value: facet.value.clone(),
            count: facet.count,
        }
    }
}
