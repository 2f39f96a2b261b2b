//! Doing the work of jobs, and writing down how far it is.
use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use entity::{id::JobId, job, kind::JobKind, kind::JobState};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Set, UpdateMany, sea_query::Expr,
};
use tokio::time::{MissedTickBehavior, interval};

use super::{NewJob, check_admin, part_of_job};
use crate::{
    access::internal,
    error::{Error, Result},
    registry::{
        Caller, blob,
        scrub::{self, scrub},
        usage::{self, recount},
    },
};

/// How often to write down how far a job is, and to look whether it is to stop.
const EVERY: Duration = Duration::from_secs(1);
/// Whoever was not heard of for so long is gone.
const LOST: Duration = Duration::from_secs(60);
/// For how long jobs are remembered.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// How far a job is: counted while it runs, and written down now and then.
#[derive(Debug, Default)]
pub(in crate::registry) struct Progress {
    done: AtomicU64,
    /// Zero: nobody knows.
    total: AtomicU64,
    found: AtomicU64,
}

impl Progress {
    /// There are so many things to look at.
    pub(in crate::registry) fn expect(&self, total: u64) {
        self.total.store(total, Relaxed);
    }

    /// So many more were looked at.
    pub(in crate::registry) fn did(&self, things: u64) {
        self.done.fetch_add(things, Relaxed);
    }

    /// So many more of them were wrong, or went.
    pub(in crate::registry) fn found(&self, things: u64) {
        self.found.fetch_add(things, Relaxed);
    }

    fn write(&self, update: UpdateMany<job::Entity>) -> UpdateMany<job::Entity> {
        let number = |n: &AtomicU64| i64::try_from(n.load(Relaxed)).unwrap_or(i64::MAX);
        // More may have come than was expected.
        let total = match number(&self.total) {
            0 => None,
            total => Some(total.max(number(&self.done))),
        };
        update
            .col_expr(job::Column::Done, Expr::value(number(&self.done)))
            .col_expr(job::Column::Total, Expr::value(total))
            .col_expr(job::Column::Found, Expr::value(number(&self.found)))
    }
}

/// Does `work` as a job that nobody asked for by name: the clock, or the command line.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but the site; [`Error::Conflict`] when an administrator stopped it; those of `work`.
pub async fn run<T>(
    caller: &Caller,
    new: NewJob,
    work: impl AsyncFnOnce(&Caller) -> Result<T>,
) -> Result<T> {
    check_admin(caller)?;
    let row = job::ActiveModel {
        state: Set(JobState::Running),
        started_at: Set(Some(caller.now())),
        seen_at: Set(Some(caller.now())),
        ..new.row(caller.now())?
    };
    let turn = caller.turn_to_write().await;
    let job = row.insert(caller.db()).await?.id;
    drop(turn);
    let cancelled = || Error::Conflict(format!("an administrator stopped job:{job}"));
    follow(caller, job, work).await?.ok_or_else(cancelled)
}

/// Takes up the job of a kind that waits; `None`: there is none, or another replica was faster.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but the site.
pub async fn next(caller: &Caller, kind: JobKind) -> Result<Option<job::Model>> {
    check_admin(caller)?;
    let waiting = internal::<job::Entity>()
        .filter(job::Column::State.eq(JobState::Waiting))
        .filter(job::Column::Kind.eq(kind))
        .order_by_asc(job::Column::Id)
        .limit(1);
    let Some(job) = waiting.one(caller.db()).await? else {
        return Ok(None);
    };
    let take = of(job.id)
        .col_expr(job::Column::State, Expr::value(JobState::Running))
        .col_expr(job::Column::StartedAt, Expr::value(caller.now()))
        .col_expr(job::Column::SeenAt, Expr::value(caller.now()))
        .filter(job::Column::State.eq(JobState::Waiting));
    Ok((written(caller, take).await? > 0).then_some(job))
}

/// Does a job that was taken up, and writes down what came of it.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but the site; those of the work, which are written down, too.
pub async fn perform(caller: &Caller, job: &job::Model) -> Result<()> {
    check_admin(caller)?;
    // The clock of whoever took it down may be ahead of ours.
    let before = job.before.min(caller.now());
    let rate = job.rate.map(i64::unsigned_abs);
    let done = follow(caller, job.id, async |caller| match job.kind {
        JobKind::Scrub => {
            let plan = scrub::Plan { before, rate };
            scrub(caller, plan, |_| {}).await
        }
        JobKind::Collect => {
            let grace = (caller.now() - before).to_std().unwrap_or_default();
            blob::collect(caller, grace, false).await.map(drop)
        }
        JobKind::Recount => {
            let plan = usage::Plan {
                before,
                mend: job.mend,
                limit: u64::MAX,
            };
            recount(caller, plan).await.map(drop)
        }
    });
    done.await.map(drop)
}

/// Fails the jobs of those who are gone, and forgets those of long ago. Two statements.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but the site.
pub async fn tidy(caller: &Caller) -> Result<()> {
    check_admin(caller)?;
    let lost = Condition::all()
        .add(job::Column::State.eq(JobState::Running))
        .add(job::Column::SeenAt.lt(caller.ago(LOST)));
    let why = "whoever ran it is gone; start it again, and it goes on where it was";
    let fail = job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(JobState::Failed))
        .col_expr(job::Column::Failure, Expr::value(why))
        .col_expr(job::Column::EndedAt, Expr::value(caller.now()))
        .filter(lost);
    written(caller, fail).await?;
    let _turn = caller.turn_to_write().await;
    job::Entity::delete_many()
        .filter(job::Column::EndedAt.lt(caller.ago(KEPT)))
        .exec(caller.db())
        .await?;
    Ok(())
}

/// Works until it is done or somebody stops it, which is `None`, and writes down how far it is meanwhile and how it ended.
async fn follow<T>(
    caller: &Caller,
    job: JobId,
    work: impl AsyncFnOnce(&Caller) -> Result<T>,
) -> Result<Option<T>> {
    let (part, progress) = part_of_job(caller);
    // Both go on beside each other: what is written here may have to wait for what the work writes.
    let outcome = tokio::select! {
        outcome = work(&part) => Some(outcome),
        () = stopped(caller, job, &progress) => None,
    };
    let state = match &outcome {
        None => JobState::Cancelled,
        Some(Ok(_)) => JobState::Done,
        Some(Err(_)) => JobState::Failed,
    };
    let failure = outcome.as_ref().and_then(|outcome| outcome.as_ref().err());
    let end = progress
        .write(running(job))
        .col_expr(job::Column::State, Expr::value(state))
        .col_expr(job::Column::EndedAt, Expr::value(caller.now()))
        .col_expr(
            job::Column::Failure,
            Expr::value(failure.map(Error::to_string)),
        );
    let ended = written(caller, end).await;
    let outcome = outcome.transpose()?;
    ended.map(|_| outcome)
}

/// Writes down how far a job is, again and again, and resolves when it is to stop.
async fn stopped(caller: &Caller, job: JobId, progress: &Progress) {
    let mut clock = interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        match note(caller, job, progress).await {
            Ok(true) => return,
            Ok(false) => {}
            // The work may well go on without.
            Err(error) => {
                tracing::warn!(%error, job = %job, "how far a job is cannot be written down")
            }
        }
    }
}

/// Whether it is to stop.
async fn note(caller: &Caller, job: JobId, progress: &Progress) -> Result<bool> {
    let seen = progress
        .write(running(job))
        .col_expr(job::Column::SeenAt, Expr::value(caller.now()));
    if written(caller, seen).await? == 0 {
        // It was taken for lost, and may have been started again.
        return Ok(true);
    }
    let stop: Option<bool> = internal::<job::Entity>()
        .filter(job::Column::Id.eq(job))
        .select_only()
        .column(job::Column::Cancelled)
        .into_tuple()
        .one(caller.db())
        .await?;
    Ok(stop.unwrap_or(false))
}

fn of(id: JobId) -> UpdateMany<job::Entity> {
    job::Entity::update_many().filter(job::Column::Id.eq(id))
}

fn running(id: JobId) -> UpdateMany<job::Entity> {
    of(id).filter(job::Column::State.eq(JobState::Running))
}

/// How many rows an update changed.
async fn written(caller: &Caller, update: UpdateMany<job::Entity>) -> Result<u64> {
    let _turn = caller.turn_to_write().await;
    Ok(update.exec(caller.db()).await?.rows_affected)
}
