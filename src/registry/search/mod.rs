//! Search: what is found by its words, best first.
//!
//! A document of each container, collection and namespace is kept beside it ([`refresh`]); the databases index its words
//! in their own ways, SQLite by FTS5 and PostgreSQL by `tsvector`, but the words are taken from texts and questions here,
//! so both find the same. Every statement begins with the policy: what a caller may not see is neither found, nor
//! counted, nor suggested, nor guessed from a word with a typing error.
mod document;
mod find;
mod index;
mod question;
mod rank;
mod snippet;
mod suggest;
mod text;
mod typo;

use std::collections::HashMap;

use entity::{
    collection, container, image, key, key_id, namespace, search_document, search_facet, tag, user,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, ExprTrait, FromQueryResult, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{CaseStatement, Expr, Order, Query},
};

use super::{
    Caller, CollectionId, ContainerId, Digest, NamespaceId,
    collection::{self as collections, Collection},
    container::{self as containers, Container},
    image::Image,
    namespace::{self as namespaces, Namespace},
    page::{Cursor, Page},
    path::plain,
};
use crate::{
    access::{Pull, internal, rows},
    error::{Error, Result},
};
use find::{Documented, Hit, matches};
use question::Question;

pub use document::FacetKind;
pub use find::{Filter, WINDOW};
pub use index::{documents, refresh, reindex, tidy};
pub use question::{TEXT_MAX, WORDS_MAX};
pub use rank::Ranked;
pub use snippet::Piece;
pub use suggest::{suggest, suggested};
pub(in crate::registry) use text::{like, pattern};

/// The shortest text that clients of the library protocol search for, in characters.
pub const TEXT_MIN: usize = 3;
/// The most values of one kind that one search names.
pub const VALUES_MAX: usize = 32;
/// The most things of one kind that a search by the library protocol finds.
pub const FOUND_MAX: u64 = 100;
/// The most values of one kind that are counted.
pub const FACETS_MAX: u64 = 20;

/// The containers that answer a question, best first, up to [`WINDOW`] of them.
#[derive(Clone, Debug)]
pub struct Matches {
    question: Question,
    /// Tells this search from others, for cursors.
    order: String,
    ranked: Vec<Ranked>,
    /// Whether there are more than were ranked.
    pub more: bool,
}

impl Matches {
    /// How many there are, as far as they were counted.
    pub fn total(&self) -> u64 {
        self.ranked.len() as u64
    }

    /// Those behind a place.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the place is one of another search.
    pub fn page(&self, after: Option<&Cursor>, first: u64) -> Result<Page<Ranked>> {
        rank::page(&self.ranked, &self.order, after, first)
    }

    fn ids(&self) -> impl Iterator<Item = ContainerId> {
        self.ranked.iter().map(|found| found.id)
    }
}

/// The containers that the caller may see and that have all words of a text: `word`, `begin*`, `"these words"`, `-without`;
/// the last word may go on. When there are none, words with one letter wrong and parts of words will do. No text at all finds
/// everything that the filter lets through. Up to six statements, mostly one.
///
/// # Errors
/// [`Error::Invalid`] for a text with too much in it, and for a filter with too many values.
pub async fn find(caller: &Caller, text: &str, filter: &Filter) -> Result<Matches> {
    let question = Question::read(text)?;
    check(filter)?;
    let Some(filter) = resolved(caller, filter).await? else {
        return Ok(ranked(Question::default(), Vec::new(), String::new()));
    };
    let order = format!(
        "search {}",
        &Digest::of(format!("{text}\0{filter:?}").as_bytes()).hex()[..16]
    );
    let hits = matches::<container::Entity>(caller, &question, &filter, WINDOW).await?;
    if !hits.is_empty() || question.is_void() {
        return Ok(ranked(question, hits, order));
    }
    match typo::guess(caller, &question).await? {
        None => Ok(ranked(question, hits, order)),
        Some(wider) => {
            let hits = matches::<container::Entity>(caller, &wider, &filter, WINDOW).await?;
            Ok(ranked(wider, hits, order))
        }
    }
}

fn ranked(question: Question, hits: Vec<Hit>, order: String) -> Matches {
    let mut ranked = rank::rank(&question, &hits);
    let most = usize::try_from(WINDOW).unwrap_or(usize::MAX);
    let more = ranked.len() > most;
    ranked.truncate(most);
    Matches {
        question,
        order,
        ranked,
        more,
    }
}

fn check(filter: &Filter) -> Result<()> {
    let kinds = [
        ("arch", &filter.archs),
        ("signedBy", &filter.signed_by),
        ("signedByUser", &filter.signed_by_user),
        ("labels", &filter.labels),
        ("topics", &filter.topics),
        ("namespaces", &filter.namespaces),
    ];
    for (what, values) in kinds {
        if values.len() > VALUES_MAX {
            return Err(Error::invalid(what, format!("name {VALUES_MAX} at most")));
        }
        values
            .iter()
            .try_for_each(|value| plain(what, value, TEXT_MAX))?;
    }
    Ok(())
}

/// The filter with fingerprints in place of users; `None` when nobody of those has a key, so nothing can match.
async fn resolved(caller: &Caller, filter: &Filter) -> Result<Option<Filter>> {
    let mut filter = filter.clone();
    for fingerprint in &mut filter.signed_by {
        *fingerprint = fingerprint.trim_start_matches("0x").to_uppercase();
    }
    if filter.signed_by_user.is_empty() {
        return Ok(Some(filter));
    }
    let theirs = fingerprints_of(caller, &filter.signed_by_user).await?;
    filter.signed_by_user.clear();
    match filter.signed_by.is_empty() {
        true => filter.signed_by = theirs,
        false => filter
            .signed_by
            .retain(|fingerprint| theirs.contains(fingerprint)),
    }
    Ok((!filter.signed_by.is_empty()).then_some(filter))
}

/// The fingerprints of the keys of users whom the caller may know.
async fn fingerprints_of(caller: &Caller, names: &[String]) -> Result<Vec<String>> {
    let known = rows::<Pull, user::Entity>(caller.actor())
        .narrow(|q| q.filter(user::Column::Name.is_in(names.iter().map(String::as_str))))
        .into_select();
    let select = QueryTrait::into_query(known)
        .clear_selects()
        .column((key_id::Entity, key_id::Column::Fingerprint))
        .inner_join(
            key::Entity,
            Expr::col((key::Entity, key::Column::OwnerId)).equals((user::Entity, user::Column::Id)),
        )
        .inner_join(
            key_id::Entity,
            Expr::col((key_id::Entity, key_id::Column::Key))
                .equals((key::Entity, key::Column::Fingerprint)),
        )
        .limit(WINDOW)
        .to_owned();
    let rows = caller.db().query_all(&select).await?;
    let read: std::result::Result<_, _> = rows
        .iter()
        .map(|row| row.try_get("", "fingerprint"))
        .collect();
    Ok(read?)
}

/// How many of the containers that were found have a value.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Facet {
    kind: String,
    /// The value.
    pub value: String,
    /// How many have it.
    pub count: i64,
}

impl Facet {
    /// Whether it is one of that kind.
    pub fn is(&self, kind: FacetKind) -> bool {
        self.kind == kind.as_str()
    }
}

/// The values that the containers found have, those that most have first, up to [`FACETS_MAX`] of each kind. One statement.
pub async fn facets(caller: &Caller, found: &Matches) -> Result<Vec<Facet>> {
    if found.ranked.is_empty() {
        return Ok(Vec::new());
    }
    let counted = internal::<search_facet::Entity>()
        .filter(search_facet::Column::ContainerId.is_in(found.ids()))
        .select_only()
        .columns([search_facet::Column::Kind, search_facet::Column::Value])
        .column_as(Expr::cust("COUNT(*)"), "count")
        .column_as(
            Expr::cust("ROW_NUMBER() OVER (PARTITION BY kind ORDER BY COUNT(*) DESC, value)"),
            "place",
        )
        .group_by(search_facet::Column::Kind)
        .group_by(search_facet::Column::Value);
    let best = Query::select()
        .columns(["kind", "value", "count"])
        .from_subquery(QueryTrait::into_query(counted), "counted")
        .and_where(Expr::col("place").lte(FACETS_MAX))
        .order_by("kind", Order::Asc)
        .order_by("place", Order::Asc)
        .to_owned();
    let rows = caller.db().query_all(&best).await?;
    let read: std::result::Result<_, _> = rows
        .iter()
        .map(|row| Facet::from_query_result(row, ""))
        .collect();
    Ok(read?)
}

/// What shows why these containers, which the caller was told of, were found. One statement.
pub async fn snippets(
    caller: &Caller,
    found: &Matches,
    ids: &[ContainerId],
) -> Result<HashMap<ContainerId, Vec<Piece>>> {
    let texts: Vec<(ContainerId, String, String, String)> = internal::<search_document::Entity>()
        .filter(search_document::Column::ContainerId.is_in(ids.iter().copied()))
        .select_only()
        .columns([
            search_document::Column::ContainerId,
            search_document::Column::About,
            search_document::Column::Readme,
            search_document::Column::Definition,
        ])
        .into_tuple()
        .all(caller.db())
        .await?;
    let snippet = |(id, about, readme, definition): (_, String, String, String)| {
        (
            id,
            snippet::snippet(&found.question, [&about, &readme, &definition]),
        )
    };
    Ok(texts.into_iter().map(snippet).collect())
}

/// The collections that the same words find by name or description, best first. Up to three statements.
pub async fn collections(caller: &Caller, found: &Matches, first: u64) -> Result<Vec<Collection>> {
    let ids: Vec<_> = ids::<collection::Entity>(caller, found, first).await?;
    let ids: Vec<_> = ids.into_iter().map(CollectionId).collect();
    let mut there = collections::by_ids(caller, &ids).await?;
    Ok(ids.iter().filter_map(|id| there.remove(id)).collect())
}

/// The namespaces that the same words find by name or description, best first. Up to three statements.
pub async fn namespaces(caller: &Caller, found: &Matches, first: u64) -> Result<Vec<Namespace>> {
    let ids: Vec<_> = ids::<namespace::Entity>(caller, found, first).await?;
    let ids: Vec<_> = ids.into_iter().map(NamespaceId).collect();
    let mut there = namespaces::by_ids(caller, &ids).await?;
    Ok(ids.iter().filter_map(|id| there.remove(id)).collect())
}

async fn ids<E: Documented>(caller: &Caller, found: &Matches, first: u64) -> Result<Vec<i64>> {
    let first = Ord::min(first, FOUND_MAX);
    let filter = Filter::default();
    let mut hits = matches::<E>(caller, &found.question, &filter, FOUND_MAX).await?;
    hits.sort_by(|one, other| other.rank.total_cmp(&one.rank).then(other.id.cmp(&one.id)));
    hits.truncate(usize::try_from(first).unwrap_or(0));
    Ok(hits.into_iter().map(|hit| hit.id).collect())
}

/// The images with tags of the containers found, in their order and then newest first, never more than [`FOUND_MAX`]. Only
/// those of some architectures, if any are named, and only signed ones, if wanted. One statement.
pub async fn images(caller: &Caller, found: &Matches, filter: &Filter) -> Result<Vec<Image>> {
    let most = usize::try_from(FOUND_MAX).unwrap_or(usize::MAX);
    let ids: Vec<_> = found.ids().take(most).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut order = CaseStatement::new();
    for (place, id) in (0_i32..).zip(&ids) {
        order = order.case(image::Column::ContainerId.eq(*id), place);
    }
    rows::<Pull, image::Entity>(caller.actor())
        .narrow(|mut q| {
            q = q
                .filter(image::Column::ContainerId.is_in(ids.iter().copied()))
                .filter(image::Column::Blob.is_not_null())
                .filter(has_tag());
            if !filter.archs.is_empty() {
                q = q.filter(image::Column::Arch.is_in(filter.archs.iter().map(String::as_str)));
            }
            if filter.signed {
                q = q.filter(image::Column::Signed.eq(true));
            }
            let mut q = q.limit(FOUND_MAX);
            QuerySelect::query(&mut q)
                .order_by_expr(order.into(), Order::Asc)
                .order_by((image::Entity, image::Column::Id), Order::Desc);
            q
        })
        .all(caller.db())
        .await
}

/// What no tag names is old; it can be pulled by digest, but is not offered.
fn has_tag() -> Expr {
    let tags = Query::select()
        .expr(Expr::val(1))
        .from(tag::Entity)
        .and_where(
            Expr::col((tag::Entity, tag::Column::ImageId))
                .equals((image::Entity, image::Column::Id)),
        )
        .to_owned();
    Expr::exists(tags)
}

/// What clients of the library protocol search for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// See [`find()`]; [`TEXT_MIN`] characters or more.
    pub text: String,
    /// Images of these architectures only; empty: of all.
    pub archs: Vec<String>,
    /// Signed images only.
    pub signed: bool,
}

/// What was found, best first, never more than [`FOUND_MAX`] of a kind.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Namespaces, by name or description.
    pub namespaces: Vec<Namespace>,
    /// Collections, by name or description.
    pub collections: Vec<Collection>,
    /// Containers.
    pub containers: Vec<Container>,
    /// Images with a tag, of the containers that have one of the kind that is wanted.
    pub images: Vec<Image>,
}

/// Finds things of all kinds that the caller may see.
///
/// # Errors
/// [`Error::Invalid`] when the text is shorter than [`TEXT_MIN`]; those of [`find()`].
pub async fn search(caller: &Caller, search: &Search) -> Result<Found> {
    if search.text.trim().chars().count() < TEXT_MIN {
        let why = format!("search for at least {TEXT_MIN} characters");
        return Err(Error::invalid("value", why));
    }
    let filter = Filter {
        archs: search.archs.clone(),
        signed: search.signed,
        ..Filter::default()
    };
    let found = find(caller, &search.text, &Filter::default()).await?;
    let narrow = match filter == Filter::default() {
        true => found.clone(),
        false => find(caller, &search.text, &filter).await?,
    };
    Ok(Found {
        namespaces: namespaces(caller, &found, FOUND_MAX).await?,
        collections: collections(caller, &found, FOUND_MAX).await?,
        containers: shown(caller, &found).await?,
        images: images(caller, &narrow, &filter).await?,
    })
}

async fn shown(caller: &Caller, found: &Matches) -> Result<Vec<Container>> {
    let most = usize::try_from(FOUND_MAX).unwrap_or(usize::MAX);
    let ids: Vec<_> = found.ids().take(most).collect();
    let mut there = containers::by_ids(caller, &ids).await?;
    Ok(ids.iter().filter_map(|id| there.remove(id)).collect())
}
