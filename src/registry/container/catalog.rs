//! Containers in the order of their paths, a page at a time.
use entity::{collection, container, namespace};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, JoinType, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, RelationTrait,
    sea_query::{CaseStatement, Expr, ExprTrait, Query, SelectStatement},
};

use crate::{
    access::{Pull, rows},
    error::Result,
    registry::Caller,
};

/// The paths of the containers that the caller may see, behind the path `last`, up to `n`, in the order of their parts.
pub(in crate::registry) async fn paths_behind(
    caller: &Caller,
    last: &str,
    n: u64,
) -> Result<Vec<String>> {
    let mut parts = last.splitn(3, '/');
    let behind = [(); 3].map(|()| parts.next().unwrap_or_default());
    let page = match caller.db().get_database_backend() {
        DbBackend::Postgres => by_steps(caller, behind, n),
        _ => at_once(caller, behind, n),
    };
    let rows = caller.db().query_all(&page).await?;
    let path = |row: &sea_orm::QueryResult| {
        let [namespace, collection, container]: [Result<String, _>; 3] =
            [0, 1, 2].map(|place| row.try_get_by_index(place));
        Ok(format!("{}/{}/{}", namespace?, collection?, container?))
    };
    rows.iter().map(path).collect()
}

const NAMESPACE: (namespace::Entity, namespace::Column) =
    (namespace::Entity, namespace::Column::Name);
const COLLECTION: (collection::Entity, collection::Column) =
    (collection::Entity, collection::Column::Name);
const CONTAINER: (container::Entity, container::Column) =
    (container::Entity, container::Column::Name);

/// SQLite walks through the indexes of three joined tables in the order of their names, and stops at the end of the page.
fn at_once(caller: &Caller, behind: [&str; 3], n: u64) -> SelectStatement {
    let names = || {
        [
            Expr::col(NAMESPACE),
            Expr::col(COLLECTION),
            Expr::col(CONTAINER),
        ]
    };
    let mut page = rows::<Pull, container::Entity>(caller.actor())
        .into_select()
        .join(JoinType::InnerJoin, container::Relation::Collection.def())
        .join(JoinType::InnerJoin, collection::Relation::Namespace.def())
        // What no index of one table answers, and what one does: where to begin.
        .filter(Expr::tuple(names()).gt(Expr::tuple(behind.map(Expr::val))))
        .filter(Expr::col(NAMESPACE).gte(behind[0]))
        .limit(n)
        .select_only()
        .into_query();
    for name in names() {
        page.expr(name.clone())
            .order_by_expr(name, sea_orm::Order::Asc);
    }
    page
}

/// PostgreSQL would sort all that there is. Told to take a page from each collection and a page of those from each namespace, it
/// reads each from an index, and no more than the page needs.
fn by_steps(
    caller: &Caller,
    [namespace, collection, container]: [&str; 3],
    n: u64,
) -> SelectStatement {
    let first_namespace = || Expr::col(NAMESPACE).eq(namespace);
    let first_collection = || first_namespace().and(Expr::col(COLLECTION).eq(collection));
    let start = |first: Expr, text: &str| CaseStatement::new().case(first, text).finally("");
    let of_collection = rows::<Pull, container::Entity>(caller.actor())
        .into_select()
        .filter(columns_equal(
            container::Column::CollectionId,
            collection::Column::Id,
        ))
        .filter(Expr::col(CONTAINER).gt(start(first_collection(), container)))
        .order_by_asc(container::Column::Name)
        .limit(n)
        .select_only()
        .column_as(container::Column::Name, "container")
        .into_query();
    let of_namespace = Query::select()
        .expr_as(Expr::col(COLLECTION), "collection")
        .column(("of_collection", "container"))
        .from(collection::Entity)
        .join_lateral(
            JoinType::InnerJoin,
            of_collection,
            "of_collection",
            Expr::cust("TRUE"),
        )
        .and_where(columns_equal(
            collection::Column::NamespaceId,
            namespace::Column::Id,
        ))
        .and_where(Expr::col(COLLECTION).gte(start(first_namespace(), collection)))
        .order_by(COLLECTION, sea_orm::Order::Asc)
        .order_by(("of_collection", "container"), sea_orm::Order::Asc)
        .limit(n)
        .to_owned();
    Query::select()
        .column(NAMESPACE)
        .column(("of_namespace", "collection"))
        .column(("of_namespace", "container"))
        .from(namespace::Entity)
        .join_lateral(
            JoinType::InnerJoin,
            of_namespace,
            "of_namespace",
            Expr::cust("TRUE"),
        )
        .and_where(Expr::col(NAMESPACE).gte(namespace))
        .order_by(NAMESPACE, sea_orm::Order::Asc)
        .order_by(("of_namespace", "collection"), sea_orm::Order::Asc)
        .order_by(("of_namespace", "container"), sea_orm::Order::Asc)
        .limit(n)
        .to_owned()
}

fn columns_equal(one: impl ColumnTrait, other: impl ColumnTrait) -> Expr {
    Expr::col(one.as_column_ref()).equals(other.as_column_ref())
}
