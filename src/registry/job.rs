//! Work that takes long: who asked for it, how far it is, and what came of it.
//!
//! A job is a row, so that everybody who may can follow it, whichever replica or command runs it. Each kind can be done again
//! at any time: what is left of a job whose server was killed is done by the next of its kind.
mod run;

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
pub use entity::job::Model;
use entity::{id::JobId, job, kind::JobKind, kind::JobState};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, Set, sea_query::Expr,
};
use serde_json::json;

pub(in crate::registry) use run::Progress;
pub use run::{next, perform, run, tidy};

use super::{
    Caller,
    database::{Turn, take_turn},
    fresh_id,
    page::{Page, PageArgs, Sort, page},
};
use crate::{
    access::{Admin, Granted, Pull, Rows, open, rows},
    error::{Error, Result},
    event::{Event, Target},
};

/// A job that the caller may see.
pub type Job = Granted<Pull, job::Model>;

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct NewJob {
    /// What.
    pub kind: JobKind,
    /// What was read or counted since then is left alone; collection takes what nobody touched since then.
    pub before: DateTime<Utc>,
    /// At most so many bytes are read in a second.
    pub rate: Option<u64>,
    /// Put right sums that are wrong.
    pub mend: bool,
}

impl NewJob {
    /// A job that leaves alone what was touched within the grace of the configuration, when it collects, and otherwise nothing.
    pub fn of(caller: &Caller, kind: JobKind) -> Self {
        let grace = caller.config().storage.staging_retention.get();
        Self {
            kind,
            before: match kind {
                JobKind::Collect => caller.ago(grace),
                JobKind::Scrub | JobKind::Recount => caller.now(),
            },
            rate: None,
            mend: false,
        }
    }

    fn row(self, now: DateTime<Utc>) -> Result<job::ActiveModel> {
        let too_much = |_| Error::invalid("rate", "it is more than 2^63-1 bytes in a second");
        Ok(job::ActiveModel {
            id: Set(JobId(fresh_id())),
            kind: Set(self.kind),
            state: Set(JobState::Waiting),
            before: Set(self.before),
            rate: Set(self.rate.map(i64::try_from).transpose().map_err(too_much)?),
            mend: Set(self.mend),
            created_at: Set(now),
            done: Set(0),
            found: Set(0),
            cancelled: Set(false),
            ..Default::default()
        })
    }
}

/// The order of jobs: that in which they were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByCreation;

impl Sort<job::Entity> for ByCreation {
    fn column(self) -> Option<job::Column> {
        None
    }
    fn key(self, _: &job::Model) -> String {
        String::new()
    }
    fn id(row: &job::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> job::Column {
        job::Column::Id
    }
}

/// Which jobs a list holds; absent fields do not narrow it.
#[derive(Clone, Copy, Debug, Default)]
pub struct JobFilter {
    /// Those of this kind.
    pub kind: Option<JobKind>,
    /// Those that are so far.
    pub state: Option<JobState>,
}

/// The jobs of the last 30 days.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but site administrators.
pub async fn list(
    caller: &Caller,
    filter: JobFilter,
    args: &PageArgs<ByCreation>,
) -> Result<Page<Job>> {
    page(caller, filtered(caller, filter)?, filter, args).await
}

/// How many [`list`] lists.
///
/// # Errors
/// Those of [`list`].
pub async fn count(caller: &Caller, filter: JobFilter) -> Result<u64> {
    filtered(caller, filter)?.count(caller.db()).await
}

fn filtered(caller: &Caller, filter: JobFilter) -> Result<Rows<Pull, job::Entity>> {
    check_admin(caller)?;
    let kind = filter.kind.map(|kind| job::Column::Kind.eq(kind));
    let state = filter.state.map(|state| job::Column::State.eq(state));
    let narrow = [kind, state].into_iter().flatten();
    let narrow = narrow.fold(Condition::all(), Condition::add);
    Ok(rows::<Pull, job::Entity>(caller.actor()).narrow(|q| q.filter(narrow)))
}

fn check_admin(caller: &Caller) -> Result<()> {
    if caller.actor().is_site_admin() {
        return Ok(());
    }
    caller.account()?;
    Err(Error::Forbidden(
        "only an administrator may see, start or stop what this server does at length".into(),
    ))
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(caller: &Caller, ids: &[JobId]) -> Result<HashMap<JobId, Job>> {
    let jobs = rows::<Pull, job::Entity>(caller.actor())
        .narrow(|q| q.filter(job::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(jobs.into_iter().map(|job| (job.id, job)).collect())
}

/// A job.
///
/// # Errors
/// [`Error::NotFound`] for what is not there and for anybody but site administrators.
pub async fn get(caller: &Caller, id: JobId) -> Result<Job> {
    open::<Pull, job::Entity>(caller.db(), caller.actor(), id).await
}

/// Asks for a job. A server takes it up within seconds.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but site administrators; [`Error::Conflict`] while one of its kind waits or runs;
/// [`Error::Invalid`] for a rate that no machine reaches, and for a time in the future.
pub async fn start(caller: &Caller, new: NewJob) -> Result<Job> {
    check_admin(caller)?;
    if new.before > caller.now() {
        let why = "it is in the future, where nothing was read, counted or touched yet";
        return Err(Error::invalid("before", why));
    }
    caller
        .change(async |tx| {
            take_turn(tx.db(), Turn::Jobs).await?;
            let under_way = JobFilter {
                kind: Some(new.kind),
                state: None,
            };
            let under_way = filtered(caller, under_way)?.narrow(|q| {
                q.filter(job::Column::State.is_in([JobState::Waiting, JobState::Running]))
            });
            if let Some(other) = under_way.one(tx.db()).await? {
                let why = format!("job:{} does that already; cancel it first", other.id);
                return Err(Error::Conflict(why));
            }
            let asked_by = tx.actor().account().map(|account| account.id);
            let row = job::ActiveModel {
                asked_by: Set(asked_by),
                ..new.row(tx.now())?
            };
            let id = row.insert(tx.db()).await?.id;
            let job = open::<Pull, job::Entity>(tx.db(), tx.actor(), id).await?;
            Ok(Event::new("job.start", Target::site(id), id)
                .details(json!({"kind": new.kind, "mend": new.mend}))
                .with(job))
        })
        .await
}

/// Stops a job. One that is under way stops within seconds; what it has done stays done.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but site administrators; [`Error::Conflict`] for one that has ended;
/// [`Error::NotFound`] for what is not there.
pub async fn cancel(caller: &Caller, id: JobId) -> Result<Job> {
    check_admin(caller)?;
    caller
        .change(async |tx| {
            let job = open::<Admin, job::Entity>(tx.db(), tx.actor(), id).await?;
            let mut stop = job::Entity::update_many()
                .col_expr(job::Column::Cancelled, Expr::value(true))
                .filter(job::Column::Id.eq(id))
                .filter(job::Column::State.eq(job.state));
            match job.state {
                JobState::Running => {}
                JobState::Waiting => {
                    stop = stop
                        .col_expr(job::Column::State, Expr::value(JobState::Cancelled))
                        .col_expr(job::Column::EndedAt, Expr::value(tx.now()));
                }
                _ => return Err(ended()),
            }
            if stop.exec(tx.db()).await?.rows_affected == 0 {
                return Err(ended());
            }
            let job = open::<Pull, job::Entity>(tx.db(), tx.actor(), id).await?;
            Ok(Event::new("job.cancel", Target::site(id), id)
                .details(json!({"kind": job.kind}))
                .with(job))
        })
        .await
}

fn ended() -> Error {
    Error::Conflict("it has ended, or just begun: ask for it again".into())
}

/// What tells how far the job is that the caller is a part of.
pub(in crate::registry) fn told(caller: &Caller, tell: impl FnOnce(&Progress)) {
    if let Some(progress) = caller.progress() {
        tell(progress);
    }
}

/// The caller, whose work is told by what comes along.
fn part_of_job(caller: &Caller) -> (Caller, Arc<Progress>) {
    let progress = Arc::new(Progress::default());
    (caller.telling(progress.clone()), progress)
}
