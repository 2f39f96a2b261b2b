//! What is stored.
use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    graphql::{
        loader::caller,
        page::{cost, size},
        scalar::Bytes,
    },
    registry::scrub::{self, DamagedBlob, Report},
};

/// What is known of stored blobs.
pub(in crate::graphql) struct Storage(pub Report);

/// The blobs that are stored, and what was found when they were read again (`sifhub scrub`).
#[Object]
impl Storage {
    /// How many blobs there are.
    async fn blobs(&self) -> u64 {
        self.0.blobs
    }

    /// How many of them were not read again yet, and were stored before that was noted.
    async fn unverified(&self) -> u64 {
        self.0.unverified
    }

    /// When the one that has been unread for longest was read or stored; null where there is none.
    async fn oldest_verification(&self) -> Option<DateTime<Utc>> {
        self.0.oldest
    }

    /// How many are damaged or missing.
    async fn damaged_count(&self) -> u64 {
        self.0.damaged
    }

    /// Those that are damaged or missing, the newest found first. Pushing the same bytes again brings them back. Errors:
    /// `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn damaged(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<Damaged>> {
        let first = size("first", first)?;
        let found = scrub::damaged(caller(ctx), first).await?;
        Ok(found.into_iter().map(Into::into).collect())
    }
}

/// A blob that is damaged or missing.
#[derive(SimpleObject)]
struct Damaged {
    /// Its digest.
    digest: String,
    /// How many bytes it had.
    size: Bytes,
    /// When it was found.
    found_at: Option<DateTime<Utc>>,
}

impl From<DamagedBlob> for Damaged {
    fn from(blob: DamagedBlob) -> Self {
        Self {
            digest: blob.digest,
            size: Bytes(blob.size),
            found_at: blob.found_at,
        }
    }
}
