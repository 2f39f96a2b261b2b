//! How much there is: counts and bytes of what the caller may see, in one statement or two whatever the number asked for.
//!
//! What is seen whole is known by its sums. A collection that is seen only for some of its containers counts by those.
use std::{collections::HashMap, hash::Hash};

use entity::{
    collection, container,
    id::{CollectionId, ContainerId, NamespaceId},
    kind::Extent,
    namespace, usage,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect,
    QueryTrait, RelationTrait, Select,
    sea_query::{
        CaseStatement, Expr, ExprTrait, Func, IntoColumnRef, Query, SelectStatement,
        SubQueryStatement,
    },
};

use super::Caller;
use crate::{
    access::{Actor, Guarded, Level, Pull, internal, rows, whole},
    error::Result,
};

pub(in crate::registry) mod size;

/// How much there is below a thing. Images that are not uploaded do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Collections.
    pub collections: u64,
    /// Containers.
    pub containers: u64,
    /// SIF images.
    pub images: u64,
    /// Manifests that were pushed and describe no SIF image.
    pub manifests: u64,
    /// The sum of the sizes of both, in bytes.
    pub size: u64,
    /// The bytes of all blobs that are held, each once, in the trash, too; of collections and containers for those who administer
    /// them, and of the site. Of namespaces, see [`stored_of_namespaces`].
    pub stored: Option<u64>,
}

impl std::ops::AddAssign for Total {
    fn add_assign(&mut self, other: Self) {
        self.collections += other.collections;
        self.containers += other.containers;
        self.images += other.images;
        self.manifests += other.manifests;
        self.size += other.size;
        self.stored = None;
    }
}

#[derive(FromQueryResult)]
struct Row {
    key: i64,
    collections: i64,
    containers: i64,
    images: i64,
    manifests: i64,
    size: i64,
    stored: Option<i64>,
}

impl From<Row> for Total {
    fn from(row: Row) -> Self {
        Self {
            collections: row.collections.unsigned_abs(),
            containers: row.containers.unsigned_abs(),
            images: row.images.unsigned_abs(),
            manifests: row.manifests.unsigned_abs(),
            size: row.size.unsigned_abs(),
            stored: row.stored.map(i64::unsigned_abs),
        }
    }
}

/// Totals of namespaces, over what is in them that the caller may see.
pub async fn of_namespaces(
    caller: &Caller,
    ids: &[NamespaceId],
) -> Result<HashMap<NamespaceId, Total>> {
    let key = collection::Column::NamespaceId;
    let within = |q: Select<collection::Entity>| q.filter(key.is_in(ids.iter().copied()));
    let mut totals = of_whole_collections(caller, key, within).await?;
    for total in totals.values_mut() {
        total.stored = None;
    }
    add_partial(caller, &mut totals, key, within).await?;
    Ok(keyed(totals, NamespaceId))
}

/// The bytes of all blobs in namespaces, each once, for those that are the caller's or were granted to them: of others neither
/// the number nor that there is none may tell whether something in them is hidden. One statement.
pub async fn stored_of_namespaces(
    caller: &Caller,
    ids: &[NamespaceId],
) -> Result<HashMap<NamespaceId, u64>> {
    let theirs = whole::<Pull, namespace::Entity>(caller.actor())
        .into_select()
        .filter(namespace::Column::Id.is_in(ids.iter().copied()))
        .select_only()
        .column(namespace::Column::Id)
        .into_query();
    let stored = internal::<usage::Entity>()
        .filter(usage::Column::Extent.eq(Extent::Namespace))
        .filter(usage::Column::Id.in_subquery(theirs))
        .all(caller.db())
        .await?;
    Ok(stored
        .into_iter()
        .map(|row| (NamespaceId(row.id), row.stored.unsigned_abs()))
        .collect())
}

/// The total of everything that the caller may see. The bytes of all blobs are told to those who see all there is. One or two
/// statements.
pub async fn of_site(caller: &Caller) -> Result<Total> {
    if caller.actor().reaches_everything(Level::Pull) {
        return everything(caller).await;
    }
    let key = collection::Column::NamespaceId;
    let mut totals = of_whole_collections(caller, key, |q| q).await?;
    add_partial(caller, &mut totals, key, |q| q).await?;
    let mut seen = Total::default();
    for total in totals.into_values() {
        seen += total;
    }
    Ok(Total {
        stored: None,
        ..seen
    })
}

/// The parts of the site, added up.
async fn everything(caller: &Caller) -> Result<Total> {
    let mut query = Query::select();
    query
        .from(usage::Entity)
        .and_where(usage::Column::Extent.eq(Extent::Site))
        .expr_as(Expr::val(0_i64).cast_as("bigint"), "key");
    add_sums(&mut query, None);
    let statement = caller.db().get_database_backend().build(&query);
    let row = Row::find_by_statement(statement).one(caller.db()).await?;
    Ok(row.map(Total::from).unwrap_or_default())
}

/// How often the containers of a collection were pulled that `actor` may see: a value of each row of `collection`.
pub(in crate::registry) fn pulls_seen(actor: &Actor) -> Expr {
    let id = || collection::Column::Id.as_column_ref();
    let all = internal::<usage::Entity>()
        .select_only()
        .column(usage::Column::Downloads)
        .filter(usage::Column::Extent.eq(Extent::Collection))
        .filter(Expr::col(usage::Column::Id.as_column_ref()).equals(id()));
    let pulls = Func::sum(Expr::col(container::Column::Downloads.as_column_ref()));
    let some = rows::<Pull, container::Entity>(actor)
        .into_select()
        .select_only()
        .expr_as(Expr::expr(pulls).cast_as("bigint"), "pulls")
        .filter(Expr::col(container::Column::CollectionId.as_column_ref()).equals(id()));
    let value = |select| Expr::SubQuery(None, Box::new(SubQueryStatement::SelectStatement(select)));
    let pulls: Expr = CaseStatement::new()
        .case(
            collection::Entity::whole(actor, Level::Pull),
            value(all.into_query()),
        )
        .finally(value(some.into_query()))
        .into();
    Expr::expr(Func::coalesce([pulls, Expr::val(0_i64)]))
}

/// Totals of collections.
pub async fn of_collections(
    caller: &Caller,
    ids: &[CollectionId],
) -> Result<HashMap<CollectionId, Total>> {
    let key = collection::Column::Id;
    let within = |q: Select<collection::Entity>| q.filter(key.is_in(ids.iter().copied()));
    let mut totals = of_whole_collections(caller, key, within).await?;
    if totals.len() < ids.len() {
        add_partial(caller, &mut totals, key, within).await?;
    }
    Ok(keyed(totals, CollectionId))
}

/// Those of collections that the caller sees whole. One statement.
pub(in crate::registry) async fn whole_collections(
    caller: &Caller,
    ids: &[CollectionId],
) -> Result<Vec<CollectionId>> {
    let whole = whole::<Pull, collection::Entity>(caller.actor())
        .into_select()
        .filter(collection::Column::Id.is_in(ids.iter().copied()))
        .select_only()
        .column(collection::Column::Id);
    Ok(whole.into_tuple().all(caller.db()).await?)
}

/// Totals of containers.
pub async fn of_containers(
    caller: &Caller,
    ids: &[ContainerId],
) -> Result<HashMap<ContainerId, Total>> {
    let visible = rows::<Pull, container::Entity>(caller.actor())
        .into_select()
        .filter(container::Column::Id.is_in(ids.iter().copied()));
    let key = container::Column::Id;
    let totals = sum(caller, visible, Extent::Container, key, key).await?;
    Ok(keyed(totals, ContainerId))
}

async fn of_whole_collections(
    caller: &Caller,
    key: collection::Column,
    within: impl Fn(Select<collection::Entity>) -> Select<collection::Entity>,
) -> Result<HashMap<i64, Total>> {
    let visible = within(whole::<Pull, collection::Entity>(caller.actor()).into_select());
    let id = collection::Column::Id;
    sum(caller, visible, Extent::Collection, id, key).await
}

/// Adds the visible containers of collections that are not seen whole. Nobody has such but who was let into a container.
async fn add_partial(
    caller: &Caller,
    totals: &mut HashMap<i64, Total>,
    key: collection::Column,
    within: impl Fn(Select<collection::Entity>) -> Select<collection::Entity>,
) -> Result<()> {
    let actor = caller.actor();
    if actor.account().is_none() || actor.reaches_everything(Level::Pull) {
        return Ok(());
    }
    let partial = within(rows::<Pull, collection::Entity>(actor).into_select())
        .filter(collection::Entity::whole(actor, Level::Pull).not())
        .join(
            JoinType::InnerJoin,
            container::Relation::Collection.def().rev(),
        )
        .filter(container::Entity::reach(actor, Level::Pull));
    let id = container::Column::Id;
    for (key, total) in sum(caller, partial, Extent::Container, id, key).await? {
        *totals.entry(key).or_default() += total;
    }
    Ok(())
}

/// The sums of what is selected, which has the column `id`, by the column `key`.
async fn sum<E: EntityTrait>(
    caller: &Caller,
    select: Select<E>,
    extent: Extent,
    id: impl ColumnTrait,
    key: impl ColumnTrait,
) -> Result<HashMap<i64, Total>> {
    let mut query = select.select_only().into_query();
    let of_it = Expr::col((usage::Entity, usage::Column::Id))
        .equals(id.as_column_ref())
        .and(usage::Column::Extent.eq(extent))
        .and(usage::Column::Counted.eq(true));
    query
        .left_join(usage::Entity, of_it)
        .expr_as(Expr::col(key.as_column_ref()), "key")
        .add_group_by([Expr::col(key.as_column_ref())]);
    // What is stored tells of the trash, too: of a collection, to those who may look into it.
    let told = match extent {
        Extent::Collection => Some(collection::Entity::reach(caller.actor(), Level::Admin)),
        _ => None,
    };
    add_sums(&mut query, told);
    let statement = caller.db().get_database_backend().build(&query);
    let rows = Row::find_by_statement(statement).all(caller.db()).await?;
    Ok(rows.into_iter().map(|row| (row.key, row.into())).collect())
}

/// The sums; of what is stored, only where `told` holds.
fn add_sums(query: &mut SelectStatement, told: Option<Condition>) {
    let column = |column: usage::Column| Expr::col((usage::Entity, column).into_column_ref());
    for (sum, name) in [
        (usage::Column::Collections, "collections"),
        (usage::Column::Containers, "containers"),
        (usage::Column::Images, "images"),
        (usage::Column::Manifests, "manifests"),
        (usage::Column::Size, "size"),
    ] {
        query.expr_as(added_up(column(sum)), name);
    }
    let stored = column(usage::Column::Stored);
    let stored = match told {
        None => added_up(stored),
        Some(told) => {
            let told: Expr = CaseStatement::new().case(told, stored).into();
            Expr::expr(Func::sum(told)).cast_as("bigint")
        }
    };
    query.expr_as(stored, "stored");
}

fn added_up(amount: Expr) -> Expr {
    Expr::expr(Func::coalesce([Func::sum(amount).into(), Expr::val(0_i64)])).cast_as("bigint")
}

fn keyed<I: Hash + Eq>(totals: HashMap<i64, Total>, id: impl Fn(i64) -> I) -> HashMap<I, Total> {
    let keyed = totals.into_iter().map(|(key, total)| (id(key), total));
    keyed.collect()
}
