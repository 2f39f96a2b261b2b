//! What was counted, for people: by day, by tag, by door.
use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::{container, download_day, image};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, JoinType, QueryFilter, QuerySelect,
    QueryTrait, RelationTrait, Select,
    sea_query::{CaseStatement, Expr, Func, Order, Query, SelectStatement, WindowStatement},
};

use crate::{
    access::{Pull, rows},
    error::{Error, Result},
    registry::{Caller, CollectionId, ContainerId, ImageId},
};

/// The longest span, in days.
pub const SPAN_MAX: i64 = 400;
/// The span when nobody says, in days.
const SPAN: i64 = 30;
/// The most tags that are told.
pub const TOP: u64 = 100;

/// Of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Of {
    /// All containers in a collection that the caller may see.
    Collection(CollectionId),
    /// All that was pulled from a container, images that are gone included.
    Container(ContainerId),
    /// An image.
    Image(ImageId),
}

/// Days in UTC, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    since: NaiveDate,
    until: NaiveDate,
}

impl Span {
    /// From `since` until `until`, which is today unless somebody says; 30 days unless somebody says.
    ///
    /// # Errors
    /// [`Error::Invalid`] for no days, or for more than [`SPAN_MAX`].
    pub fn new(
        caller: &Caller,
        since: Option<NaiveDate>,
        until: Option<NaiveDate>,
    ) -> Result<Self> {
        let until = until.unwrap_or_else(|| caller.now().date_naive());
        let start = || until.checked_sub_signed(TimeDelta::days(SPAN - 1));
        let since = since.or_else(start).unwrap_or(until);
        let days = until.signed_duration_since(since).num_days() + 1;
        if (1..=SPAN_MAX).contains(&days) {
            return Ok(Self { since, until });
        }
        let why = format!("{since} to {until} are {days} days; ask for 1 to {SPAN_MAX}");
        Err(Error::invalid("since", why))
    }

    /// The first and the last day.
    pub(in crate::registry) fn days(self) -> (NaiveDate, NaiveDate) {
        (self.since, self.until)
    }
}

/// How pulls are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// By day, the first one first; days without pulls are left out.
    Day,
    /// By tag, the most pulled first, up to [`TOP`]; the empty one stands for pulls by digest.
    Tag,
    /// By door, the most used first.
    Door,
}

/// How often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The day (`2026-01-31`), tag or door.
    pub label: String,
    /// By people who were signed in.
    pub signed_in: u64,
    /// By others.
    pub anonymous: u64,
}

/// How often each of some things was pulled within a span. One statement for each kind of thing.
pub async fn series(
    caller: &Caller,
    of: &[Of],
    span: Span,
    by: By,
) -> Result<HashMap<Of, Vec<Count>>> {
    let (mut collections, mut containers, mut images) = (Vec::new(), Vec::new(), Vec::new());
    for of in of {
        match of {
            Of::Collection(id) => collections.push(id.0),
            Of::Container(id) => containers.push(id.0),
            Of::Image(id) => images.push(id.0),
        }
    }
    let mut found = HashMap::new();
    if !collections.is_empty() {
        let key = container::Column::CollectionId;
        let rows = ask(
            caller,
            of_containers(caller, key, &collections),
            key,
            (span, by),
        )
        .await?;
        gather(&mut found, rows, |id| Of::Collection(CollectionId(id)));
    }
    if !containers.is_empty() {
        let key = container::Column::Id;
        let rows = ask(
            caller,
            of_containers(caller, key, &containers),
            key,
            (span, by),
        )
        .await?;
        gather(&mut found, rows, |id| Of::Container(ContainerId(id)));
    }
    if !images.is_empty() {
        let key = image::Column::Id;
        let rows = ask(caller, of_images(caller, &images), key, (span, by)).await?;
        gather(&mut found, rows, |id| Of::Image(ImageId(id)));
    }
    Ok(found)
}

fn gather(found: &mut HashMap<Of, Vec<Count>>, rows: Vec<(i64, Count)>, of: impl Fn(i64) -> Of) {
    for (id, count) in rows {
        found.entry(of(id)).or_default().push(count);
    }
}

fn of_containers(
    caller: &Caller,
    key: container::Column,
    ids: &[i64],
) -> Select<container::Entity> {
    rows::<Pull, container::Entity>(caller.actor())
        .into_select()
        .filter(key.is_in(ids.iter().copied()))
        .join(
            JoinType::InnerJoin,
            download_day::Relation::Container.def().rev(),
        )
}

fn of_images(caller: &Caller, ids: &[i64]) -> Select<image::Entity> {
    let pulls = image::Entity::belongs_to(download_day::Entity)
        .from(image::Column::Id)
        .to(download_day::Column::ItemId);
    rows::<Pull, image::Entity>(caller.actor())
        .into_select()
        .filter(image::Column::Id.is_in(ids.iter().copied()))
        .join(JoinType::InnerJoin, pulls.into())
}

async fn ask<E: EntityTrait>(
    caller: &Caller,
    pulls: Select<E>,
    key: impl ColumnTrait,
    (span, by): (Span, By),
) -> Result<Vec<(i64, Count)>> {
    let found = caller
        .db()
        .query_all(&ranked(pulls, key, (span, by)))
        .await?;
    let read = |row: &sea_orm::QueryResult| {
        let number = |name| row.try_get::<i64>("", name);
        let count = Count {
            label: row.try_get("", "label")?,
            signed_in: number("signed_in")?.unsigned_abs(),
            anonymous: number("anonymous")?.unsigned_abs(),
        };
        Ok::<_, sea_orm::DbErr>((number("key")?, count))
    };
    Ok(found.iter().map(read).collect::<Result<_, _>>()?)
}

/// The first rows of each key: all days and doors, and the most pulled tags.
fn ranked<E: EntityTrait>(
    pulls: Select<E>,
    key: impl ColumnTrait,
    (span, by): (Span, By),
) -> SelectStatement {
    use download_day::Column;
    let column = match by {
        By::Day => Column::Day,
        By::Tag => Column::Tag,
        By::Door => Column::Door,
    };
    let mut place = WindowStatement::partition_by(key.as_column_ref());
    if by != By::Day {
        place.order_by_expr(Column::Count.sum(), Order::Desc);
    }
    place.order_by(column.as_column_ref(), Order::Asc);
    let sums = pulls
        .filter(Column::Day.between(span.since, span.until))
        .select_only()
        .column_as(key, "key")
        .column_as(Expr::col(column.as_column_ref()).cast_as("text"), "label")
        .column_as(pulled(true), "signed_in")
        .column_as(pulled(false), "anonymous")
        .group_by(key)
        .group_by(column)
        .into_query()
        .expr_window_as(Func::cust("ROW_NUMBER"), place, "place")
        .take();
    let limit = match by {
        By::Tag => TOP,
        By::Day | By::Door => SPAN_MAX.unsigned_abs(),
    };
    Query::select()
        .columns(["key", "label", "signed_in", "anonymous"])
        .from_subquery(sums, "pulls")
        .and_where(Expr::col("place").lte(i64::try_from(limit).unwrap_or(i64::MAX)))
        .order_by("place", Order::Asc)
        .take()
}

/// The sum of the pulls by people who were signed in, or were not.
fn pulled(signed_in: bool) -> Expr {
    use download_day::Column;
    let each: Expr = CaseStatement::new()
        .case(Column::SignedIn.eq(signed_in), Column::Count.into_expr())
        .finally(0_i64)
        .into();
    Expr::expr(Func::sum(each)).cast_as("bigint")
}

/// All pulls ever, of what is still there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How many.
    pub count: u64,
    /// The last of them.
    pub last: Option<DateTime<Utc>>,
}

/// The sums of the containers in collections that the caller may see. One statement.
pub async fn totals(caller: &Caller, ids: &[CollectionId]) -> Result<HashMap<CollectionId, Total>> {
    use container::Column;
    let found: Vec<(i64, i64, Option<DateTime<Utc>>)> =
        rows::<Pull, container::Entity>(caller.actor())
            .into_select()
            .filter(Column::CollectionId.is_in(ids.iter().copied()))
            .select_only()
            .column_as(Column::CollectionId, "key")
            .column_as(Column::Downloads.sum().cast_as("bigint"), "count")
            .column_as(Column::LastPulledAt.max(), "last")
            .group_by(Column::CollectionId)
            .into_tuple()
            .all(caller.db())
            .await?;
    let total = |(id, count, last): (i64, i64, _)| {
        let count = count.unsigned_abs();
        (CollectionId(id), Total { count, last })
    };
    Ok(found.into_iter().map(total).collect())
}
