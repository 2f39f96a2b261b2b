//! This server.
use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    Quota,
    download::Downloads,
    growth::{GrowthDay, growth},
};
use crate::{
    graphql::{
        loader::{AgreementOf, TotalOf, WholeSite, caller, load},
        page::series_cost,
        scalar::{Bytes, Date},
    },
    protocol::RequestContext,
    registry::{
        self, download, quota,
        site::{self, Site, terms},
        size_tree::Place,
        total::Total,
    },
};

/// The site as the replica knows it.
pub(in crate::graphql) struct Server(pub Site);

/// This server: who runs it, what it tells everybody, and what holds for all of it. What an administrator changes here is
/// known to every replica within about a second.
#[Object]
impl Server {
    /// The version of sifhub that it runs.
    async fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    /// Where clients reach it, such as `https://registry.example.org`; without a slash at its end.
    async fn url(&self, ctx: &Context<'_>) -> String {
        let context: &RequestContext = ctx.data_unchecked();
        context.base_url.to_string()
    }

    /// 32 hexadecimal digits, made once and never changed, by which this registry is known whatever its name and address.
    async fn registry_id(&self) -> &str {
        &self.0.registry_id
    }

    /// How it grew by day, the first one first; days without change are left out. Null unless you may see all that is on the site. Errors: `INVALID` for
    /// more than 400 days, or none.
    #[graphql(complexity = "series_cost(since, until, child_complexity)")]
    async fn growth(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day; 30 days unless you say.")] since: Option<Date>,
        #[graphql(desc = "The last day; today unless you say.")] until: Option<Date>,
    ) -> Result<Option<Vec<GrowthDay>>> {
        growth(ctx, Place::Site, (since, until)).await
    }

    /// What it is called; empty if it has no name of its own.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is for; may be empty.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// Where people turn to: an address, a URL or a telephone number; may be empty.
    async fn contact(&self) -> &str {
        &self.0.contact
    }

    /// The country it is in, as two capital letters of ISO 3166-1; null if nobody told.
    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// Where its logo is; null if it has none.
    async fn logo_url(&self) -> Option<&str> {
        self.0.logo_url.as_deref()
    }

    /// What everybody is told now; null: nothing.
    async fn banner(&self, ctx: &Context<'_>) -> Option<Banner> {
        site::banner(&self.0, caller(ctx).now()).map(Into::into)
    }

    /// Why, and since when, it takes no changes; null while it takes them. Pulling and signing in go on meanwhile.
    async fn read_only(&self) -> Option<ReadOnly> {
        Some(ReadOnly {
            reason: self.0.read_only.clone()?,
            since: self.0.read_only_since?,
        })
    }

    /// How much this server may hold, and how much of that is used; null unless you administer it.
    async fn quota(&self, ctx: &Context<'_>) -> Result<Option<Quota>> {
        Ok(quota::of_site(caller(ctx), &self.0).await?.map(Into::into))
    }

    /// The sum of the sizes of all images that you may see, and of the manifests that describe no SIF image, in bytes. What
    /// shares its bytes counts each.
    async fn size(&self, ctx: &Context<'_>) -> Result<Bytes> {
        Ok(Bytes(total(ctx).await?.size))
    }

    /// The bytes of all blobs that it holds, each once, in the trash or not. Null unless you administer it.
    async fn stored(&self, ctx: &Context<'_>) -> Result<Option<Bytes>> {
        Ok(total(ctx).await?.stored.map(Bytes))
    }

    /// How many images it holds that you may see.
    async fn image_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(total(ctx).await?.images)
    }

    /// How many manifests it holds that you may see, were pushed and describe no SIF image.
    async fn manifest_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(total(ctx).await?.manifests)
    }

    /// How many containers it holds that you may see.
    async fn container_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(total(ctx).await?.containers)
    }

    /// How many collections it holds that you may see.
    async fn collection_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(total(ctx).await?.collections)
    }

    /// How often something was pulled: the sums of the containers that you may see.
    async fn downloads(&self) -> Downloads {
        Downloads::new(download::Of::Site, None)
    }

    /// The terms of use, to which users agree before they change anything; null: there are none.
    async fn terms(&self, ctx: &Context<'_>) -> Result<Option<Terms>> {
        Ok(terms::terms(caller(ctx)).await?.map(Terms))
    }
}

async fn total(ctx: &Context<'_>) -> Result<Total> {
    let total = load(ctx, TotalOf(WholeSite)).await?;
    Ok(total.unwrap_or_default())
}

/// What everybody is told.
#[derive(SimpleObject)]
pub(in crate::graphql) struct Banner {
    /// One line of plain text.
    message: String,
    /// How much it matters.
    level: BannerLevel,
    /// From when on it is shown; null: at once.
    from: Option<DateTime<Utc>>,
    /// Until when it is shown; null: until it is taken down.
    until: Option<DateTime<Utc>>,
}

impl From<site::Banner> for Banner {
    fn from(banner: site::Banner) -> Self {
        Self {
            message: banner.message,
            level: banner.level.into(),
            from: banner.from,
            until: banner.until,
        }
    }
}

/// How much a banner matters.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "registry::BannerLevel")]
pub(in crate::graphql) enum BannerLevel {
    /// Good to know.
    Info,
    /// Something to prepare for, such as a maintenance window.
    Warning,
    /// Something is wrong now.
    Critical,
}

/// That no changes are taken.
#[derive(SimpleObject)]
struct ReadOnly {
    /// Why, as an administrator put it; may be empty.
    reason: String,
    /// Since when.
    since: DateTime<Utc>,
}

/// The terms that hold.
pub(in crate::graphql) struct Terms(pub terms::Terms);

/// Terms of use.
#[Object]
impl Terms {
    /// Which text it is, from 1; each new text has the next number.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// The text, plain or in Markdown.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// When they came into force.
    async fn published_at(&self) -> DateTime<Utc> {
        self.0.published_at
    }

    /// When you agreed to them; null: not yet, or nobody is signed in.
    async fn agreed_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        match caller(ctx).actor().account() {
            Some(account) => Ok(load(ctx, AgreementOf(account.id)).await?),
            None => Ok(None),
        }
    }
}
