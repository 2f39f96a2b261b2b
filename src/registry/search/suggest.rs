//! Names that begin with what somebody has typed so far.
use std::{cmp::Reverse, collections::BTreeMap};

use entity::{collection, container, namespace, search_document};
use sea_orm::{
    ColumnTrait, ConnectionTrait, QueryTrait,
    sea_query::{Expr, ExprTrait, Order},
};

use super::{find::Documented, question::TEXT_MAX, typo::begins};
use crate::{
    access::{Pull, rows},
    error::{Error, Result},
    registry::{Caller, path::plain},
};

/// How many things are looked at.
const LOOKED_AT: u64 = 500;
/// The most suggestions.
const SUGGESTED_MAX: usize = 20;

/// How many suggestions are wanted.
///
/// # Errors
/// [`Error::Invalid`] outside 1 to 20.
pub fn suggested(first: i32) -> Result<usize> {
    let first = usize::try_from(first).ok();
    first
        .filter(|first| (1..=SUGGESTED_MAX).contains(first))
        .ok_or_else(|| Error::invalid("first", format!("must be 1 to {SUGGESTED_MAX}")))
}

/// The names of containers, collections and namespaces that the caller may see and that begin with a text, those that most
/// things have first. Three statements.
///
/// # Errors
/// [`Error::Invalid`] for a text that is too long.
pub async fn suggest(caller: &Caller, text: &str, first: usize) -> Result<Vec<String>> {
    plain("prefix", text, TEXT_MAX)?;
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let found = [
        names::<container::Entity>(caller, &text).await?,
        names::<collection::Entity>(caller, &text).await?,
        names::<namespace::Entity>(caller, &text).await?,
    ];
    for name in found.into_iter().flatten() {
        *counts.entry(name).or_default() += 1;
    }
    let mut names: Vec<_> = counts.into_iter().collect();
    names.sort_by_key(|(_, count)| Reverse(*count));
    let names = names.into_iter().map(|(name, _)| name);
    Ok(names.take(first).collect())
}

async fn names<E: Documented>(caller: &Caller, text: &str) -> Result<Vec<String>> {
    let name = (search_document::Entity, search_document::Column::Name);
    let select = QueryTrait::into_query(rows::<Pull, E>(caller.actor()).into_select())
        .clear_selects()
        .expr_as(Expr::col(name), "name")
        .inner_join(
            search_document::Entity,
            Expr::col((search_document::Entity, E::OF)).equals(E::ID.as_column_ref()),
        )
        .and_where(begins(search_document::Column::Name, text))
        .order_by(name, Order::Asc)
        .limit(LOOKED_AT)
        .to_owned();
    let rows = caller.db().query_all(&select).await?;
    let names: std::result::Result<_, _> = rows.iter().map(|row| row.try_get("", "name")).collect();
    Ok(names?)
}
