//! What is stored.
use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    error::Error,
    graphql::{
        error::InField,
        loader::caller,
        page::{cost, size},
        scalar::{Bytes, Digest},
    },
    registry::{
        self,
        blob::{Decision, Hold, Reason, explain_one},
        scrub::{self, DamagedBlob, Report},
        usage,
    },
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

    /// Damaged blobs that were put aside, for somebody to look at. Each goes a day (`storage.staging_retention`) after the same
    /// bytes were pushed again, or when nothing refers to it.
    async fn quarantine(&self, ctx: &Context<'_>) -> Result<Quarantine> {
        let found = scrub::quarantine(caller(ctx)).await?;
        Ok(Quarantine {
            blobs: found.blobs,
            size: Bytes(found.size),
        })
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

    /// Whether sizes and counts of namespaces, collections and containers are what there is, as the server finds when it counts
    /// again, each at least once a day on a site of up to 48,000 collections, or when it is told to (`sifhub recount`).
    async fn sums(&self, ctx: &Context<'_>) -> Result<SumsReport> {
        Ok(usage::report(caller(ctx)).await?.into())
    }

    /// Whether collection would take a stored blob now, and why not; `sifhub gc --dry-run` tells it of all. Null where there is
    /// no such blob. Errors: `INVALID` for what is no digest.
    async fn decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The digest of the blob: `sha256:` or `sha512:` and hex digits.")]
        digest: Digest,
    ) -> Result<Option<BlobDecision>> {
        let digest: registry::Digest = digest.0.parse().in_field("digest")?;
        match explain_one(caller(ctx), &digest).await {
            Err(Error::NotFound(_)) => Ok(None),
            found => Ok(Some(found?.into())),
        }
    }
}

/// The sums of what there is, compared with what there is.
#[derive(SimpleObject)]
struct SumsReport {
    /// How many collections, namespaces and parts of the site have sums; those of containers are compared with their
    /// collection's.
    count: u64,
    /// How many of them were not counted again yet.
    unchecked: u64,
    /// When the one that was not counted again for longest was, of those that were; null where there is none.
    oldest_check: Option<DateTime<Utc>>,
    /// How many sums were wrong when they were last counted again, and are not put right. Events of the action `usage.drift`
    /// name them; `sifhub recount --mend` puts them right.
    wrong_count: u64,
}

impl From<usage::Report> for SumsReport {
    fn from(report: usage::Report) -> Self {
        Self {
            count: report.all.unsigned_abs(),
            unchecked: report.unchecked.unsigned_abs(),
            oldest_check: report.oldest,
            wrong_count: report.wrong.unsigned_abs(),
        }
    }
}

/// Damaged blobs that were put aside.
#[derive(SimpleObject)]
struct Quarantine {
    /// How many there are.
    blobs: u64,
    /// How many bytes they have.
    size: Bytes,
}

/// Whether collection would take a blob now, and what keeps it.
#[derive(SimpleObject)]
pub(in crate::graphql) struct BlobDecision {
    /// The digest of the blob.
    digest: Digest,
    /// How many bytes it has.
    size: Bytes,
    /// Whether the next collection takes it.
    goes: bool,
    /// What keeps it, one entry for each reason; empty where it goes.
    holds: Vec<BlobHold>,
}

/// What keeps a blob.
#[derive(SimpleObject)]
struct BlobHold {
    /// In what way.
    reason: BlobReason,
    /// How many there are of this reason.
    count: u64,
    /// One of them: the path of a container, with `@` and a digest where there is one; empty where nothing has a name.
    example: String,
    /// Until when it keeps the blob; null: as long as it is there.
    until: Option<DateTime<Utc>>,
}

/// Why a blob stays.
#[derive(Clone, Copy, Enum, PartialEq, Eq)]
#[graphql(remote = "Reason")]
enum BlobReason {
    /// Images are these bytes.
    Image,
    /// Manifests name it.
    Manifest,
    /// Indexes name it.
    Index,
    /// What refers to it is in the trash.
    Trash,
    /// An upload is under way.
    Upload,
    /// It was brought to a container a short time ago, and the manifest that names it may still come.
    Brought,
    /// It is younger than the time of grace.
    Young,
}

impl From<Decision> for BlobDecision {
    fn from(decision: Decision) -> Self {
        let goes = decision.goes();
        let hold = |hold: Hold| BlobHold {
            reason: hold.reason.into(),
            count: hold.count,
            example: hold.example,
            until: hold.until,
        };
        Self {
            digest: Digest(decision.name),
            size: Bytes(decision.size.unwrap_or_default()),
            goes,
            holds: decision.holds.into_iter().map(hold).collect(),
        }
    }
}

/// A blob that is damaged or missing.
#[derive(SimpleObject)]
struct Damaged {
    /// Its digest.
    digest: Digest,
    /// How many bytes it had.
    size: Bytes,
    /// When it was found.
    found_at: Option<DateTime<Utc>>,
}

impl From<DamagedBlob> for Damaged {
    fn from(blob: DamagedBlob) -> Self {
        Self {
            digest: Digest(blob.digest),
            size: Bytes(blob.size),
            found_at: blob.found_at,
        }
    }
}
