//! One level of the tree, as one statement.
use std::ops::{Add, Neg};

use entity::{collection, container, kind::Extent, namespace, usage};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect, QueryTrait,
    RelationTrait, Select,
    sea_query::{Expr, ExprTrait, Func, IntoColumnRef, Order, Query, SelectStatement, UnionType},
};

use super::{By, Place, Question};
use crate::{
    access::{Actor, Guarded, Level, Pull, rows, whole},
    error::Result,
    registry::{Caller, CollectionId, ContainerId, NamespaceId},
};

/// What a level is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Namespace,
    Collection,
    Container,
}

impl Kind {
    pub(super) fn place(self, id: i64) -> Place {
        match self {
            Self::Namespace => Place::Namespace(NamespaceId(id)),
            Self::Collection => Place::Collection(CollectionId(id)),
            Self::Container => Place::Container(ContainerId(id)),
        }
    }
}

/// What is summed up, and how it is called in statements.
const SUMS: [(usage::Column, &str); 8] = [
    (usage::Column::Containers, "containers"),
    (usage::Column::Images, "images"),
    (usage::Column::Manifests, "manifests"),
    (usage::Column::Size, "size"),
    (usage::Column::Stored, "stored"),
    (usage::Column::Unsigned, "unsigned"),
    (usage::Column::Born, "born"),
    (usage::Column::Downloads, "downloads"),
];

/// The same, read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) containers: i64,
    pub(super) images: i64,
    pub(super) manifests: i64,
    pub(super) size: i64,
    pub(super) stored: i64,
    pub(super) unsigned: i64,
    pub(super) born: i64,
    pub(super) downloads: i64,
}

impl Sums {
    fn each(self, other: Self, with: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            containers: with(self.containers, other.containers),
            images: with(self.images, other.images),
            manifests: with(self.manifests, other.manifests),
            size: with(self.size, other.size),
            stored: with(self.stored, other.stored),
            unsigned: with(self.unsigned, other.unsigned),
            born: with(self.born, other.born),
            downloads: with(self.downloads, other.downloads),
        }
    }
}

impl Add for Sums {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.each(other, |left, right| left + right)
    }
}

impl Neg for Sums {
    type Output = Self;

    fn neg(self) -> Self {
        Self::default().each(self, |left, right| left - right)
    }
}

/// A child, and how much all the children of its parent are.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) parent_id: i64,
    pub(super) name: String,
    pub(super) sums: Sums,
    pub(super) of: i64,
    pub(super) all: Sums,
}

impl FromQueryResult for Sums {
    fn from_query_result(
        row: &sea_orm::QueryResult,
        prefix: &str,
    ) -> std::result::Result<Self, sea_orm::DbErr> {
        Ok(Self {
            containers: row.try_get(prefix, "containers")?,
            images: row.try_get(prefix, "images")?,
            manifests: row.try_get(prefix, "manifests")?,
            size: row.try_get(prefix, "size")?,
            stored: row.try_get(prefix, "stored")?,
            unsigned: row.try_get(prefix, "unsigned")?,
            born: row.try_get(prefix, "born")?,
            downloads: row.try_get(prefix, "downloads")?,
        })
    }
}

impl FromQueryResult for Row {
    fn from_query_result(
        row: &sea_orm::QueryResult,
        prefix: &str,
    ) -> std::result::Result<Self, sea_orm::DbErr> {
        Ok(Self {
            id: row.try_get(prefix, "id")?,
            parent_id: row.try_get(prefix, "parent_id")?,
            name: row.try_get(prefix, "name")?,
            sums: Sums::from_query_result(row, "")?,
            of: row.try_get(prefix, "of")?,
            all: Sums::from_query_result(row, "all_")?,
        })
    }
}

/// The biggest children of each of `parents` that the caller may see, by parent, the biggest first.
pub(super) async fn biggest(
    caller: &Caller,
    kind: Kind,
    parents: &[i64],
    question: Question,
) -> Result<Vec<Row>> {
    let seen = children(caller.actor(), kind, parents);
    let ranked = ranked(seen, question);
    let statement = caller.db().get_database_backend().build(&ranked);
    Ok(Row::find_by_statement(statement).all(caller.db()).await?)
}

fn ranked(seen: SelectStatement, question: Question) -> SelectStatement {
    let by = match question.by {
        By::Size => "size",
        By::Stored => "stored",
    };
    let mut places = Query::select()
        .columns(["id", "parent_id", "name"])
        .expr_as(
            Expr::cust(format!(
                "ROW_NUMBER() OVER (PARTITION BY parent_id ORDER BY {by} DESC, id)"
            )),
            "place",
        )
        .expr_as(
            Expr::cust("COUNT(*) OVER (PARTITION BY parent_id)"),
            // A word of SQL, which is quoted thus.
            "of",
        )
        .from_subquery(seen, "seen")
        .take();
    for (_, name) in SUMS {
        let all = format!("CAST(SUM({name}) OVER (PARTITION BY parent_id) AS bigint)");
        places
            .column(name)
            .expr_as(Expr::cust(all), format!("all_{name}"));
    }
    let most = i64::try_from(question.children).unwrap_or(i64::MAX);
    Query::select()
        .expr(Expr::cust("*"))
        .from_subquery(places, "places")
        .and_where(Expr::col("place").lte(most))
        .order_by("parent_id", Order::Asc)
        .order_by("place", Order::Asc)
        .take()
}

/// What is directly in `parents` and seen: `id`, `parent_id`, `name` and sums.
fn children(actor: &Actor, kind: Kind, parents: &[i64]) -> SelectStatement {
    match kind {
        Kind::Container => containers(actor, parents),
        Kind::Collection => collections(actor, parents),
        Kind::Namespace if actor.reaches_everything(Level::Pull) => all_namespaces(actor),
        Kind::Namespace => namespaces(actor),
    }
}

fn containers(actor: &Actor, parents: &[i64]) -> SelectStatement {
    use container::Column::{CollectionId, Id, Name};
    let seen = rows::<Pull, container::Entity>(actor)
        .into_select()
        .filter(CollectionId.is_in(parents.iter().copied()));
    let mut query = named(seen, Id, CollectionId, Name);
    each(&mut query, Extent::Container, Id);
    query
}

/// Those that are seen whole, and those of which only some containers are.
fn collections(actor: &Actor, parents: &[i64]) -> SelectStatement {
    use collection::Column::{Id, Name, NamespaceId};
    let within =
        |q: Select<collection::Entity>| q.filter(NamespaceId.is_in(parents.iter().copied()));
    let seen = within(whole::<Pull, collection::Entity>(actor).into_select());
    let mut query = named(seen, Id, NamespaceId, Name);
    each(&mut query, Extent::Collection, Id);
    if let Some(partial) = partial(actor) {
        let mut some = named(within(partial), Id, NamespaceId, Name);
        add_up(&mut some, Extent::Container, container::Column::Id);
        some.add_group_by([Id, NamespaceId, Name].map(|column| Expr::col(column.as_column_ref())));
        query.union(UnionType::All, some);
    }
    query
}

fn all_namespaces(actor: &Actor) -> SelectStatement {
    use namespace::Column::{Id, Name};
    let seen = rows::<Pull, namespace::Entity>(actor).into_select();
    let mut query = named_in(seen, Id, Name);
    each(&mut query, Extent::Namespace, Id);
    query
}

/// Namespaces by what is seen in them. Which blobs are shared is known only where that is all by right: otherwise it would tell
/// whether something is hidden.
fn namespaces(actor: &Actor) -> SelectStatement {
    use namespace::Column::{Id, Name};
    let in_them = seen_in_namespaces(actor);
    let seen = rows::<Pull, namespace::Entity>(actor).into_select();
    let mut query = named_in(seen, Id, Name);
    query
        .join_subquery(
            sea_orm::sea_query::JoinType::LeftJoin,
            in_them,
            "inside",
            Expr::col(("inside", "key")).equals(Id.as_column_ref()),
        )
        .left_join(usage::Entity, sums_of(Extent::Namespace, Id));
    for (_, name) in SUMS {
        let zero = |expr: Expr| Expr::expr(Func::coalesce([expr, Expr::val(0_i64)]));
        let inside = || Expr::col(("inside", name));
        let sum = match name {
            "stored" => Expr::case(
                namespace::Entity::whole(actor, Level::Pull),
                Expr::col((usage::Entity, usage::Column::Stored)),
            )
            .finally(inside())
            .into(),
            _ => inside(),
        };
        query.expr_as(zero(sum).cast_as("bigint"), name);
    }
    query
}

/// The sums of what is seen, by namespace: `key`.
fn seen_in_namespaces(actor: &Actor) -> SelectStatement {
    let mut query = keyed(whole::<Pull, collection::Entity>(actor).into_select());
    each(&mut query, Extent::Collection, collection::Column::Id);
    if let Some(partial) = partial(actor) {
        let mut some = keyed(partial);
        each(&mut some, Extent::Container, container::Column::Id);
        query.union(UnionType::All, some);
    }
    let mut sums = Query::select()
        .column("key")
        .from_subquery(query, "parts")
        .add_group_by([Expr::col("key")])
        .take();
    for (_, name) in SUMS {
        let sum = Expr::expr(Func::sum(Expr::col(name)));
        sums.expr_as(sum.cast_as("bigint"), name);
    }
    sums
}

fn keyed(select: Select<collection::Entity>) -> SelectStatement {
    let key = collection::Column::NamespaceId;
    let mut query = select.select_only().into_query();
    query.expr_as(Expr::col(key.as_column_ref()), "key");
    query
}

/// The containers that are seen in collections that are not seen whole, if the actor may have such.
fn partial(actor: &Actor) -> Option<Select<collection::Entity>> {
    if actor.account().is_none() || actor.reaches_everything(Level::Pull) {
        return None;
    }
    let partial = rows::<Pull, collection::Entity>(actor)
        .into_select()
        .filter(collection::Entity::whole(actor, Level::Pull).not())
        .join(
            JoinType::InnerJoin,
            container::Relation::Collection.def().rev(),
        )
        .filter(container::Entity::reach(actor, Level::Pull));
    Some(partial)
}

fn named<E: EntityTrait>(
    select: Select<E>,
    id: impl ColumnTrait,
    parent: impl ColumnTrait,
    name: impl ColumnTrait,
) -> SelectStatement {
    let mut query = select.select_only().into_query();
    query
        .expr_as(Expr::col(id.as_column_ref()), "id")
        .expr_as(Expr::col(parent.as_column_ref()), "parent_id")
        .expr_as(Expr::col(name.as_column_ref()), "name");
    query
}

/// The same, of what is in the site.
fn named_in<E: EntityTrait>(
    select: Select<E>,
    id: impl ColumnTrait,
    name: impl ColumnTrait,
) -> SelectStatement {
    let mut query = select.select_only().into_query();
    query
        .expr_as(Expr::col(id.as_column_ref()), "id")
        .expr_as(Expr::val(0_i64).cast_as("bigint"), "parent_id")
        .expr_as(Expr::col(name.as_column_ref()), "name");
    query
}

fn sums_of(extent: Extent, id: impl ColumnTrait) -> Expr {
    Expr::col((usage::Entity, usage::Column::Id))
        .equals(id.as_column_ref())
        .and(usage::Column::Extent.eq(extent))
        .and(usage::Column::Counted.eq(true))
}

/// The sums of each row.
fn each(query: &mut SelectStatement, extent: Extent, id: impl ColumnTrait) {
    query.inner_join(usage::Entity, sums_of(extent, id));
    for (column, name) in SUMS {
        query.expr_as(Expr::col((usage::Entity, column).into_column_ref()), name);
    }
}

/// The sums of all rows of a group.
fn add_up(query: &mut SelectStatement, extent: Extent, id: impl ColumnTrait) {
    query.inner_join(usage::Entity, sums_of(extent, id));
    for (column, name) in SUMS {
        let sum = Func::sum(Expr::col((usage::Entity, column).into_column_ref()));
        query.expr_as(Expr::expr(sum).cast_as("bigint"), name);
    }
}
