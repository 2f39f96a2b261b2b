//! Jobs are started and cancelled.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    graphql::{
        error::InField,
        id,
        loader::caller,
        object::{Job, JobKind},
        scalar::Bytes,
    },
    registry::job::{self, NewJob},
};

#[derive(Default)]
pub(super) struct JobMutation;

#[Object]
impl JobMutation {
    /// Lets this server do something at length: one of its replicas takes it up within seconds. `jobProgress` tells how far it
    /// is. Errors: `FORBIDDEN` unless you administer this server; `CONFLICT` while a job of the same kind waits or runs;
    /// `INVALID` for a time in the future.
    async fn start_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: StartJobInput,
    ) -> Result<JobPayload> {
        let caller = caller(ctx);
        let usual = NewJob::of(caller, input.kind.into());
        let new = NewJob {
            before: input.before.unwrap_or(usual.before),
            rate: input.rate.map(|rate| rate.0),
            mend: input.mend,
            ..usual
        };
        let job = job::start(caller, new).await.in_input()?;
        Ok(JobPayload { job: job.into() })
    }

    /// Stops a job; one that is under way stops within seconds. What it has done stays done. Errors: `FORBIDDEN` unless you
    /// administer this server; `CONFLICT` for one that has ended.
    async fn cancel_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: CancelJobInput,
    ) -> Result<JobPayload> {
        let id = id::job(&input.id).in_field("input.id")?;
        let job = job::cancel(caller(ctx), id).await?;
        Ok(JobPayload { job: job.into() })
    }
}

/// What to do at length.
#[derive(InputObject)]
struct StartJobInput {
    /// What.
    kind: JobKind,
    /// What was read (`SCRUB`), counted (`RECOUNT`) or touched (`COLLECT`) since then is left alone. Unless you say: nothing is,
    /// but by `COLLECT`, which leaves alone what was touched within `storage.staging_retention`.
    before: Option<DateTime<Utc>>,
    /// `SCRUB`: read at most so many bytes in a second; null: as fast as storage gives them.
    rate: Option<Bytes>,
    /// `RECOUNT`: put right what is wrong.
    #[graphql(default)]
    mend: bool,
}

/// Which job to stop.
#[derive(InputObject)]
struct CancelJobInput {
    /// Its global id.
    id: ID,
}

/// What a change of a job answers.
#[derive(SimpleObject)]
struct JobPayload {
    /// The job as it is now.
    job: Job,
}
