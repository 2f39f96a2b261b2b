//! Finds what answers a question, as far as the caller may see it. The policy is in the statement: what is hidden is
//! neither ranked nor counted.
use chrono::{DateTime, Utc};
use entity::{collection, container, namespace, search_document, search_facet};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, FromQueryResult, QueryTrait,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement},
};

use super::{document::FacetKind, question::Question};
use crate::{
    access::{Actor, Guarded, Pull, rows},
    error::Result,
    registry::{Caller, total},
};

/// How many matches are looked at, ranked and counted. When there are more, it is the newest, and the newest of those with
/// all words in their names.
pub const WINDOW: u64 = 1000;

/// What a container must have besides the words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// An image of one of these architectures; empty: of any.
    pub archs: Vec<String>,
    /// An image that carries a signature.
    pub signed: bool,
    /// An image with a signature that names one of these fingerprints; empty: any or none.
    pub signed_by: Vec<String>,
    /// The same for the keys of these users, as far as the caller may know them.
    pub signed_by_user: Vec<String>,
    /// All of these labels: `key=value`.
    pub labels: Vec<String>,
    /// All of these topics.
    pub topics: Vec<String>,
    /// A place in one of these namespaces; empty: in any.
    pub namespaces: Vec<String>,
}

impl Filter {
    /// Kinds with values of which one must be there.
    fn conditions(&self) -> Vec<(FacetKind, Vec<String>)> {
        let signed = Vec::from_iter(self.signed.then(|| "yes".to_owned()));
        let mut conditions = vec![
            (FacetKind::Arch, self.archs.clone()),
            (FacetKind::Signed, signed),
            (FacetKind::SignedBy, self.signed_by.clone()),
            (FacetKind::Namespace, self.namespaces.clone()),
        ];
        let each = |kind, values: &[String]| {
            values
                .iter()
                .map(move |value| (kind, vec![value.clone()]))
                .collect::<Vec<_>>()
        };
        conditions.extend(each(FacetKind::Label, &self.labels));
        conditions.extend(each(FacetKind::Topic, &self.topics));
        conditions.retain(|(_, values)| !values.is_empty());
        conditions
    }
}

/// Something that matches.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Hit {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) created_at: DateTime<Utc>,
    /// How many users have starred it, and how often it was pulled.
    pub(super) stars: i64,
    pub(super) downloads: i64,
    /// How well the words match, on a scale of the database: larger is better. It depends on no other document.
    pub(super) rank: f64,
}

/// Where the words must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Anywhere,
    Title,
}

/// A kind of thing that has documents.
pub(super) trait Documented: Guarded {
    const ID: Self::Column;
    const CREATED_AT: Self::Column;
    const OF: search_document::Column;
    /// How many have starred it, and how often it was pulled, as far as `actor` may know.
    fn liked(actor: &Actor) -> [Expr; 2];
}

impl Documented for container::Entity {
    const ID: container::Column = container::Column::Id;
    const CREATED_AT: container::Column = container::Column::CreatedAt;
    const OF: search_document::Column = search_document::Column::ContainerId;

    fn liked(_: &Actor) -> [Expr; 2] {
        [container::Column::Stars, container::Column::Downloads]
            .map(|column| Expr::col(column.as_column_ref()))
    }
}

impl Documented for collection::Entity {
    const ID: collection::Column = collection::Column::Id;
    const CREATED_AT: collection::Column = collection::Column::CreatedAt;
    const OF: search_document::Column = search_document::Column::CollectionId;

    fn liked(actor: &Actor) -> [Expr; 2] {
        let stars = Expr::col(collection::Column::Stars.as_column_ref());
        [stars, total::pulls_seen(actor)]
    }
}

impl Documented for namespace::Entity {
    const ID: namespace::Column = namespace::Column::Id;
    const CREATED_AT: namespace::Column = namespace::Column::CreatedAt;
    const OF: search_document::Column = search_document::Column::NamespaceId;

    fn liked(_: &Actor) -> [Expr; 2] {
        [0_i64, 0].map(Expr::val)
    }
}

/// The matches among things of one kind, at most `limit` and one more, which tells that there are more. Two statements at most.
pub(super) async fn matches<E: Documented>(
    caller: &Caller,
    question: &Question,
    filter: &Filter,
    limit: u64,
) -> Result<Vec<Hit>> {
    if question.is_void() {
        return Ok(Vec::new());
    }
    let mut hits = run(
        caller,
        select::<E>(caller, question, Place::Anywhere),
        filter,
        limit,
    )
    .await?;
    if hits.len() as u64 > limit && !question.anything {
        // Of too many, those are wanted first that are called so.
        let mut named = run(
            caller,
            select::<E>(caller, question, Place::Title),
            filter,
            limit,
        )
        .await?;
        let known: std::collections::HashSet<i64> = named.iter().map(|hit| hit.id).collect();
        hits.retain(|hit| !known.contains(&hit.id));
        named.append(&mut hits);
        hits = named;
    }
    Ok(hits)
}

async fn run(
    caller: &Caller,
    mut select: SelectStatement,
    filter: &Filter,
    limit: u64,
) -> Result<Vec<Hit>> {
    for (kind, values) in filter.conditions() {
        select.and_where(Expr::exists(having(kind, values)));
    }
    select.limit(limit + 1);
    let rows = caller.db().query_all(&select).await?;
    let hits: std::result::Result<Vec<_>, _> = rows
        .iter()
        .map(|row| Hit::from_query_result(row, ""))
        .collect();
    Ok(hits?)
}

/// Newest first: in this order SQLite's index can be read until there is enough.
fn select<E: Documented>(caller: &Caller, question: &Question, place: Place) -> SelectStatement {
    let visible = rows::<Pull, E>(caller.actor()).into_select();
    let mut select = QueryTrait::into_query(visible);
    let document = |column| Expr::col((search_document::Entity, column));
    let [stars, downloads] = E::liked(caller.actor());
    select
        .clear_selects()
        .expr_as(stars, "stars")
        .expr_as(downloads, "downloads")
        .expr_as(Expr::col(E::ID.as_column_ref()), "id")
        .expr_as(Expr::col(E::CREATED_AT.as_column_ref()), "created_at")
        .expr_as(document(search_document::Column::Name), "name")
        .inner_join(
            search_document::Entity,
            document(E::OF).equals(E::ID.as_column_ref()),
        );
    if question.anything {
        select
            .expr_as(Expr::val(0.0), "rank")
            .order_by_expr(Expr::col(E::ID.as_column_ref()), Order::Desc);
    } else if caller.db().get_database_backend() == DbBackend::Postgres {
        match_postgres(&mut select, question, place);
    } else {
        match_sqlite(&mut select, question, place);
    }
    select
}

/// The parts of a document in SQLite's index, by how much it counts that the words are there: its title, what is said about
/// it, its README, its definition.
const PARTS: [u8; 4] = [10, 4, 2, 1];

/// How well the words match, by nothing but the document: in which of its parts there are any. What `bm25` says besides depends on
/// how rare the words are in all documents, those that the caller may not see included; that it says anything for a part
/// does not.
fn rank_sqlite() -> String {
    let part = |(at, weight): (usize, u8)| {
        let only = (0..PARTS.len()).map(|other| if other == at { "1.0" } else { "0.0" });
        let only = only.collect::<Vec<_>>().join(", ");
        format!("{weight}.0 * (bm25(search_index, {only}) < 0.0)")
    };
    let parts: Vec<_> = PARTS.into_iter().enumerate().map(part).collect();
    parts.join(" + ")
}

fn match_sqlite(select: &mut SelectStatement, question: &Question, place: Place) {
    let query = question.fts5(place == Place::Title);
    select
        .inner_join(
            "search_index",
            Expr::cust("search_index.rowid = search_document.id"),
        )
        .and_where(Expr::cust_with_values("search_index MATCH ?", [query]))
        .expr_as(Expr::cust(rank_sqlite()), "rank")
        .order_by_expr(Expr::cust("search_index.rowid"), Order::Desc);
}

fn match_postgres(select: &mut SelectStatement, question: &Question, place: Place) {
    let all = question.tsquery_of_all();
    let column = match place {
        Place::Anywhere => "search_document.words",
        Place::Title => "search_document.title_words",
    };
    let words = |operator: &str, query: &str| {
        Expr::cust_with_values(format!("{operator} $1::tsquery"), [query.to_owned()])
    };
    select.and_where(words(&format!("{column} @@"), &all));
    let none = question.tsquery_of_none();
    if !none.is_empty() {
        select.and_where(words("search_document.words @@", &none).not());
    }
    select
        .expr_as(
            Expr::cust_with_values(
                "ts_rank('{0.1, 0.2, 0.4, 1.0}', search_document.words, $1::tsquery, 1)::float8",
                [all],
            ),
            "rank",
        )
        .order_by_expr(Expr::cust("search_document.id"), Order::Desc);
}

fn having(kind: FacetKind, values: Vec<String>) -> SelectStatement {
    let column = |column| Expr::col((search_facet::Entity, column));
    Query::select()
        .expr(Expr::val(1))
        .from(search_facet::Entity)
        .and_where(
            column(search_facet::Column::ContainerId)
                .equals((container::Entity, container::Column::Id)),
        )
        .and_where(column(search_facet::Column::Kind).eq(kind.as_str()))
        .and_where(column(search_facet::Column::Value).is_in(values))
        .to_owned()
}
