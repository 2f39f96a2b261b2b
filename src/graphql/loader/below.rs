//! Lists below the rows of a page: one statement for all lists of a kind, however many rows there are.
use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use async_graphql::{Context, OutputType, dataloader::Loader};

use super::{Found, Source, caller, load};
use crate::{
    error::Error,
    graphql::page::{self, List as Connection},
    registry::{
        below::{self, List, Row},
        page::{Page, PageArgs},
    },
};

/// The connection of a list below a thing: read with all that are like it, as is its length. A page that starts at a cursor is
/// taken alone, since the cursor is a place in one list.
pub(in crate::graphql) async fn below<L, T>(
    ctx: &Context<'_>,
    list: L,
    args: PageArgs<L::Sort>,
) -> async_graphql::Result<Connection<T>>
where
    L: List,
    T: OutputType + From<Row<L>>,
{
    let page = async {
        if args.after.is_some() || args.before.is_some() {
            return Ok(below::page(caller(ctx), list, &args).await?);
        }
        let page = load(ctx, End::new(list, &args)).await?;
        Ok(page.unwrap_or_else(Page::empty))
    };
    let count = async { Ok(load(ctx, Length(list)).await?.unwrap_or_default()) };
    page::list::<_, _, Arc<Error>>(ctx, page, count).await
}

/// One end of a list.
#[derive(Clone, PartialEq, Eq)]
struct End<L, S> {
    list: L,
    limit: u64,
    backwards: bool,
    sort: S,
    descending: bool,
}

impl<L: Hash, S> Hash for End<L, S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.list.hash(state);
        (self.limit, self.backwards, self.descending).hash(state);
    }
}

impl<L: Copy, S: Copy + PartialEq> End<L, S> {
    fn new(list: L, args: &PageArgs<S>) -> Self {
        Self {
            list,
            limit: args.limit,
            backwards: args.backwards,
            sort: args.sort,
            descending: args.descending,
        }
    }

    fn args(&self) -> PageArgs<S> {
        PageArgs {
            after: None,
            before: None,
            limit: self.limit,
            backwards: self.backwards,
            sort: self.sort,
            descending: self.descending,
        }
    }

    /// Whether it is the same end, of whatever list.
    fn is_like(&self, other: &Self) -> bool {
        (self.limit, self.backwards, self.sort, self.descending)
            == (other.limit, other.backwards, other.sort, other.descending)
    }
}

impl<L: List> Loader<End<L, L::Sort>> for Source {
    type Value = Page<Row<L>>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[End<L, L::Sort>]) -> Found<End<L, L::Sort>, Page<Row<L>>> {
        let mut found = HashMap::new();
        for group in groups(keys) {
            let lists: Vec<L> = group.iter().map(|key| key.list).collect();
            let mut pages = below::pages(&self.0, &lists, &group[0].args()).await?;
            let of = |key: End<L, L::Sort>| pages.remove(&key.list.id()).map(|page| (key, page));
            found.extend(group.into_iter().filter_map(of));
        }
        Ok(found)
    }
}

/// Keys that differ only in their lists.
fn groups<L: List>(keys: &[End<L, L::Sort>]) -> Vec<Vec<End<L, L::Sort>>> {
    let mut groups: Vec<Vec<End<L, L::Sort>>> = Vec::new();
    for key in keys {
        match groups.iter_mut().find(|group| group[0].is_like(key)) {
            Some(group) => group.push(key.clone()),
            None => groups.push(vec![key.clone()]),
        }
    }
    groups
}

/// How long a list is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Length<L>(L);

impl<L: List> Loader<Length<L>> for Source {
    type Value = u64;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[Length<L>]) -> Found<Length<L>, u64> {
        let lists: Vec<L> = keys.iter().map(|key| key.0).collect();
        let counts = below::counts(&self.0, &lists).await?;
        let of = |key: &Length<L>| Some((*key, *counts.get(&key.0.id())?));
        Ok(keys.iter().filter_map(of).collect())
    }
}
