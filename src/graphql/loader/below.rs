//! Lists below the rows of a page: one statement for all lists of a kind, however many rows there are.
use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use async_graphql::{Context, dataloader::Loader};

use super::{Found, Source, load};
use crate::{
    error::{Error, Result},
    registry::{
        CollectionId, ContainerId, NamespaceId, below,
        collection::{Collection, CollectionSort},
        container::{Container, ContainerSort},
        image::{Image, ImageSort},
        page::{Page, PageArgs},
        tag::{Tag, TagSort},
    },
};

/// One end of a list below `parent`.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::graphql) struct Below<P, S> {
    parent: P,
    limit: u64,
    backwards: bool,
    sort: S,
    descending: bool,
}

impl<P: Hash, S> Hash for Below<P, S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parent.hash(state);
        (self.limit, self.backwards, self.descending).hash(state);
    }
}

impl<P: Copy, S: Copy + PartialEq> Below<P, S> {
    fn new(parent: P, args: &PageArgs<S>) -> Self {
        Self {
            parent,
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

    /// The same end of the list below another thing.
    fn of(&self, parent: P) -> Self {
        Self {
            parent,
            ..self.clone()
        }
    }
}

/// A page of a list below `parent`, with all that are like it. A page that starts at a cursor is taken alone, since the
/// cursor is a place in one list.
pub(in crate::graphql) async fn page_below<P, S, T>(
    ctx: &Context<'_>,
    parent: P,
    args: &PageArgs<S>,
    alone: impl Future<Output = Result<Page<T>>>,
) -> async_graphql::Result<Page<T>>
where
    P: Copy + Eq + Hash + Send + Sync + 'static,
    S: Copy + Eq + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
    Source: Loader<Below<P, S>, Value = Page<T>, Error = Arc<Error>>,
{
    if args.after.is_some() || args.before.is_some() {
        return Ok(alone.await?);
    }
    let page = load(ctx, Below::new(parent, args)).await?;
    Ok(page.unwrap_or_else(Page::empty))
}

/// What is counted below a thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::graphql) enum CountBelow {
    Collections(NamespaceId),
    Containers(CollectionId),
    Images(ContainerId),
    Tags(ContainerId),
}

/// How many there are, with all counts that are like it.
pub(in crate::graphql) async fn count_below(
    ctx: &Context<'_>,
    what: CountBelow,
) -> async_graphql::Result<u64> {
    Ok(load(ctx, what).await?.unwrap_or_default())
}

/// Keys that differ only in their parents.
fn groups<P, S>(keys: &[Below<P, S>]) -> Vec<(Below<P, S>, Vec<P>)>
where
    P: Copy + PartialEq,
    S: Copy + PartialEq,
{
    let mut groups: Vec<(Below<P, S>, Vec<P>)> = Vec::new();
    for key in keys {
        match groups
            .iter_mut()
            .find(|(like, _)| like.of(key.parent) == *key)
        {
            Some((_, parents)) => parents.push(key.parent),
            None => groups.push((key.clone(), vec![key.parent])),
        }
    }
    groups
}

fn placed<P, S, T>(
    key: &Below<P, S>,
    pages: HashMap<P, Page<T>>,
) -> impl Iterator<Item = (Below<P, S>, Page<T>)>
where
    P: Copy,
    S: Copy + PartialEq,
{
    pages
        .into_iter()
        .map(|(parent, page)| (key.of(parent), page))
}

macro_rules! lists {
    ($($load:path: $parent:ty, $sort:ty => $row:ty;)*) => { $(
        impl Loader<Below<$parent, $sort>> for Source {
            type Value = Page<$row>;
            type Error = Arc<Error>;

            async fn load(
                &self,
                keys: &[Below<$parent, $sort>],
            ) -> Found<Below<$parent, $sort>, Page<$row>> {
                let mut found = HashMap::new();
                for (key, parents) in groups(keys) {
                    let pages = $load(&self.0, &parents, &key.args()).await?;
                    found.extend(placed(&key, pages));
                }
                Ok(found)
            }
        }
    )* };
}

lists! {
    below::collections: NamespaceId, CollectionSort => Collection;
    below::containers: CollectionId, ContainerSort => Container;
    below::images: ContainerId, ImageSort => Image;
    below::tags: ContainerId, TagSort => Tag;
}

impl Loader<CountBelow> for Source {
    type Value = u64;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[CountBelow]) -> Found<CountBelow, u64> {
        let mut found = HashMap::new();
        macro_rules! count {
            ($($kind:ident by $load:path),*) => { $(
                let ids: Vec<_> = keys.iter().filter_map(|key| match key {
                    CountBelow::$kind(id) => Some(*id),
                    _ => None,
                }).collect();
                if !ids.is_empty() {
                    let counts = $load(&self.0, &ids).await?;
                    found.extend(counts.into_iter().map(|(id, count)| (CountBelow::$kind(id), count)));
                }
            )* };
        }
        count!(
            Collections by below::count_collections,
            Containers by below::count_containers,
            Images by below::count_images,
            Tags by below::count_tags
        );
        Ok(found)
    }
}
