//! Pages by keyset: stable while rows come and go, and as fast at the end as at the start.
use std::fmt::Debug;

use data_encoding::BASE64URL_NOPAD;
use sea_orm::{ConnectionTrait, EntityTrait, IntoIdentity};
use serde::{Deserialize, Serialize};

use super::{Caller, Digest};
use crate::{
    access::{Actor, Granted, Pull, Rows},
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

/// An order that a list of `E` can be had in.
pub trait Sort<E: EntityTrait>: Copy {
    /// The column that comes before the id, if any.
    fn column(self) -> Option<E::Column>;
    /// The row's value in that column.
    fn key(self, row: &E::Model) -> String;
    /// What [`Sort::key`] wrote, as the column has it; `None` for what it cannot have written.
    fn value(self, key: &str) -> Option<sea_orm::Value> {
        Some(key.into())
    }
    /// The row's id, and the column it is in.
    fn id(row: &E::Model) -> i64;
    /// See [`Sort::id`].
    fn id_column() -> E::Column;
    /// The rows as `actor` may know them: where the column holds more than that, with what they may know in its place.
    fn shown(self, _actor: &Actor, rows: Rows<Pull, E>) -> Rows<Pull, E> {
        rows
    }
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
    let order = order_name::<E, S>(&within, args);
    for (what, cursor) in [("after", &args.after), ("before", &args.before)] {
        let foreign = |cursor: &Cursor| {
            let keyed = args.sort.column().is_some();
            cursor.order != order || keyed && args.sort.value(&cursor.key).is_none()
        };
        if cursor.as_ref().is_some_and(foreign) {
            return Err(elsewhere(what));
        }
    }
    let limit = args.limit.clamp(1, PAGE_MAX);
    let (db, rows) = (caller.db(), args.sort.shown(caller.actor(), rows));
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
    Ok(cut::<E, S>(items, within, args))
}

/// Makes a page of its rows, of which there may be one more than it has room for.
pub(in crate::registry) fn cut<E, S>(
    mut items: Vec<Granted<Pull, E::Model>>,
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
    let place = |row: &E::Model| Cursor {
        order: order.clone(),
        key: args.sort.key(row),
        id: S::id(row),
    };
    Page {
        items: items.into_iter().map(|row| (place(&row), row)).collect(),
        has_next,
        has_previous,
    }
}

fn elsewhere(what: &str) -> Error {
    let why = "the cursor comes from another list, filter or order; leave it out to start over";
    Error::invalid(what, why)
}

/// Tells an order of a list from those of others.
fn order_name<E: EntityTrait, S: Sort<E>>(within: &impl Debug, args: &PageArgs<S>) -> String {
    let column = args.sort.column().unwrap_or_else(S::id_column);
    let direction = if args.descending { "-" } else { "+" };
    let within = Digest::of(format!("{within:?}").as_bytes()).hex();
    format!(
        "{}{}{direction}{}",
        E::default().table_name(),
        sea_orm::IdenStatic::as_str(&column),
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
