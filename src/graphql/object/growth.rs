//! How things grew.
use async_graphql::{Context, Result, SimpleObject};

use crate::{
    graphql::{
        loader::{GrowthOf, caller, load},
        scalar::{Bytes, Date},
    },
    registry::{download::Span, size_tree::Place, usage::Day},
};

/// What a day, in UTC, added and took. What was moved here or from here counts as added or removed.
#[derive(SimpleObject)]
pub(in crate::graphql) struct GrowthDay {
    /// The day.
    day: Date,
    /// The sizes of the images that came, and of manifests that describe none, in bytes.
    size_added: Bytes,
    /// The sizes of those that went, in bytes.
    size_removed: Bytes,
    /// The bytes of blobs that were not here before.
    stored_added: Bytes,
    /// The bytes of blobs that are no longer here.
    stored_removed: Bytes,
    /// How many images came.
    images_added: u64,
    /// How many images went.
    images_removed: u64,
    /// How many manifests came that describe no SIF image.
    manifests_added: u64,
    /// How many of those went.
    manifests_removed: u64,
}

impl From<&Day> for GrowthDay {
    fn from(day: &Day) -> Self {
        Self {
            day: Date(day.day),
            size_added: Bytes(day.size.added),
            size_removed: Bytes(day.size.removed),
            stored_added: Bytes(day.stored.added),
            stored_removed: Bytes(day.stored.removed),
            images_added: day.images.added,
            images_removed: day.images.removed,
            manifests_added: day.manifests.added,
            manifests_removed: day.manifests.removed,
        }
    }
}

/// How something grew within some days; `None` unless the caller sees all that is in it.
pub(super) async fn growth(
    ctx: &Context<'_>,
    of: Place,
    (since, until): (Option<Date>, Option<Date>),
) -> Result<Option<Vec<GrowthDay>>> {
    let span = Span::new(caller(ctx), since.map(|d| d.0), until.map(|d| d.0))?;
    let days = load(ctx, GrowthOf(of, span)).await?;
    Ok(days.map(|days| days.iter().map(Into::into).collect()))
}
