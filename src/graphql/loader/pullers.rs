//! Who pulls, of many things at once.
use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, dataloader::Loader};

use super::{Found, Source, caller, load, wrapped};
use crate::{
    error::Error,
    graphql::page::{self, List as Connection},
    registry::{
        download::{ByPulls, Of, Puller, Span, pullers, pullers_count},
        page::{Page, PageArgs},
    },
};

/// The connection of those who pulled from a thing: read with all that are like it, unless it starts at a cursor.
pub(in crate::graphql) async fn pullers_of<T>(
    ctx: &Context<'_>,
    (of, span): (Of, Span),
    args: PageArgs<ByPulls>,
) -> async_graphql::Result<Connection<T>>
where
    T: async_graphql::OutputType + From<Puller>,
{
    let page = async {
        let page = if args.after.is_some() || args.before.is_some() {
            pullers(caller(ctx), &[of], span, &args).await?.remove(&of)
        } else {
            let end = End(of, span, args.limit, args.backwards);
            load(ctx, end).await?
        };
        Ok(page.unwrap_or_else(Page::empty))
    };
    let count = async { Ok(load(ctx, Length(of, span)).await?.unwrap_or_default()) };
    page::list::<_, _, Arc<Error>>(ctx, page, count).await
}

/// One end of a list: so many rows, from the end if so.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct End(Of, Span, u64, bool);

impl Loader<End> for Source {
    type Value = Page<Puller>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[End]) -> Found<End, Page<Puller>> {
        let mut alike: HashMap<(Span, u64, bool), Vec<Of>> = HashMap::new();
        for End(of, span, limit, backwards) in keys {
            alike
                .entry((*span, *limit, *backwards))
                .or_default()
                .push(*of);
        }
        let mut found = HashMap::new();
        for ((span, limit, backwards), of) in alike {
            let args = PageArgs {
                limit,
                backwards,
                ..PageArgs::default()
            };
            let pages = pullers(&self.0, &of, span, &args).await?;
            found.extend(wrapped(pages, |of| End(of, span, limit, backwards)));
        }
        Ok(found)
    }
}

/// How long a list is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Length(Of, Span);

impl Loader<Length> for Source {
    type Value = u64;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[Length]) -> Found<Length, u64> {
        let mut alike: HashMap<Span, Vec<Of>> = HashMap::new();
        for Length(of, span) in keys {
            alike.entry(*span).or_default().push(*of);
        }
        let mut found = HashMap::new();
        for (span, of) in alike {
            let counts = pullers_count(&self.0, &of, span).await?;
            found.extend(wrapped(counts, |of| Length(of, span)));
        }
        Ok(found)
    }
}
