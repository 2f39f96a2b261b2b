//! Pages by keyset: stable while rows come and go, and as fast at the end as at the start.
use std::fmt::Debug;

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoIdentity, Order, QueryFilter, QueryOrder,
    QuerySelect, Select, Value,
    sea_query::{Expr, ExprTrait},
};
use serde::{Deserialize, Serialize};

use super::{Caller, Digest};
use crate::{
    access::{AMOUNT, Actor, Granted, Pull, Rows},
    error::{Error, Result},
};

/// The largest page.
pub const PAGE_MAX: u64 = 100;

/// A place in a list, opaque to callers. It is bound to the list and the order in which it was made. Whoever has it can read
/// the key in it, so that is something that the row shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    #[serde(rename = "o")]
    order: String,
    #[serde(rename = "k")]
    key: String,
    #[serde(rename = "i")]
    id: i64,
}

impl Cursor {
    /// The place of a row in a list of that order.
    pub(in crate::registry) fn new(order: &str, key: String, id: i64) -> Self {
        let order = order.to_owned();
        Self { order, key, id }
    }

    /// The key and the id of the row, if the list is of that order.
    pub(in crate::registry) fn key_in(&self, order: &str) -> Option<(&str, i64)> {
        (self.order == order).then_some((self.key.as_str(), self.id))
    }

    /// The same, for lists of what has no rows of its own.
    ///
    /// # Errors
    /// [`Error::Invalid`], naming `what`, for a cursor of another order.
    pub(in crate::registry) fn place(&self, what: &str, order: &str) -> Result<(&str, i64)> {
        match self.order == order {
            true => Ok((&self.key, self.id)),
            false => Err(elsewhere(what)),
        }
    }

    /// As callers get it.
    pub fn encode(&self) -> String {
        BASE64URL_NOPAD.encode(&serde_json::to_vec(self).expect("a cursor is plain data"))
    }

    /// Reads what [`Cursor::encode`] wrote.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn decode(text: &str) -> Result<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        bytes
            .and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok())
            .filter(|cursor| !cursor.key.contains('\0'))
            .ok_or_else(|| {
                Error::invalid(
                    "cursor",
                    "not a cursor of this server; leave it out to start over",
                )
            })
    }
}

/// Which page.
#[derive(Clone, Debug)]
pub struct PageArgs<S> {
    /// Rows after this place.
    pub after: Option<Cursor>,
    /// Rows before this place.
    pub before: Option<Cursor>,
    /// At most so many, up to [`PAGE_MAX`].
    pub limit: u64,
    /// Take the last rows rather than the first.
    pub backwards: bool,
    /// In which order.
    pub sort: S,
    /// Largest first.
    pub descending: bool,
}

impl<S: Default> Default for PageArgs<S> {
    fn default() -> Self {
        Self {
            after: None,
            before: None,
            limit: 20,
            backwards: false,
            sort: S::default(),
            descending: false,
        }
    }
}

/// A page, with the place of each row.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<(Cursor, T)>,
    /// Whether rows follow.
    pub has_next: bool,
    /// Whether rows come before.
    pub has_previous: bool,
}

impl<T> Page<T> {
    /// The page of a list without rows.
    pub fn empty() -> Self {
        Self {
            items: Vec::new(),
            has_next: false,
            has_previous: false,
        }
    }
}

/// What lists can be ordered by beside columns. Descending orders of it are as good as ascending ones.
#[derive(Clone, Debug)]
pub enum Measure {
    /// A whole number, which is read along with each row, and is its key.
    Amount(Expr),
    /// What [`Sort::key`] tells by the row alone.
    OfRow(Expr),
}

impl Measure {
    /// When the row's thing was pulled last; long ago, where it never was, so that everything has a place.
    pub(in crate::registry) fn last_pull(table: &str) -> Self {
        // As an index has it.
        let time = format!(r#"COALESCE("{table}"."last_pulled_at", '1970-01-01T00:00:00+00:00')"#);
        Self::OfRow(Expr::cust(time))
    }

    /// What is compared.
    pub(in crate::registry) fn expr(&self) -> Expr {
        let (Self::Amount(expr) | Self::OfRow(expr)) = self;
        expr.clone()
    }
}

/// A time, as keys have it.
pub(in crate::registry) fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339()
}

/// What [`moment`] wrote.
pub(in crate::registry) fn moment_of(key: &str) -> Option<Value> {
    let time = DateTime::parse_from_rfc3339(key).ok()?;
    Some(time.to_utc().into())
}

/// An order that a list of `E` can be had in.
pub trait Sort<E: EntityTrait>: Copy {
    /// The column that comes before the id, if any.
    fn column(self) -> Option<E::Column>;
    /// The row's value in that column.
    fn key(self, row: &E::Model) -> String;
    /// What comes before the id where that is no column, as the actor sees it.
    fn measure(self, _actor: &Actor) -> Option<Measure> {
        None
    }
    /// What tells the order from the others of the list.
    fn name(self) -> String {
        let column = self.column().unwrap_or_else(Self::id_column);
        sea_orm::IdenStatic::as_str(&column).to_owned()
    }
    /// What [`Sort::key`] wrote, as the column has it; `None` for what it cannot have written.
    fn value(self, key: &str) -> Option<sea_orm::Value> {
        Some(key.into())
    }
    /// The row's id, and the column it is in.
    fn id(row: &E::Model) -> i64;
    /// See [`Sort::id`].
    fn id_column() -> E::Column;
}

/// Takes a page of `rows`, which are those of the list `within`: the thing that they are below, or the filter that they pass.
/// Cursors of other lists are refused. One statement.
pub(in crate::registry) async fn page<E, S>(
    caller: &Caller,
    rows: Rows<Pull, E>,
    within: impl Debug,
    args: &PageArgs<S>,
) -> Result<Page<Granted<Pull, E::Model>>>
where
    E: EntityTrait<Model: Sync>,
    S: Sort<E>,
{
    let measure = args.sort.measure(caller.actor());
    let by_key = measure.is_some() || args.sort.column().is_some();
    check_cursors::<E, S>(&order_name::<E, S>(&within, args), args, by_key)?;
    if let Some(measure) = measure {
        let items = measured(caller, rows, args, measure).await?;
        return Ok(cut::<E, S>(items, within, args));
    }
    let limit = args.limit.clamp(1, PAGE_MAX);
    let db = caller.db();
    let items = match args.sort.column() {
        Some(column) => {
            fetch(db, rows, args, limit, (column, S::id_column()), |c| {
                let key = args.sort.value(&c.key);
                (key.expect("cursors were looked at"), c.id)
            })
            .await?
        }
        None => fetch(db, rows, args, limit, S::id_column(), |c| c.id).await?,
    };
    let items = items.into_iter().map(|row| (args.sort.key(&row), row));
    Ok(cut::<E, S>(items.collect(), within, args))
}

/// # Errors
/// [`Error::Invalid`] for cursors of other lists or orders and, in orders by a key, for those without one.
fn check_cursors<E: EntityTrait, S: Sort<E>>(
    order: &str,
    args: &PageArgs<S>,
    by_key: bool,
) -> Result<()> {
    for (what, cursor) in [("after", &args.after), ("before", &args.before)] {
        let foreign = |cursor: &Cursor| {
            cursor.order != order || by_key && args.sort.value(&cursor.key).is_none()
        };
        if cursor.as_ref().is_some_and(foreign) {
            return Err(elsewhere(what));
        }
    }
    Ok(())
}

/// The rows of a page in an order by a measure, and one more, which tells whether there is more.
async fn measured<E: EntityTrait, S: Sort<E>>(
    caller: &Caller,
    rows: Rows<Pull, E>,
    args: &PageArgs<S>,
    measure: Measure,
) -> Result<Vec<(String, Granted<Pull, E::Model>)>> {
    let rows = rows.narrow(|q| bounded(q, args, &measure.expr()));
    let mut items = keyed(caller.db(), rows, args.sort, Some(measure)).await?;
    if args.backwards {
        items.reverse();
    }
    Ok(items)
}

/// The rows between the cursors, from the end that the page begins at.
fn bounded<E: EntityTrait, S: Sort<E>>(
    mut select: Select<E>,
    args: &PageArgs<S>,
    measure: &Expr,
) -> Select<E> {
    let place = || Expr::tuple([measure.clone(), Expr::col(S::id_column().as_column_ref())]);
    for (cursor, upwards) in [
        (&args.after, !args.descending),
        (&args.before, args.descending),
    ] {
        let Some(cursor) = cursor else { continue };
        let key = args.sort.value(&cursor.key);
        let key = Expr::val(key.expect("cursors were looked at"));
        let bound = Expr::tuple([key, Expr::val(cursor.id)]);
        select = select.filter(match upwards {
            true => place().gt(bound),
            false => place().lt(bound),
        });
    }
    let direction = match args.descending == args.backwards {
        true => Order::Asc,
        false => Order::Desc,
    };
    select
        .order_by(measure.clone(), direction.clone())
        .order_by(S::id_column(), direction)
        .limit(args.limit.clamp(1, PAGE_MAX) + 1)
}

/// Reads rows with their keys.
pub(in crate::registry) async fn keyed<E: EntityTrait, S: Sort<E>>(
    db: &impl ConnectionTrait,
    rows: Rows<Pull, E>,
    sort: S,
    measure: Option<Measure>,
) -> Result<Vec<(String, Granted<Pull, E::Model>)>> {
    if let Some(Measure::Amount(amount)) = measure {
        let rows = rows.narrow(|q| q.expr_as(amount, AMOUNT));
        let rows = rows.with_amounts(db).await?.into_iter();
        return Ok(rows
            .map(|(row, amount)| (amount.to_string(), row))
            .collect());
    }
    let rows = rows.all(db).await?.into_iter();
    Ok(rows.map(|row| (sort.key(&row), row)).collect())
}

/// Makes a page of its rows with their keys, of which there may be one more than it has room for.
pub(in crate::registry) fn cut<E, S>(
    mut items: Vec<(String, Granted<Pull, E::Model>)>,
    within: impl Debug,
    args: &PageArgs<S>,
) -> Page<Granted<Pull, E::Model>>
where
    E: EntityTrait,
    S: Sort<E>,
{
    let limit = args.limit.clamp(1, PAGE_MAX);
    let more = items.len() as u64 > limit;
    if more && args.backwards {
        items.remove(0);
    } else {
        items.truncate(usize::try_from(limit).expect("a page is small"));
    }
    let (has_next, has_previous) = if args.backwards {
        (args.before.is_some(), more)
    } else {
        (more, args.after.is_some())
    };
    let order = order_name::<E, S>(&within, args);
    let place = |key: String, row: &E::Model| Cursor {
        order: order.clone(),
        key,
        id: S::id(row),
    };
    Page {
        items: items
            .into_iter()
            .map(|(key, row)| (place(key, &row), row))
            .collect(),
        has_next,
        has_previous,
    }
}

pub(in crate::registry) fn elsewhere(what: &str) -> Error {
    let why = "the cursor comes from another list, filter or order; leave it out to start over";
    Error::invalid(what, why)
}

/// Tells an order of a list from those of others.
fn order_name<E: EntityTrait, S: Sort<E>>(within: &impl Debug, args: &PageArgs<S>) -> String {
    let direction = if args.descending { "-" } else { "+" };
    let within = Digest::of(format!("{within:?}").as_bytes()).hex();
    format!(
        "{}{}{direction}{}",
        E::default().table_name(),
        args.sort.name(),
        &within[..16]
    )
}

async fn fetch<E, S, O, V>(
    db: &impl ConnectionTrait,
    rows: Rows<Pull, E>,
    args: &PageArgs<S>,
    limit: u64,
    order: O,
    bound: impl Fn(&Cursor) -> V,
) -> Result<Vec<Granted<Pull, E::Model>>>
where
    E: EntityTrait<Model: Sync>,
    O: IntoIdentity,
    V: sea_orm::sea_query::IntoValueTuple,
{
    rows.page(db, order, |cursor| {
        if let Some(after) = &args.after {
            cursor.after(bound(after));
        }
        if let Some(before) = &args.before {
            cursor.before(bound(before));
        }
        if args.descending {
            cursor.desc();
        }
        if args.backwards {
            cursor.last(limit + 1);
        } else {
            cursor.first(limit + 1);
        }
    })
    .await
}
