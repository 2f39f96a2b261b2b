//! Namespaces.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{Collection, User, Visibility};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{CountBelow, TotalOf, caller, count_below, load, page_below},
        page::{CollectionOrderField, List, Order, Window, cost, list},
        scalar::Bytes,
    },
    registry::{
        collection::{self, CollectionFilter},
        namespace,
        total::Total,
    },
};

/// A namespace that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Namespace(pub namespace::Namespace);

impl From<namespace::Namespace> for Namespace {
    fn from(row: namespace::Namespace) -> Self {
        Self(row)
    }
}

/// A namespace: the first part of a path. It belongs to a user, whose rule extends over all that is in it. You see it if
/// you own it or it holds something public.
#[Object]
impl Namespace {
    /// The global id, `namespace:<id>`. It stays when the namespace is renamed.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Namespace(self.0.id).into()
    }

    /// Its name, unique on this server.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Free text of its owner, up to 65536 bytes; may be empty.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// What new collections in it get; null: the default of this server.
    async fn default_visibility(&self) -> Option<Visibility> {
        self.0.default_visibility.map(Into::into)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When its name, description or default visibility changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// The user it belongs to; null unless you are signed in.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load(ctx, self.0.owner_id).await?.map(User))
    }

    /// The sum of the sizes of the images in it that you may see, in bytes. Images that share their bytes count each.
    async fn size(&self, ctx: &Context<'_>) -> Result<Bytes> {
        Ok(Bytes(self.total(ctx).await?.size))
    }

    /// How many images it holds that you may see.
    async fn image_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.total(ctx).await?.images)
    }

    /// How many containers it holds that you may see.
    async fn container_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.total(ctx).await?.containers)
    }

    /// How many collections it holds that you may see.
    async fn collection_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.total(ctx).await?.collections)
    }

    /// The collections in it that you may see. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn collections(
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
            Order<CollectionOrderField>,
        >,
    ) -> Result<List<Collection>> {
        let caller = caller(ctx);
        let filter = CollectionFilter {
            namespace: Some(self.0.id),
            visibility: None,
        };
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let alone = collection::list(caller, filter, &args);
        let page = page_below(ctx, self.0.id, &args, alone);
        list(
            ctx,
            page,
            count_below(ctx, CountBelow::Collections(self.0.id)),
        )
        .await
    }
}

impl Namespace {
    async fn total(&self, ctx: &Context<'_>) -> Result<Total> {
        Ok(load(ctx, TotalOf(self.0.id)).await?.unwrap_or_default())
    }
}
