//! Containers.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{Collection, Image, Manifest, Tag};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{
            CountBelow, PathOf, TotalOf, caller, count_below, load, load_present, page_below,
        },
        page::{ImageOrderField, List, Order, TagOrderField, Window, cost, list},
        scalar::{Bytes, ContainerPath},
    },
    registry::{
        container, image,
        manifest::{self, ByPush},
        tag,
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

    /// The sum of the sizes of the images in it that you may see, in bytes. Images that share their bytes count each.
    async fn size(&self, ctx: &Context<'_>) -> Result<Bytes> {
        Ok(Bytes(self.total(ctx).await?.size))
    }

    /// How many images it holds that you may see.
    async fn image_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.total(ctx).await?.images)
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
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.newest_first(order_by);
        let alone = image::list(caller, Some(self.0.id), &args);
        let page = page_below(ctx, self.0.id, &args, alone);
        list(ctx, page, count_below(ctx, CountBelow::Images(self.0.id))).await
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
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.sorted(ByPush, true);
        let page = manifest::list(caller, self.0.id, &args);
        list(ctx, page, manifest::count(caller, self.0.id)).await
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
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let alone = tag::list(caller, self.0.id, &args);
        let page = page_below(ctx, self.0.id, &args, alone);
        list(ctx, page, count_below(ctx, CountBelow::Tags(self.0.id))).await
    }
}

impl Container {
    async fn total(&self, ctx: &Context<'_>) -> Result<Total> {
        Ok(load(ctx, TotalOf(self.0.id)).await?.unwrap_or_default())
    }
}
