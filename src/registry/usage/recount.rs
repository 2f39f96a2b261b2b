//! Counting again what is there, and comparing it with the sums.
//!
//! One collection, namespace or part of the site at a time, longest unchecked first, so that a run that was stopped goes on
//! where it was. The rows that are checked are locked, in the order in which pushes lock them: pushes that change them are over, or wait.
use std::fmt;

use chrono::{DateTime, Utc};
use entity::{kind::Extent, usage};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, ConnectionTrait, ExprTrait, FromQueryResult,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Func},
};
use serde_json::json;

use super::{CONTAINER_COUNTS, SITE_PARTS};
use crate::{
    access::internal,
    error::{Error, Result},
    event::{Change, Event, Target},
    registry::{Caller, CollectionId, ContainerId, NamespaceId, job},
};

mod counter;

use counter::Counter;

/// How many things are looked for at once.
const BATCH: u64 = 100;

/// What to count again.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What was not counted since then.
    pub before: DateTime<Utc>,
    /// Put right what is wrong.
    pub mend: bool,
    /// At most so many collections, namespaces and parts of the site.
    pub limit: u64,
}

/// A sum that is not what there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The sum of what.
    pub extent: Extent,
    /// Of which one: its id, or the number of the part of the site.
    pub id: i64,
    /// Which sum: `images`, `manifests`, `size`, `stored`, `blobs`, …
    pub what: &'static str,
    /// What the sum was.
    pub was: i64,
    /// What there is.
    pub is: i64,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            extent,
            id,
            what,
            was,
            is,
        } = *self;
        match extent {
            Extent::Container => write!(f, "container:{}", ContainerId(id))?,
            Extent::Collection => write!(f, "collection:{}", CollectionId(id))?,
            Extent::Namespace => write!(f, "namespace:{}", NamespaceId(id))?,
            Extent::Site => write!(f, "part {id} of the site")?,
        }
        match what {
            "blobs" => write!(f, ": {was} blobs are counted wrongly"),
            _ => write!(f, ": {what} is {was}, and should be {is}"),
        }
    }
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recount {
    /// How many collections, namespaces and parts of the site.
    pub checked: u64,
    /// What was found.
    pub drifts: Vec<Drift>,
    /// Whether there is more to count.
    pub more: bool,
}

/// Counts again. Each drift is named in an event.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but the site; those of the database.
pub async fn recount(caller: &Caller, plan: Plan) -> Result<Recount> {
    check_admin(caller)?;
    fill(caller).await?;
    let all = internal::<usage::Entity>()
        .filter(usage::Column::Extent.ne(Extent::Container))
        .filter(unchecked(plan));
    let all = all.count(caller.db()).await?;
    job::told(caller, |progress| {
        progress.expect(Ord::min(all, plan.limit))
    });
    let mut done = Recount::default();
    for extent in [Extent::Collection, Extent::Namespace, Extent::Site] {
        loop {
            let left = plan.limit - done.checked;
            let due = due(caller, extent, plan, left.clamp(1, BATCH)).await?;
            if due.is_empty() {
                break;
            }
            if left == 0 {
                done.more = true;
                return Ok(done);
            }
            for id in due {
                let drifts = check(caller, extent, id, plan).await?;
                job::told(caller, |progress| {
                    progress.did(1);
                    progress.found(drifts.len() as u64);
                });
                done.drifts.extend(drifts);
                done.checked += 1;
            }
        }
    }
    Ok(done)
}

/// Rows for what came without: they are found to be wrong then.
async fn fill(caller: &Caller) -> Result<()> {
    let fill = |rows: &str| {
        format!(
            "INSERT INTO usage (extent, id, parent_id, counted, collections, containers, images, manifests, size, stored)
            SELECT {rows} ON CONFLICT DO NOTHING"
        )
    };
    let parts: Vec<String> = (0..SITE_PARTS)
        .map(|n| format!("SELECT {n} AS id"))
        .collect();
    let parts = parts.join(" UNION ");
    for rows in [
        &format!("'container', c.id, c.collection_id, {CONTAINER_COUNTS}, 0, 0, 0, 0, 0, 0 FROM container c
            WHERE NOT EXISTS (SELECT 1 FROM usage u WHERE u.extent = 'container' AND u.id = c.id)"),
        "'collection', c.id, c.namespace_id, c.trash_id IS NULL, 0, 0, 0, 0, 0, 0 FROM collection c
            WHERE NOT EXISTS (SELECT 1 FROM usage u WHERE u.extent = 'collection' AND u.id = c.id)",
        "'namespace', n.id, n.id % 16, TRUE, 0, 0, 0, 0, 0, 0 FROM namespace n
            WHERE NOT EXISTS (SELECT 1 FROM usage u WHERE u.extent = 'namespace' AND u.id = n.id)",
        &format!("'site', p.id, 0, TRUE, 0, 0, 0, 0, 0, 0 FROM ({parts}) p WHERE TRUE"),
    ] {
        caller.db().execute_unprepared(&fill(rows)).await?;
    }
    Ok(())
}

/// What the plan is about.
fn unchecked(plan: Plan) -> Condition {
    Condition::any()
        .add(usage::Column::RecountedAt.is_null())
        .add(usage::Column::RecountedAt.lt(plan.before))
}

async fn due(caller: &Caller, extent: Extent, plan: Plan, n: u64) -> Result<Vec<i64>> {
    let ids = internal::<usage::Entity>()
        .filter(usage::Column::Extent.eq(extent))
        .filter(unchecked(plan))
        .order_by_asc(usage::Column::RecountedAt.is_not_null())
        .order_by_asc(usage::Column::RecountedAt)
        .order_by_asc(usage::Column::Id)
        .limit(n)
        .select_only()
        .column(usage::Column::Id);
    Ok(ids.into_tuple().all(caller.db()).await?)
}

async fn check(caller: &Caller, extent: Extent, id: i64, plan: Plan) -> Result<Vec<Drift>> {
    let mend = plan.mend;
    caller
        .change(async |tx| {
            let counter = Counter { tx, extent, id, mend };
            let drifts = match counter.locked().await? {
                Some(row) => counter.check(&row).await?,
                None => Vec::new(),
            };
            if drifts.is_empty() {
                return Ok(Change::none(drifts));
            }
            let name = format!("{}:{id}", extent.to_value());
            let told = drifts.iter().take(100).map(|drift| {
                json!({"of": drift.extent, "id": drift.id, "what": drift.what, "was": drift.was, "is": drift.is})
            });
            let details = json!({"mended": mend, "drifts": told.collect::<Vec<_>>()});
            Ok(Event::new("usage.drift", Target::site(&name), &name)
                .details(details)
                .with(drifts))
        })
        .await
}

/// What is known of the sums.
#[derive(Clone, Copy, Debug, Default, FromQueryResult)]
pub struct Report {
    /// How many collections, namespaces and parts of the site have sums.
    pub all: i64,
    /// How many of them were not counted again yet.
    pub unchecked: i64,
    /// When the one that was not counted again for longest was, of those that were.
    pub oldest: Option<DateTime<Utc>>,
    /// How many of their sums were wrong when they were last counted, and are not put right.
    pub wrong: i64,
}

/// Tells what was found. One statement.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but site administrators.
pub async fn report(caller: &Caller) -> Result<Report> {
    check_admin(caller)?;
    let unchecked = usage::Column::Id
        .count()
        .sub(usage::Column::RecountedAt.count());
    let wrong = Expr::from(Func::coalesce([
        usage::Column::Wrong.sum().cast_as("bigint"),
        0_i64.into(),
    ]));
    let found = internal::<usage::Entity>()
        .filter(usage::Column::Extent.ne(Extent::Container))
        .select_only()
        .column_as(usage::Column::Id.count(), "all")
        .column_as(unchecked, "unchecked")
        .column_as(usage::Column::RecountedAt.min(), "oldest")
        .column_as(wrong, "wrong");
    Ok(found
        .into_model()
        .one(caller.db())
        .await?
        .unwrap_or_default())
}

fn check_admin(caller: &Caller) -> Result<()> {
    if caller.actor().is_site_admin() {
        return Ok(());
    }
    caller.account()?;
    let why = "only an administrator may count again what there is";
    Err(Error::Forbidden(why.into()))
}
