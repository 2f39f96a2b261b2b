//! Containers.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{
    About, Collection, Deprecation, Grant, Image, Manifest, Moment, Permission, Protection,
    ShareLink, Tag, TagMove,
    download::Downloads,
    growth::{GrowthDay, growth},
    star::{Star, is_own},
};
use crate::{
    graphql::{
        error::InField,
        id::GlobalId,
        loader::{PathOf, PermissionOn, TopicsOf, TotalOf, below, caller, load, load_present},
        page::{ImageOrderField, List, Order, TagOrderField, Window, cost, list, series_cost},
        scalar::{Bytes, ContainerPath, Date},
    },
    registry::{
        about::Subject as Described,
        below::{Grants, Images, Manifests, Moments, ShareLinks, Stars, TagMoves, Tags},
        container,
        download::{self, Total as Pulls},
        event::ByTime as ByMoment,
        grant::ByGranting,
        manifest::ByPush,
        path::TagName,
        protection::Protected,
        share,
        size_tree::Place,
        star::{ByTime, Kind, Subject},
        tag::{self, ByMove, Moves},
        total::Total,
    },
};

/// A container that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Container(pub container::Container);

impl From<container::Container> for Container {
    fn from(row: container::Container) -> Self {
        Self(row)
    }
}

/// A container: the images of one thing, over time and architectures, under tags.
#[Object]
impl Container {
    /// The global id, `container:<id>`. It stays when the container is renamed.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Container(self.0.id).into()
    }

    /// Its name, unique in its collection.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its path, `namespace/collection/container`.
    async fn path(&self, ctx: &Context<'_>) -> Result<ContainerPath> {
        Ok(ContainerPath(
            load_present(ctx, PathOf(self.0.id), "container").await?,
        ))
    }

    /// Free text of its owner, up to 65536 bytes; may be empty.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// The words that its owner put on it, up to 20, in the order of letters.
    async fn topics(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        Ok(load(ctx, TopicsOf(self.0.id)).await?.unwrap_or_default())
    }

    /// What is said about it at length; null when nothing is.
    async fn about(&self, ctx: &Context<'_>) -> Result<Option<About>> {
        Ok(load(ctx, Described::Container(self.0.id)).await?.map(About))
    }

    /// That it is deprecated; null when it is not.
    async fn deprecation(&self, ctx: &Context<'_>) -> Result<Option<Deprecation>> {
        let about = load(ctx, Described::Container(self.0.id)).await?;
        Ok(about.and_then(Deprecation::of))
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When its name or description changed last. Pushing an image does not count.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// The collection it is in.
    async fn collection(&self, ctx: &Context<'_>) -> Result<Collection> {
        Ok(Collection(
            load_present(ctx, self.0.collection_id, "collection").await?,
        ))
    }

    /// How far you may go with it, with what you showed.
    async fn viewer_permission(&self, ctx: &Context<'_>) -> Result<Permission> {
        let level = load_present(ctx, PermissionOn(self.0.id), "container").await?;
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
    /// them, and until they are collected. Null unless you may see all that is in it.
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
        growth(ctx, Place::Container(self.0.id), (since, until)).await
    }

    /// The images in it, whether a tag points at them or not. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn images(
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
        #[graphql(desc = "The order; newest first unless you say.")] order_by: Option<
            Order<ImageOrderField>,
        >,
    ) -> Result<List<Image>> {
        let args = Window::new(first, after, last, before)?.newest_first(order_by);
        below(ctx, Images(self.0.id), args).await
    }

    /// The manifests in it, as OCI clients know them, newest first. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn manifests(
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
    ) -> Result<List<Manifest>> {
        let args = Window::new(first, after, last, before)?.sorted(ByPush, true);
        below(ctx, Manifests(self.0.id), args).await
    }

    /// What happened to it, newest first: pushes, moves of tags, deletions, changes of its name and description. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn history(
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
    ) -> Result<List<Moment>> {
        let args = Window::new(first, after, last, before)?.sorted(ByMoment, true);
        below(ctx, Moments(self.0.id), args).await
    }

    /// Its tags: one for each name and architecture. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn tags(
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
            Order<TagOrderField>,
        >,
    ) -> Result<List<Tag>> {
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        below(ctx, Tags(self.0.id), args).await
    }

    /// How often something in it was pulled, images that are gone included.
    async fn downloads(&self) -> Downloads {
        let known = Some(Pulls {
            count: self.0.downloads.unsigned_abs(),
            last: self.0.last_pulled_at,
        });
        Downloads::new(download::Of::Container(self.0.id), known)
    }

    /// What its tags pointed at over time, newest first; tags that are gone included. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn tag_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only the tag of this name.")] name: Option<String>,
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
    ) -> Result<List<TagMove>> {
        let args = Window::new(first, after, last, before)?.sorted(ByMove, true);
        let Some(name) = name else {
            return below(ctx, TagMoves(self.0.id), args).await;
        };
        let name: TagName = name.parse().in_field("name")?;
        let moves = Moves {
            container: self.0.id,
            name: Some(name.as_str()),
            arch: None,
        };
        let caller = caller(ctx);
        let page = tag::history(caller, moves, &args);
        list(ctx, page, tag::history_count(caller, moves)).await
    }

    /// What keeps its tags where they are, and it as it is, as it was set on the container itself.
    async fn protection(&self, ctx: &Context<'_>) -> Result<Protection> {
        let protection = load(ctx, Protected::Container(self.0.id)).await?;
        Ok(Protection(protection.unwrap_or_default()))
    }

    /// The links that share images in it, the newest first; empty unless you administer the container. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn share_links(
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
    ) -> Result<List<ShareLink>> {
        let args = Window::new(first, after, last, before)?.sorted(share::ByCreation, true);
        below(ctx, ShareLinks(self.0.id), args).await
    }

    /// How many users have starred it.
    pub(super) async fn star_count(&self) -> u64 {
        self.0.stars.unsigned_abs()
    }

    /// Whether you have starred it; false unless you are signed in.
    pub(super) async fn viewer_has_starred(&self, ctx: &Context<'_>) -> Result<bool> {
        is_own(ctx, Subject::Container(self.0.id), Kind::Star).await
    }

    /// Whether you have bookmarked it; false unless you are signed in.
    pub(super) async fn viewer_has_bookmarked(&self, ctx: &Context<'_>) -> Result<bool> {
        is_own(ctx, Subject::Container(self.0.id), Kind::Bookmark).await
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

impl Container {
    async fn total(&self, ctx: &Context<'_>) -> Result<Total> {
        Ok(load(ctx, TotalOf(self.0.id)).await?.unwrap_or_default())
    }
}
