//! Collections.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{Container, Namespace, Visibility};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{CountBelow, TotalOf, caller, count_below, load, load_present, page_below},
        page::{ContainerOrderField, List, Order, Window, cost, list},
        scalar::Bytes,
    },
    registry::{collection, container, total::Total},
};

/// A collection that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Collection(pub collection::Collection);

impl From<collection::Collection> for Collection {
    fn from(row: collection::Collection) -> Self {
        Self(row)
    }
}

/// A collection: a shelf of containers in a namespace, public or private.
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

    /// The sum of the sizes of the images in it that you may see, in bytes. Images that share their bytes count each.
    async fn size(&self, ctx: &Context<'_>) -> Result<Bytes> {
        Ok(Bytes(self.total(ctx).await?.size))
    }

    /// How many images it holds that you may see.
    async fn image_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.total(ctx).await?.images)
    }

    /// How many containers it holds.
    async fn container_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.total(ctx).await?.containers)
    }

    /// The containers in it. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
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
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let alone = container::list(caller, Some(self.0.id), &args);
        let page = page_below(ctx, self.0.id, &args, alone);
        list(
            ctx,
            page,
            count_below(ctx, CountBelow::Containers(self.0.id)),
        )
        .await
    }
}

impl Collection {
    async fn total(&self, ctx: &Context<'_>) -> Result<Total> {
        Ok(load(ctx, TotalOf(self.0.id)).await?.unwrap_or_default())
    }
}
