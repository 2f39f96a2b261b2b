//! What is below many things at once: the first pages of their lists, and how long those are. One statement each, however
//! many things there are.
use std::{collections::HashMap, fmt::Debug, hash::Hash};

use sea_orm::{
    ColumnTrait, DbBackend, EntityName, EntityTrait, FromQueryResult, Iterable, JoinType,
    ModelTrait, Order, PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Value,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use super::{
    Caller,
    page::{Measure, Page, PageArgs, Sort, cut, keyed, page as page_of},
};
use crate::{
    access::{Granted, Guarded, Pull, Rows, rows},
    error::Result,
};

mod list;

pub use list::*;

/// The list below one thing, which is its value.
pub trait List: Copy + Debug + Eq + Hash + Send + Sync + 'static {
    /// What it holds.
    type Entity: EntityTrait<Model: Sync + Send + Clone + FromQueryResult> + Guarded;
    /// The orders that it can be had in.
    type Sort: Sort<Self::Entity> + Eq + Send + Sync + 'static;
    /// The column that says below which thing a row is.
    const COLUMN: <Self::Entity as EntityTrait>::Column;

    /// The id of the thing.
    fn id(self) -> i64;

    /// What the caller may see of all lists of this kind.
    fn rows(caller: &Caller) -> Rows<Pull, Self::Entity> {
        rows::<Pull, Self::Entity>(caller.actor())
    }
}

/// What the ids of things are joined as; both databases name the only column of such values `column1`.
const ABOVE: &str = "above";

/// A row of a list.
pub type Row<L> = Granted<Pull, <<L as List>::Entity as EntityTrait>::Model>;

/// A page of one list, from whatever place.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) for a cursor of another list or order.
pub async fn page<L: List>(
    caller: &Caller,
    list: L,
    args: &PageArgs<L::Sort>,
) -> Result<Page<Row<L>>> {
    let rows = L::rows(caller).narrow(|q| q.filter(L::COLUMN.eq(list.id())));
    page_of(caller, rows, list, args).await
}

/// The first or last rows of each list, by the id of its thing; cursors in `args` are not heeded. Things without any are absent.
pub async fn pages<L: List>(
    caller: &Caller,
    lists: &[L],
    args: &PageArgs<L::Sort>,
) -> Result<HashMap<i64, Page<Row<L>>>> {
    let chosen = chosen(caller, lists, args);
    let direction = direction(args.descending);
    let measure = args.sort.measure(caller.actor());
    let rows = L::rows(caller).narrow(|q| q.filter(key::<L>().in_subquery(chosen)));
    let rows = rows.narrow(|mut q| {
        if let Some(first) = first_key::<L>(args.sort, measure.as_ref()) {
            q = q.order_by(first, direction.clone());
        }
        q.order_by(L::Sort::id_column(), direction)
    });
    let mut below: HashMap<i64, Vec<_>> = HashMap::new();
    for (key, row) in keyed(caller.db(), rows, args.sort, measure).await? {
        if let Value::BigInt(Some(id)) = row.get(L::COLUMN) {
            below.entry(id).or_default().push((key, row));
        }
    }
    let mut pages = HashMap::new();
    for list in lists {
        if let Some(rows) = below.remove(&list.id()) {
            pages.insert(list.id(), cut::<L::Entity, L::Sort>(rows, list, args));
        }
    }
    Ok(pages)
}

/// How long each list is, by the id of its thing; things without any are absent.
pub async fn counts<L: List>(caller: &Caller, lists: &[L]) -> Result<HashMap<i64, u64>> {
    let counts: Vec<(i64, i64)> = L::rows(caller)
        .into_select()
        .filter(of_any(lists))
        .select_only()
        .column(L::COLUMN)
        .column_as(L::COLUMN.count(), "count")
        .group_by(L::COLUMN)
        .into_tuple()
        .all(caller.db())
        .await?;
    let count = |(id, count): (i64, i64)| (id, count.unsigned_abs());
    Ok(counts.into_iter().map(count).collect())
}

/// The keys of the rows of all pages, and of one more each, which tells whether there is more. Each list is read from its
/// end, and no further: numbering rows would read all lists to the other end. The databases say so in words of their own.
fn chosen<L: List>(caller: &Caller, lists: &[L], args: &PageArgs<L::Sort>) -> SelectStatement {
    let end = end_of_one::<L>(caller, args);
    let mut chosen = Query::select();
    chosen.from_values(lists.iter().map(|list| list.id()), ABOVE);
    if caller.db().get_database_backend() == DbBackend::Postgres {
        chosen.column(("near", "chosen")).join_lateral(
            JoinType::InnerJoin,
            end,
            "near",
            Expr::val(true),
        );
    } else {
        // Joined in this order, so that SQLite looks up what is near instead of looking at every row.
        chosen
            .column(key::<L>().as_column_ref())
            .cross_join(L::Entity::default().table_ref())
            .and_where(key::<L>().in_subquery(end));
    }
    chosen
}

/// The keys of the rows at the end of the list of the one thing that [`ABOVE`] stands at.
fn end_of_one<L: List>(caller: &Caller, args: &PageArgs<L::Sort>) -> SelectStatement {
    let direction = direction(args.descending != args.backwards);
    let above = Expr::col(L::COLUMN.as_column_ref()).equals((ABOVE, "column1"));
    let rows = L::rows(caller).narrow(|q| q.filter(above));
    let mut rows = rows
        .into_select()
        .select_only()
        .column_as(key::<L>(), "chosen")
        .limit(args.limit.saturating_add(1));
    let measure = args.sort.measure(caller.actor());
    if let Some(first) = first_key::<L>(args.sort, measure.as_ref()) {
        rows = rows.order_by(first, direction.clone());
    }
    rows.order_by(L::Sort::id_column(), direction).into_query()
}

/// What comes before the id.
fn first_key<L: List>(sort: L::Sort, measure: Option<&Measure>) -> Option<Expr> {
    let column = || Some(Expr::col(sort.column()?.as_column_ref()));
    measure.map(Measure::expr).or_else(column)
}

fn of_any<L: List>(lists: &[L]) -> Expr {
    L::COLUMN.is_in(lists.iter().map(|list| list.id()))
}

/// What tells rows apart.
fn key<L: List>() -> <L::Entity as EntityTrait>::Column {
    let mut columns = <L::Entity as EntityTrait>::PrimaryKey::iter();
    columns.next().expect("every table has a key").into_column()
}

fn direction(descending: bool) -> Order {
    if descending { Order::Desc } else { Order::Asc }
}
