//! Sizes as lists are ordered by: those that the fields tell, never of what is not seen.
use entity::{collection, container, kind::Extent, namespace, usage};
use sea_orm::{
    ColumnTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{CaseStatement, Expr, ExprTrait, Func, IntoColumnRef, Query, SelectStatement},
};

use crate::access::{Actor, Guarded, Level, Pull, rows};

/// The size of the container of the row.
pub(in crate::registry) fn of_container() -> Expr {
    kept(Extent::Container, container::Column::Id)
}

/// The size of what the actor sees in the collection of the row.
pub(in crate::registry) fn of_collection(actor: &Actor) -> Expr {
    let whole = kept(Extent::Collection, collection::Column::Id);
    if actor.account().is_none() || actor.reaches_everything(Level::Pull) {
        return whole;
    }
    CaseStatement::new()
        .case(collection::Entity::whole(actor, Level::Pull), whole)
        .finally(seen_in_collection(actor))
        .into()
}

/// The size of what the actor sees in the namespace of the row.
pub(in crate::registry) fn of_namespace(actor: &Actor) -> Expr {
    if actor.reaches_everything(Level::Pull) {
        return kept(Extent::Namespace, namespace::Column::Id);
    }
    let within = Expr::col(collection::Column::NamespaceId.as_column_ref())
        .equals(namespace::Column::Id.as_column_ref());
    let seen = rows::<Pull, collection::Entity>(actor).into_select();
    let sum = seen.filter(within).select_only().into_query();
    added_up(sum, of_collection(actor))
}

/// The size of those containers of the collection of the row that the actor sees.
fn seen_in_collection(actor: &Actor) -> Expr {
    let within = Expr::col(container::Column::CollectionId.as_column_ref())
        .equals(collection::Column::Id.as_column_ref());
    let seen = rows::<Pull, container::Entity>(actor).into_select();
    let sum = seen.filter(within).select_only().into_query();
    added_up(sum, of_container())
}

fn added_up(mut rows: SelectStatement, size: Expr) -> Expr {
    let sum = Expr::expr(Func::sum(size)).cast_as("bigint");
    or_none(rows.expr(sum).take())
}

/// What is kept in step with every change.
fn kept(extent: Extent, id: impl ColumnTrait) -> Expr {
    let size = Query::select()
        .column((usage::Entity, usage::Column::Size).into_column_ref())
        .from(usage::Entity)
        .and_where(Expr::col((usage::Entity, usage::Column::Id)).equals(id.as_column_ref()))
        .and_where(usage::Column::Extent.eq(extent))
        .and_where(usage::Column::Counted.eq(true))
        .take();
    or_none(size)
}

fn or_none(size: SelectStatement) -> Expr {
    Expr::expr(Func::coalesce([size.into(), Expr::val(0_i64)]))
}
