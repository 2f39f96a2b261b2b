//! Downloads.
use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::User;
use crate::{
    graphql::{
        loader::{PullsOf, SeriesOf, WholeSite, caller, load, pullers_of},
        page::{List, Window, cost, series_cost, size, whole_cost},
        scalar::Date,
    },
    registry::{
        self,
        download::{By, ByPulls, Count, Of, Puller, Span, Total},
    },
};

/// How often something was pulled.
pub(in crate::graphql) struct Downloads {
    of: Of,
    /// Where the row does not tell, it is asked for.
    known: Option<Total>,
}

impl Downloads {
    pub(super) fn new(of: Of, known: Option<Total>) -> Self {
        Self { of, known }
    }

    async fn totals(&self, ctx: &Context<'_>) -> Result<Total> {
        match (self.known, self.of) {
            (Some(total), _) => Ok(total),
            (None, Of::Collection(id)) => Ok(load(ctx, PullsOf(id)).await?.unwrap_or_default()),
            (None, Of::Namespace(id)) => Ok(load(ctx, PullsOf(id)).await?.unwrap_or_default()),
            (None, Of::Site) => Ok(load(ctx, PullsOf(WholeSite)).await?.unwrap_or_default()),
            (None, Of::Container(_) | Of::Image(_)) => Ok(Total::default()),
        }
    }

    async fn series(
        &self,
        ctx: &Context<'_>,
        (since, until): (Option<Date>, Option<Date>),
        by: By,
    ) -> Result<Vec<Count>> {
        let span = Span::new(caller(ctx), since.map(|d| d.0), until.map(|d| d.0))?;
        let series = load(ctx, SeriesOf(self.of, span, by)).await?;
        Ok(series.unwrap_or_default())
    }
}

/// How often something was pulled, through whatever door. A pull is a transfer that begins at the first byte of an image,
/// whether or not it comes to its end; of an image in layers, one of its manifest. It is counted within seconds.
#[Object]
impl Downloads {
    /// How often, ever.
    async fn total(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.totals(ctx).await?.count)
    }

    /// When last; null: never.
    async fn last_pulled_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        Ok(self.totals(ctx).await?.last)
    }

    /// By day, the first one first; days without pulls are left out. Errors: `INVALID` for more than 400 days, or none.
    #[graphql(complexity = "series_cost(since, until, child_complexity)")]
    async fn by_day(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day; 30 days unless you say.")] since: Option<Date>,
        #[graphql(desc = "The last day; today unless you say.")] until: Option<Date>,
    ) -> Result<Vec<DayDownloads>> {
        let days = self.series(ctx, (since, until), By::Day).await?;
        Ok(days.iter().filter_map(DayDownloads::of).collect())
    }

    /// By tag, the most pulled first. Clients of OCI registries pull images by their digest, after they have looked up the
    /// tag. Errors: `INVALID` for more than 400 days or none, and for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn by_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day; 30 days unless you say.")] since: Option<Date>,
        #[graphql(desc = "The last day; today unless you say.")] until: Option<Date>,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<TagDownloads>> {
        let first = usize::try_from(size("first", first)?)?;
        let tags = self.series(ctx, (since, until), By::Tag).await?;
        Ok(tags.into_iter().take(first).map(Into::into).collect())
    }

    /// By user, who pulls most first: from containers that you administer, for as long as this server keeps it (90 days unless
    /// it is configured otherwise); empty for everybody else. Images are not told apart, so of one it is empty. Errors: `INVALID`
    /// for more than 400 days or none, for a page size outside 1 to 100, or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "Relay has four, and a span has two"
    )]
    async fn by_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day; 30 days unless you say.")] since: Option<Date>,
        #[graphql(desc = "The last day; today unless you say.")] until: Option<Date>,
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
    ) -> Result<List<UserDownloads>> {
        let span = Span::new(caller(ctx), since.map(|d| d.0), until.map(|d| d.0))?;
        let args = Window::new(first, after, last, before)?.sorted(ByPulls, true);
        pullers_of(ctx, (self.of, span), args).await
    }

    /// By door, the most used first. Errors: `INVALID` for more than 400 days, or none.
    #[graphql(complexity = "whole_cost(child_complexity)")]
    async fn by_door(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day; 30 days unless you say.")] since: Option<Date>,
        #[graphql(desc = "The last day; today unless you say.")] until: Option<Date>,
    ) -> Result<Vec<DoorDownloads>> {
        let doors = self.series(ctx, (since, until), By::Door).await?;
        Ok(doors.iter().map(DoorDownloads::of).collect())
    }
}

/// The pulls of one user.
pub(in crate::graphql) struct UserDownloads(Puller);

impl From<Puller> for UserDownloads {
    fn from(puller: Puller) -> Self {
        Self(puller)
    }
}

/// The pulls of one user within a span of days.
#[Object]
impl UserDownloads {
    /// Who; null if the account is gone since.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load(ctx, self.0.user).await?.map(User))
    }

    /// How often.
    async fn count(&self) -> u64 {
        self.0.count
    }

    /// The last day on which they did.
    async fn last_day(&self) -> Date {
        Date(self.0.last)
    }
}

/// The pulls of one day.
#[derive(SimpleObject)]
struct DayDownloads {
    /// The day.
    day: Date,
    /// How often.
    count: u64,
    /// How often by somebody who was signed in.
    signed_in: u64,
    /// How often by others.
    anonymous: u64,
}

impl DayDownloads {
    fn of(count: &Count) -> Option<Self> {
        Some(Self {
            day: Date(count.label.parse().ok()?),
            count: count.signed_in + count.anonymous,
            signed_in: count.signed_in,
            anonymous: count.anonymous,
        })
    }
}

/// The pulls by one tag.
#[derive(SimpleObject)]
struct TagDownloads {
    /// The tag; null for pulls by digest. It may be gone.
    tag: Option<String>,
    /// How often.
    count: u64,
    /// How often by somebody who was signed in.
    signed_in: u64,
    /// How often by others.
    anonymous: u64,
}

impl From<Count> for TagDownloads {
    fn from(count: Count) -> Self {
        Self {
            tag: Some(count.label).filter(|tag| !tag.is_empty()),
            count: count.signed_in + count.anonymous,
            signed_in: count.signed_in,
            anonymous: count.anonymous,
        }
    }
}

/// The pulls through one door.
#[derive(SimpleObject)]
struct DoorDownloads {
    /// The door; null for one that this version does not know, of a newer one that ran beside it.
    door: Option<Door>,
    /// How often.
    count: u64,
    /// How often by somebody who was signed in.
    signed_in: u64,
    /// How often by others.
    anonymous: u64,
}

impl DoorDownloads {
    fn of(count: &Count) -> Self {
        let known = count.door();
        Self {
            door: known.map(Into::into),
            count: count.signed_in + count.anonymous,
            signed_in: count.signed_in,
            anonymous: count.anonymous,
        }
    }
}

/// Where something is pulled.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "registry::Door")]
pub(in crate::graphql) enum Door {
    /// `library://`.
    Library,
    /// `oras://`, `docker://` and other clients of OCI registries.
    Oci,
    /// A plain file, below `/sif/`.
    File,
    /// `shub://`.
    Shub,
    /// A share link.
    Share,
}
