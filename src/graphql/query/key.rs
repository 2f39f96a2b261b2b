//! Public keys.
use async_graphql::{Context, Object, Result};

use super::{present, shown};
use crate::{
    graphql::{
        error::InField,
        id::{self},
        loader::caller,
        object::Key,
        page::{search_cost, size},
    },
    registry::key,
};

#[derive(Default)]
pub(super) struct KeyQuery;

#[Object]
impl KeyQuery {
    /// The public key that has this fingerprint, or a subkey that has it. Errors: `INVALID` for what is no fingerprint.
    async fn key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "40 or 64 hexadecimal digits.")] fingerprint: String,
    ) -> Result<Option<Key>> {
        let query = key::KeyQuery::Fingerprint(id::fingerprint(&fingerprint)?);
        let found = present(key::search(caller(ctx), &query).await)?;
        Ok(found.into_iter().flatten().next().map(Key))
    }

    /// The public keys that match a question as key servers take it. Errors: `INVALID` for a text of less than 3 characters
    /// or a number of digits that no key has.
    #[graphql(complexity = "search_cost(first, child_complexity)")]
    async fn keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A key id, a fingerprint, or part of a name or address.")] search: String,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<Key>> {
        let first = usize::try_from(size("first", first)?)?;
        let query: key::KeyQuery = search.parse().in_field("search")?;
        let found = present(key::search(caller(ctx), &query).await)?;
        Ok(shown(found.unwrap_or_default(), first))
    }
}
