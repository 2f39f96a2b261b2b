//! Who pulls, for those who administer what is pulled.
use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, TimeDelta};
use entity::{collection, container, download_user};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, RelationTrait, Select, Set,
    sea_query::{
        ColumnRef, Expr, Func, OnConflict, Order, Query, SelectStatement, WindowStatement,
    },
};

use super::series::{Kind, Of, Span};
use crate::{
    access::{Admin, Pull, rows},
    error::Result,
    event::Change,
    registry::{
        Caller, ContainerId, UserId,
        caller::Tx,
        page::{Cursor, PAGE_MAX, Page, PageArgs, elsewhere},
    },
};

/// How many rows one statement has.
const BATCH: usize = 200;
/// The order of the lists, as their cursors tell it.
const ORDER: &str = "download_user-";

/// The order of a list of those who pull: who does most comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByPulls;

/// Somebody who pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Puller {
    /// Who.
    pub user: UserId,
    /// How often within the span.
    pub count: u64,
    /// The last day on which they did.
    pub last: NaiveDate,
}

/// The first or last of those who pulled from each of some things within a span: from containers that the caller
/// administers; things without any are absent. Cursors in `args` are places in the list of one thing. One statement for each
/// kind of thing.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) for a cursor of another list.
pub async fn pullers(
    caller: &Caller,
    of: &[Of],
    span: Span,
    args: &PageArgs<ByPulls>,
) -> Result<HashMap<Of, Page<Puller>>> {
    let mut lists: HashMap<Of, Vec<Puller>> = HashMap::new();
    for (kind, ids) in by_kind(of) {
        let sums = sums(caller, kind, &ids, span);
        let found = caller.db().query_all(&ranked(sums, args)?).await?;
        for row in &found {
            let puller = Puller {
                user: UserId(row.try_get("", "user_id")?),
                count: row.try_get::<i64>("", "count")?.unsigned_abs(),
                last: row.try_get("", "last")?,
            };
            let of = Of::new(kind, row.try_get("", "key")?);
            lists.entry(of).or_default().push(puller);
        }
    }
    let page = |(of, list)| (of, cut(list, args));
    Ok(lists.into_iter().map(page).collect())
}

/// How many pulled from each of some things within a span; things without any are absent. One statement for each kind.
pub async fn pullers_count(caller: &Caller, of: &[Of], span: Span) -> Result<HashMap<Of, u64>> {
    let mut counts = HashMap::new();
    for (kind, ids) in by_kind(of) {
        let sums = sums(caller, kind, &ids, span);
        let count = Query::select()
            .column("key")
            .expr_as(Expr::cust("COUNT(*)"), "count")
            .from_subquery(sums, "pulls")
            .add_group_by([Expr::col("key")])
            .take();
        for row in caller.db().query_all(&count).await? {
            let count = row.try_get::<i64>("", "count")?.unsigned_abs();
            counts.insert(Of::new(kind, row.try_get("", "key")?), count);
        }
    }
    Ok(counts)
}

fn by_kind(of: &[Of]) -> BTreeMap<Kind, Vec<i64>> {
    let mut kinds: BTreeMap<Kind, Vec<i64>> = BTreeMap::new();
    for (kind, id) in of.iter().map(|of| of.parts()) {
        kinds.entry(kind).or_default().push(id);
    }
    kinds
}

/// Pulls by thing and user: `key`, `user_id`, `count` and `last`.
fn sums(caller: &Caller, kind: Kind, ids: &[i64], span: Span) -> SelectStatement {
    use download_user::Column::{Count, Day, UserId};
    let pulls = administered(caller).filter(Day.between(span.since, span.until));
    let key: Option<ColumnRef> = match kind {
        Kind::Site => None,
        Kind::Namespace => Some(collection::Column::NamespaceId.as_column_ref().into()),
        Kind::Collection => Some(container::Column::CollectionId.as_column_ref().into()),
        // Who pulled which image is not written down, and no container has the id of an image.
        Kind::Container | Kind::Image => Some(container::Column::Id.as_column_ref().into()),
    };
    let mut sums = pulls
        .select_only()
        .column_as(UserId, "user_id")
        .column_as(Count.sum().cast_as("bigint"), "count")
        .column_as(Day.max(), "last")
        .group_by(UserId)
        .into_query();
    match key {
        Some(key) => sums
            .and_where(Expr::col(key.clone()).is_in(ids.iter().copied()))
            .expr_as(Expr::col(key.clone()), "key")
            .add_group_by([Expr::col(key)]),
        None => sums.expr_as(Expr::val(0_i64).cast_as("bigint"), "key"),
    };
    sums
}

/// All pulls by users from containers that the caller administers.
fn administered(caller: &Caller) -> Select<container::Entity> {
    rows::<Admin, container::Entity>(caller.actor())
        .into_select()
        .join(JoinType::InnerJoin, container::Relation::Collection.def())
        .join(
            JoinType::InnerJoin,
            download_user::Relation::Container.def().rev(),
        )
}

/// The rows of each page, and one more, which tells whether there is more.
fn ranked(sums: SelectStatement, args: &PageArgs<ByPulls>) -> Result<SelectStatement> {
    let direction = if args.backwards {
        Order::Asc
    } else {
        Order::Desc
    };
    let place = || ["count", "user_id"].map(Expr::col);
    let mut window = WindowStatement::partition_by("key");
    for column in place() {
        window.order_by_expr(column, direction.clone());
    }
    let mut numbered = Query::select()
        .columns(["key", "user_id", "count", "last"])
        .expr_window_as(Func::cust("ROW_NUMBER"), window, "place")
        .from_subquery(sums, "pulls")
        .take();
    let bound = |what, cursor: &Cursor| {
        let (count, user) = cursor.place(what, ORDER)?;
        let count: i64 = count.parse().map_err(|_| elsewhere(what))?;
        Ok::<_, crate::error::Error>(Expr::tuple([Expr::val(count), Expr::val(user)]))
    };
    if let Some(after) = &args.after {
        numbered.and_where(Expr::tuple(place()).lt(bound("after", after)?));
    }
    if let Some(before) = &args.before {
        numbered.and_where(Expr::tuple(place()).gt(bound("before", before)?));
    }
    let last = i64::try_from(args.limit.clamp(1, PAGE_MAX) + 1).unwrap_or(i64::MAX);
    Ok(Query::select()
        .columns(["key", "user_id", "count", "last"])
        .from_subquery(numbered, "numbered")
        .and_where(Expr::col("place").lte(last))
        .order_by("key", Order::Asc)
        .order_by("count", Order::Desc)
        .order_by("user_id", Order::Desc)
        .take())
}

fn cut(mut list: Vec<Puller>, args: &PageArgs<ByPulls>) -> Page<Puller> {
    let limit = usize::try_from(args.limit.clamp(1, PAGE_MAX)).unwrap_or(usize::MAX);
    let more = list.len() > limit;
    match args.backwards && more {
        true => drop(list.remove(0)),
        false => list.truncate(limit),
    }
    let place = |puller: &Puller| Cursor::new(ORDER, puller.count.to_string(), puller.user.0);
    let (has_next, has_previous) = match args.backwards {
        true => (args.before.is_some(), more),
        false => (more, args.after.is_some()),
    };
    Page {
        items: list
            .into_iter()
            .map(|puller| (place(&puller), puller))
            .collect(),
        has_next,
        has_previous,
    }
}

/// How often users pulled from containers, by container, day and user.
pub(super) type Named = BTreeMap<(i64, NaiveDate, i64), i64>;

/// Adds to what is known of users who are still there.
pub(super) async fn add(tx: &Tx, named: &Named) -> Result<()> {
    use download_user::Column;
    let there = there(tx, named).await?;
    let all: Vec<_> = named
        .iter()
        .filter(|((_, _, user), _)| there.contains(user))
        .map(
            |((container, day, user), count)| download_user::ActiveModel {
                container_id: Set(ContainerId(*container)),
                day: Set(*day),
                user_id: Set(UserId(*user)),
                count: Set(*count),
            },
        )
        .collect();
    for batch in all.chunks(BATCH) {
        let sum = Expr::col((download_user::Entity, Column::Count))
            .add(Expr::col(("excluded", Column::Count)));
        let adds = OnConflict::columns([Column::ContainerId, Column::Day, Column::UserId])
            .value(Column::Count, sum)
            .to_owned();
        download_user::Entity::insert_many(batch.to_vec())
            .on_conflict(adds)
            .exec_without_returning(tx.db())
            .await?;
    }
    Ok(())
}

async fn there(tx: &Tx, named: &Named) -> Result<Vec<i64>> {
    let mut users: Vec<i64> = named.keys().map(|(_, _, user)| *user).collect();
    users.sort_unstable();
    users.dedup();
    let mut there = Vec::new();
    for users in users.chunks(BATCH) {
        let found = rows::<Pull, entity::user::Entity>(tx.actor())
            .into_select()
            .filter(entity::user::Column::Id.is_in(users.iter().copied()))
            .order_by_asc(entity::user::Column::Id)
            .select_only()
            .column(entity::user::Column::Id);
        there.extend(found.into_tuple::<i64>().all(tx.db()).await?);
    }
    Ok(there)
}

/// Forgets who pulled on days that are longer ago than this is kept, and tells how many rows that were.
///
/// # Errors
/// Those of the database.
pub async fn forget(caller: &Caller) -> Result<u64> {
    let kept = caller.config().registry.download_users.get();
    let kept = TimeDelta::from_std(kept).unwrap_or(TimeDelta::MAX);
    let Some(start) = caller.now().checked_sub_signed(kept) else {
        return Ok(0);
    };
    // Nobody did anything: there is no event.
    caller
        .change(async |tx| {
            let old = download_user::Column::Day.lt(start.date_naive());
            let gone = download_user::Entity::delete_many().filter(old);
            Ok(Change::none(gone.exec(tx.db()).await?.rows_affected))
        })
        .await
}
