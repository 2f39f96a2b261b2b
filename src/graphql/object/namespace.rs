//! Namespaces.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{
    Collection, Grant, Permission, Quota, Team, User, Visibility,
    download::Downloads,
    growth::{GrowthDay, growth},
};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{PermissionOn, QuotaOf, StoredIn, TotalOf, below, load, load_present},
        page::{CollectionOrderField, List, Order, Window, cost, series_cost},
        scalar::{Bytes, Date},
    },
    registry::{
        below::{Collections, Grants},
        download,
        grant::ByGranting,
        namespace,
        size_tree::Place,
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

/// A namespace: the first part of a path. It belongs to a user or a team, whose rule extends over all that is in it. You
/// see it if it is yours, you were granted it or something in it, or it holds something that you may see.
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

    /// The user it belongs to; null where it belongs to a team, and unless you are signed in.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.team_id {
            None => Ok(load(ctx, self.0.owner_id).await?.map(User)),
            Some(_) => Ok(None),
        }
    }

    /// The team it belongs to; null where it belongs to a user, and unless you are signed in.
    async fn team(&self, ctx: &Context<'_>) -> Result<Option<Team>> {
        match self.0.team_id {
            Some(id) => Ok(load(ctx, id).await?.map(Team)),
            None => Ok(None),
        }
    }

    /// How far you may go with it, with what you showed.
    async fn viewer_permission(&self, ctx: &Context<'_>) -> Result<Permission> {
        let level = load_present(ctx, PermissionOn(self.0.id), "namespace").await?;
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
    /// them, and until they are collected. Null unless it is yours, in a team or
    /// alone, or was granted to you, whatever is in it.
    async fn stored(&self, ctx: &Context<'_>) -> Result<Option<Bytes>> {
        Ok(load(ctx, StoredIn(self.0.id)).await?.map(Bytes))
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
        growth(ctx, Place::Namespace(self.0.id), (since, until)).await
    }

    /// How much it may hold, and how much of that is used; null unless it was granted to you or is yours, in a team or alone,
    /// or you administer this server.
    async fn quota(&self, ctx: &Context<'_>) -> Result<Option<Quota>> {
        Ok(load(ctx, QuotaOf(self.0.id)).await?.map(Into::into))
    }

    /// How many containers it holds that you may see.
    async fn container_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.total(ctx).await?.containers)
    }

    /// How many collections it holds that you may see.
    async fn collection_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.total(ctx).await?.collections)
    }

    /// How often something in it was pulled: the sums of the containers in it that you may see.
    async fn downloads(&self) -> Downloads {
        Downloads::new(download::Of::Namespace(self.0.id), None)
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
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        below(ctx, Collections(self.0.id), args).await
    }
}

impl Namespace {
    async fn total(&self, ctx: &Context<'_>) -> Result<Total> {
        Ok(load(ctx, TotalOf(self.0.id)).await?.unwrap_or_default())
    }
}
