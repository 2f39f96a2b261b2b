//! The policy: one `reach` for each guarded table, written once as a `WHERE` clause, so that lists and single loads
//! cannot disagree.
//!
//! A namespace belongs to a user or to a team. Its owner may do anything in it; of a team, maintainers may, and members
//! push. Whoever was granted a namespace, a collection or a container reaches as far as the grant says, down to all that
//! is in it. Others pull from public collections and, once they are signed in, from internal ones. Site administrators
//! may do anything. Whoever may see nothing in a namespace does not see the namespace; whoever may see something below a
//! namespace or a collection sees those, but not what else is in them. What is in the trash is not there for anybody, the
//! site included; [`trashed`] is the only way to it.
use entity::{id::UserId, session, token, user};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, SelectStatement},
};

use super::{Actor, Level};

mod log;
mod people;
mod share;
mod star;
mod subject;
mod trash;
mod tree;

pub use trash::{Trashable, trashed};

/// A table whose rows belong to somebody.
pub trait Guarded: EntityTrait {
    /// What a row is called in messages.
    const NOUN: &'static str;

    /// The rows that `actor` may reach at `level`.
    fn reach(actor: &Actor, level: Level) -> Condition;

    /// Of those, the rows in which `actor` reaches everything as far: not the ones that are seen only because something in
    /// them is.
    fn whole(actor: &Actor, level: Level) -> Condition {
        Self::reach(actor, level)
    }
}

/// A table whose rows belong to nobody and are reached only through others.
pub trait Internal: EntityTrait {}

impl Internal for entity::about::Entity {}
impl Internal for entity::blob::Entity {}
impl Internal for entity::blob_chunk::Entity {}
impl Internal for entity::blob_upload::Entity {}
impl Internal for entity::blob_use::Entity {}
impl Internal for entity::collection_redirect::Entity {}
impl Internal for entity::container_blob::Entity {}
impl Internal for entity::download_day::Entity {}
impl Internal for entity::download_user::Entity {}
impl Internal for entity::container_topic::Entity {}
impl Internal for entity::container_redirect::Entity {}
impl Internal for entity::delivery::Entity {}
impl Internal for entity::event::Entity {}
impl Internal for entity::image_label::Entity {}
impl Internal for entity::image_unlabelled::Entity {}
impl Internal for entity::job::Entity {}
impl Internal for entity::key_id::Entity {}
impl Internal for entity::key_uid::Entity {}
impl Internal for entity::manifest_config::Entity {}
impl Internal for entity::manifest_content::Entity {}
impl Internal for entity::manifest_part::Entity {}
impl Internal for entity::share_use::Entity {}
impl Internal for entity::protection::Entity {}
impl Internal for entity::readme::Entity {}
impl Internal for entity::revision::Entity {}
impl Internal for entity::namespace_redirect::Entity {}
impl Internal for entity::search_document::Entity {}
impl Internal for entity::search_facet::Entity {}
impl Internal for entity::search_mark::Entity {}
impl Internal for entity::search_vocabulary::Entity {}
impl Internal for entity::search_word::Entity {}
impl Internal for entity::sif::Entity {}
impl Internal for entity::site::Entity {}
impl Internal for entity::terms::Entity {}
impl Internal for entity::terms_agreement::Entity {}
impl Internal for entity::upload::Entity {}
impl Internal for entity::upload_part::Entity {}
impl Internal for entity::usage::Entity {}
impl Internal for entity::usage_day::Entity {}
impl Internal for entity::webhook::Entity {}

/// A table that tells who somebody is.
pub trait Identity: EntityTrait {}

impl Identity for user::Entity {}
impl Identity for token::Entity {}
impl Identity for session::Entity {}
/// Whoever shows the secret of an invitation is meant by it, and sees it by nothing else.
impl Identity for entity::invitation::Entity {}

/// Administrators everything; nobody beyond their credential; others what `ways` lets them into, which gets the user that
/// asks, if one does.
fn decide(
    actor: &Actor,
    level: Level,
    ways: impl FnOnce(Option<UserId>) -> Condition,
) -> Condition {
    if !actor.may_reach(level) {
        return nothing();
    }
    if actor.reaches_everything(level) {
        return everything();
    }
    let ways = ways(actor.account().map(|account| account.id));
    // An empty choice would let everybody in.
    if ways.is_empty() { nothing() } else { ways }
}

/// Owners what they own, and everybody what is open for pulling.
fn of_owner(actor: &Actor, level: Level, owner: impl ColumnTrait, open: Condition) -> Condition {
    decide(actor, level, |me| {
        let open = (level == Level::Pull).then_some(open);
        let own = me.map(|me| Condition::all().add(owner.eq(me)));
        any([open, own])
    })
}

/// As far as the parent, found where `key` equals the child's `reference`. There is no short cut for administrators: the
/// parent may be in the trash.
fn inherit<P: Guarded>(
    actor: &Actor,
    level: Level,
    parent: P,
    key: impl ColumnTrait,
    reference: impl ColumnTrait,
) -> Condition {
    if !actor.may_reach(level) {
        return nothing();
    }
    Condition::all().add(exists(
        parent,
        columns_equal(key, reference).add(P::whole(actor, level)),
    ))
}

/// Any of the conditions that there are.
fn any(conditions: impl IntoIterator<Item = Option<Condition>>) -> Condition {
    let add = |any: Condition, condition| any.add(condition);
    conditions.into_iter().flatten().fold(Condition::any(), add)
}

/// `EXISTS` rather than `IN`, so that looking up one row costs one look-up in each parent, however many there are.
fn exists<E: EntityTrait>(_: E, condition: Condition) -> Condition {
    #[expect(
        clippy::disallowed_methods,
        reason = "a sub-select of the policy itself"
    )]
    let select = E::find().select_only().expr(Expr::val(1)).filter(condition);
    Condition::all().add(Expr::exists(select.into_query()))
}

/// What is in `column` where `condition` holds, for `IN`: for what belongs to one user, which is little, and is then looked
/// up once for the whole statement.
fn values<E: EntityTrait>(_: E, column: impl ColumnTrait, condition: Condition) -> SelectStatement {
    #[expect(
        clippy::disallowed_methods,
        reason = "a sub-select of the policy itself"
    )]
    let select = E::find().select_only().column(column).filter(condition);
    select.into_query()
}

fn within(column: impl ColumnTrait, values: SelectStatement) -> Condition {
    Condition::all().add(column.in_subquery(values))
}

fn columns_equal(left: impl ColumnTrait, right: impl ColumnTrait) -> Condition {
    Condition::all().add(Expr::col(left.as_column_ref()).equals(right.as_column_ref()))
}

fn everything() -> Condition {
    Condition::all()
}

fn nothing() -> Condition {
    Condition::all().add(Expr::val(1).eq(0))
}
