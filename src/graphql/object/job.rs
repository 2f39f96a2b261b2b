//! Work of the server that takes long.
use async_graphql::{Context, Enum, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::User;
use crate::{
    graphql::{id::GlobalId, loader::load},
    registry::{self, job},
};

/// A job that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Job(pub job::Job);

impl From<job::Job> for Job {
    fn from(row: job::Job) -> Self {
        Self(row)
    }
}

/// What a job does.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "registry::JobKind")]
pub(in crate::graphql) enum JobKind {
    /// Reads stored blobs again, and puts those aside that are damaged (`sifhub scrub`).
    Scrub,
    /// Collects garbage: what nothing refers to (`sifhub gc`).
    Collect,
    /// Counts again what there is, and compares it with the sums (`sifhub recount`).
    Recount,
}

/// How far a job has come.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "registry::JobState")]
pub(in crate::graphql) enum JobState {
    /// A server is to take it up, within seconds.
    Waiting,
    /// It is under way.
    Running,
    /// It came to its end.
    Done,
    /// It broke off.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
}

/// Work of the server that takes long, asked for in the graph, by a command or by the clock. Administrators of this server
/// see it, for 30 days.
#[Object]
impl Job {
    /// The global id, `job:<id>`.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Job(self.0.id).into()
    }

    /// What it does.
    async fn kind(&self) -> JobKind {
        self.0.kind.into()
    }

    /// How far it has come.
    async fn state(&self) -> JobState {
        self.0.state.into()
    }

    /// Who asked for it in the graph; null: the clock, a command, or an account that is gone.
    async fn asked_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.asked_by {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it began; null: it did not yet.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }

    /// When it ended, in whatever way; null: it did not yet.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }

    /// How many things it has looked at: blobs, or things that have sums. Written down once a second.
    async fn done(&self) -> u64 {
        self.0.done.unsigned_abs()
    }

    /// How many it is going to look at; null where nobody knows.
    async fn total(&self) -> Option<u64> {
        self.0.total.map(i64::unsigned_abs)
    }

    /// How many of them were damaged or wrong, or, of garbage, went.
    async fn found(&self) -> u64 {
        self.0.found.unsigned_abs()
    }

    /// Why it broke off; null: it did not.
    async fn failure(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }
}
