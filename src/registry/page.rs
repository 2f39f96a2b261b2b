//! Pages by keyset: stable while rows come and go, and as fast at the end as at the start.
use data_encoding::BASE64URL_NOPAD;
use sea_orm::{ConnectionTrait, EntityTrait, IntoIdentity};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Granted, Pull, Rows},
    error::{Error, Result},
};

/// The largest page.
pub const PAGE_MAX: u64 = 100;

/// A place in a list, opaque to callers. It is bound to the order in which it was made.
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
    /// The row's id, and the column it is in.
    fn id(row: &E::Model) -> i64;
    /// See [`Sort::id`].
    fn id_column() -> E::Column;
}

/// Takes a page of `rows`. One statement.
pub(in crate::registry) async fn page<E, S>(
    db: &impl ConnectionTrait,
    rows: Rows<Pull, E>,
    args: &PageArgs<S>,
) -> Result<Page<Granted<Pull, E::Model>>>
where
    E: EntityTrait<Model: Sync>,
    S: Sort<E>,
{
    let order = order_name::<E, S>(args);
    for (what, cursor) in [("after", &args.after), ("before", &args.before)] {
        if cursor.as_ref().is_some_and(|cursor| cursor.order != order) {
            return Err(Error::invalid(
                what,
                "the cursor comes from a list in another order; leave it out to start over",
            ));
        }
    }
    let limit = args.limit.clamp(1, PAGE_MAX);
    let items = match args.sort.column() {
        Some(column) => {
            fetch(db, rows, args, limit, (column, S::id_column()), |c| {
                (c.key.clone(), c.id)
            })
            .await?
        }
        None => fetch(db, rows, args, limit, S::id_column(), |c| c.id).await?,
    };
    Ok(cut::<E, S>(items, args))
}

/// Makes a page of its rows, of which there may be one more than it has room for.
pub(in crate::registry) fn cut<E, S>(
    mut items: Vec<Granted<Pull, E::Model>>,
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
    let order = order_name::<E, S>(args);
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

fn order_name<E: EntityTrait, S: Sort<E>>(args: &PageArgs<S>) -> String {
    let column = args.sort.column().unwrap_or_else(S::id_column);
    let direction = if args.descending { "-" } else { "+" };
    format!(
        "{}{}{direction}",
        E::default().table_name(),
        sea_orm::IdenStatic::as_str(&column)
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
