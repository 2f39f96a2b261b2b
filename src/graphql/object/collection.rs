//! Collections.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{
    About, Container, Deprecation, Grant, Namespace, Permission, Protection, Visibility,
    download::Downloads,
    growth::{GrowthDay, growth},
    star::{Star, is_own},
};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{PermissionOn, TotalOf, below, load, load_present},
        page::{ContainerOrderField, List, Order, Window, cost, series_cost},
        scalar::{Bytes, Date},
    },
    registry::{
        about::Subject as Described,
        below::{Containers, Grants, Stars},
        collection, download,
        grant::ByGranting,
        protection::Protected,
        size_tree::Place,
        star::{ByTime, Kind, Subject},
        total::Total,
    },
};

/// A collection that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Collection(pub collection::Collection);

impl From<collection::Collection> for Collection {
    fn from(row: collection::Collection) -> Self {
        Self(row)
    }
}

/// A collection: a shelf of containers in a namespace, public, internal or private. You see it too if you were
/// granted only some of what is in it.
#[Object]
impl Collection {
    /// The global id, `collection:<id>`. It stays when the collection is renamed.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Collection(self.0.id).into()
    }

    /// Its name, unique in its namespace.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its path, `namespace/collection`.
    async fn path(&self, ctx: &Context<'_>) -> Result<String> {
        let namespace = load_present(ctx, self.0.namespace_id, "namespace").await?;
        Ok(format!("{}/{}", namespace.name, self.0.name))
    }

    /// Free text of its owner, up to 65536 bytes; may be empty.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// What is said about it at length; null when nothing is.
    async fn about(&self, ctx: &Context<'_>) -> Result<Option<About>> {
        Ok(load(ctx, Described::Collection(self.0.id))
            .await?
            .map(About))
    }

    /// That it is deprecated; null when it is not.
    async fn deprecation(&self, ctx: &Context<'_>) -> Result<Option<Deprecation>> {
        let about = load(ctx, Described::Collection(self.0.id)).await?;
        Ok(about.and_then(Deprecation::of))
    }

    /// Who may see it, and all that is in it.
    async fn visibility(&self) -> Visibility {
        self.0.visibility.into()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When its name, description or visibility changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// The namespace it is in.
    async fn namespace(&self, ctx: &Context<'_>) -> Result<Namespace> {
        Ok(Namespace(
            load_present(ctx, self.0.namespace_id, "namespace").await?,
        ))
    }

    /// How far you may go with it, with what you showed.
    async fn viewer_permission(&self, ctx: &Context<'_>) -> Result<Permission> {
        let level = load_present(ctx, PermissionOn(self.0.id), "collection").await?;
        Ok(level.into())
    }

    /// The grants on it, in the order they were made: all of them if you may share it, else those that you and your teams got. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn grants(
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
    ) -> Result<List<Grant>> {
        let args = Window::new(first, after, last, before)?.sorted(ByGranting, false);
        below(ctx, Grants(self.0.id), args).await
    }

    /// The sum of the sizes of the images in it that you may see, and of the manifests that describe no SIF image, in bytes.
    /// What shares its bytes counts each.
    async fn size(&self, ctx: &Context<'_>) -> Result<Bytes> {
        Ok(Bytes(self.total(ctx).await?.size))
    }

    /// How many images it holds that you may see.
    async fn image_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.total(ctx).await?.images)
    }

    /// How many manifests it holds that you may see, were pushed and describe no SIF image: container images in layers,
    /// lists of them, and artifacts such as signatures.
    async fn manifest_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.total(ctx).await?.manifests)
    }

    /// The bytes of all blobs in it, each once, in the trash or not; blobs that were pushed count before a manifest names
    /// them, and until they are collected. Null unless you administer it.
    async fn stored(&self, ctx: &Context<'_>) -> Result<Option<Bytes>> {
        Ok(self.total(ctx).await?.stored.map(Bytes))
    }

    /// How it grew by day, the first one first; days without change are left out. Null unless you may see all that is in it. Errors: `INVALID` for
    /// more than 400 days, or none.
    #[graphql(complexity = "series_cost(since, until, child_complexity)")]
    async fn growth(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day; 30 days unless you say.")] since: Option<Date>,
        #[graphql(desc = "The last day; today unless you say.")] until: Option<Date>,
    ) -> Result<Option<Vec<GrowthDay>>> {
        growth(ctx, Place::Collection(self.0.id), (since, until)).await
    }

    /// How many containers it holds that you may see.
    async fn container_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.total(ctx).await?.containers)
    }

    /// What keeps tags in it where they are, and its containers as they are.
    async fn protection(&self, ctx: &Context<'_>) -> Result<Protection> {
        let protection = load(ctx, Protected::Collection(self.0.id)).await?;
        Ok(Protection(protection.unwrap_or_default()))
    }

    /// The containers in it that you may see. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
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
    ) -> Result<List<Container>> {
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        below(ctx, Containers(self.0.id), args).await
    }

    /// How often something in it was pulled: the sums of the containers in it that you may see.
    async fn downloads(&self) -> Downloads {
        Downloads::new(download::Of::Collection(self.0.id), None)
    }

    /// How many users have starred it.
    pub(super) async fn star_count(&self) -> u64 {
        self.0.stars.unsigned_abs()
    }

    /// Whether you have starred it; false unless you are signed in.
    pub(super) async fn viewer_has_starred(&self, ctx: &Context<'_>) -> Result<bool> {
        is_own(ctx, Subject::Collection(self.0.id), Kind::Star).await
    }

    /// Whether you have bookmarked it; false unless you are signed in.
    pub(super) async fn viewer_has_bookmarked(&self, ctx: &Context<'_>) -> Result<bool> {
        is_own(ctx, Subject::Collection(self.0.id), Kind::Bookmark).await
    }

    /// Who has starred it, the newest star first; empty unless you are signed in. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn stargazers(
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
    ) -> Result<List<Star>> {
        let args = Window::new(first, after, last, before)?.sorted(ByTime, true);
        below(ctx, Stars(self.0.id), args).await
    }
}

impl Collection {
    async fn total(&self, ctx: &Context<'_>) -> Result<Total> {
        Ok(load(ctx, TotalOf(self.0.id)).await?.unwrap_or_default())
    }
}
