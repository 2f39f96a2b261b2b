//! Words and how many things have them, the most used first, then in the order of letters: topics, labels and their values.
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Func},
};

use super::{
    Caller,
    page::{Cursor, PAGE_MAX, Page, PageArgs},
};
use crate::error::Result;

/// A word, and how many things that the caller may see have it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Counted {
    /// The word.
    pub word: String,
    /// How many things.
    pub things: i64,
}

/// What is counted: rows of things, each joined with its words.
pub(in crate::registry) struct Words<E: EntityTrait, W> {
    /// One row for each word of each thing that the caller may see.
    pub(in crate::registry) rows: Select<E>,
    /// The id of the thing.
    pub(in crate::registry) thing: E::Column,
    /// The word.
    pub(in crate::registry) word: W,
    /// The name of the order, in cursors.
    pub(in crate::registry) order: String,
}

impl<E: EntityTrait, W: ColumnTrait> Words<E, W> {
    /// A page of them. One statement.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::error::Error::Invalid) for a cursor of another list.
    pub(in crate::registry) async fn page(
        self,
        caller: &Caller,
        args: &PageArgs<()>,
    ) -> Result<Page<Counted>> {
        let limit = args.limit.clamp(1, PAGE_MAX);
        let (thing, word) = (self.thing, self.word);
        let mut select = self
            .rows
            .select_only()
            .column_as(word, "word")
            .column_as(thing.count(), "things")
            .group_by(word);
        for (what, cursor, behind) in [
            ("after", &args.after, true),
            ("before", &args.before, false),
        ] {
            if let Some(cursor) = cursor {
                let place = cursor.place(what, &self.order)?;
                select = select.having(beyond((thing, word), place, behind));
            }
        }
        let select = match args.backwards {
            false => select.order_by_desc(thing.count()).order_by_asc(word),
            true => select.order_by_asc(thing.count()).order_by_desc(word),
        };
        let found = select.limit(limit + 1).into_model().all(caller.db());
        Ok(cut(found.await?, limit, (args, &self.order)))
    }

    /// How many there are.
    pub(in crate::registry) async fn count(self, caller: &Caller) -> Result<u64> {
        let number = Expr::expr(Func::count_distinct(self.word.into_expr()));
        let number = self.rows.select_only().column_as(number, "words");
        let number: Option<i64> = number.into_tuple().one(caller.db()).await?;
        Ok(number.unwrap_or_default().unsigned_abs())
    }
}

/// What comes behind a place, or before it.
fn beyond(
    (thing, word): (impl ColumnTrait, impl ColumnTrait),
    (name, number): (&str, i64),
    behind: bool,
) -> Condition {
    let same = Condition::all().add(thing.count().eq(number));
    match behind {
        true => Condition::any()
            .add(thing.count().lt(number))
            .add(same.add(word.gt(name))),
        false => Condition::any()
            .add(thing.count().gt(number))
            .add(same.add(word.lt(name))),
    }
}

fn cut(mut found: Vec<Counted>, limit: u64, (args, order): (&PageArgs<()>, &str)) -> Page<Counted> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    if args.backwards {
        found.reverse();
    }
    let (has_next, has_previous) = match args.backwards {
        true => (args.before.is_some(), more),
        false => (more, args.after.is_some()),
    };
    let place = |row: Counted| (Cursor::new(order, row.word.clone(), row.things), row);
    Page {
        items: found.into_iter().map(place).collect(),
        has_next,
        has_previous,
    }
}
