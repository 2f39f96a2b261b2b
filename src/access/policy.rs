//! The policy: one `reach` for each guarded table, written once as a `WHERE` clause, so that lists and single loads
//! cannot disagree.
//!
//! A namespace belongs to a user. Its owner may do anything in it; others may pull from its public collections.
//! Site administrators may do anything. Whoever may see nothing in a namespace does not see the namespace.
use entity::{
    collection, container, id::UserId, image, key, kind::Visibility, manifest, manifest_tag,
    namespace, session, tag, tag_move, token, user,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait},
};

use super::{Actor, Level};

/// A table whose rows belong to somebody.
pub trait Guarded: EntityTrait {
    /// What a row is called in messages.
    const NOUN: &'static str;

    /// The rows that `actor` may reach at `level`.
    fn reach(actor: &Actor, level: Level) -> Condition;
}

/// A table whose rows belong to nobody and are reached only through others.
pub trait Internal: EntityTrait {}

impl Internal for entity::about::Entity {}
impl Internal for entity::blob::Entity {}
impl Internal for entity::blob_chunk::Entity {}
impl Internal for entity::blob_upload::Entity {}
impl Internal for entity::container_blob::Entity {}
impl Internal for entity::container_topic::Entity {}
impl Internal for entity::event::Entity {}
impl Internal for entity::image_label::Entity {}
impl Internal for entity::image_unlabelled::Entity {}
impl Internal for entity::key_id::Entity {}
impl Internal for entity::key_uid::Entity {}
impl Internal for entity::manifest_content::Entity {}
impl Internal for entity::manifest_part::Entity {}
impl Internal for entity::protection::Entity {}
impl Internal for entity::readme::Entity {}
impl Internal for entity::sif::Entity {}
impl Internal for entity::site::Entity {}
impl Internal for entity::terms::Entity {}
impl Internal for entity::terms_agreement::Entity {}
impl Internal for entity::upload::Entity {}
impl Internal for entity::upload_part::Entity {}

/// A table that tells who somebody is.
pub trait Identity: EntityTrait {}

impl Identity for user::Entity {}
impl Identity for token::Entity {}
impl Identity for session::Entity {}

impl Guarded for namespace::Entity {
    const NOUN: &'static str = "namespace";

    fn reach(actor: &Actor, level: Level) -> Condition {
        let shows_something = exists(
            collection::Entity,
            columns_equal(collection::Column::NamespaceId, namespace::Column::Id).add(is_public()),
        );
        of_owner(actor, level, namespace::Column::OwnerId, shows_something)
    }
}

impl Guarded for collection::Entity {
    const NOUN: &'static str = "collection";

    fn reach(actor: &Actor, level: Level) -> Condition {
        decide(actor, level, is_public(), |owner| {
            exists(
                namespace::Entity,
                columns_equal(namespace::Column::Id, collection::Column::NamespaceId)
                    .add(namespace::Column::OwnerId.eq(owner)),
            )
        })
    }
}

impl Guarded for container::Entity {
    const NOUN: &'static str = "container";

    fn reach(actor: &Actor, level: Level) -> Condition {
        inherit(
            actor,
            level,
            collection::Entity,
            collection::Column::Id,
            container::Column::CollectionId,
        )
    }
}

impl Guarded for image::Entity {
    const NOUN: &'static str = "image";

    /// An image that is not uploaded yet is known only to those who may push it.
    fn reach(actor: &Actor, level: Level) -> Condition {
        let at = |level| {
            inherit(
                actor,
                level,
                container::Entity,
                container::Column::Id,
                image::Column::ContainerId,
            )
        };
        match level {
            Level::Pull => Condition::any()
                .add(at(Level::Pull).add(image::Column::Blob.is_not_null()))
                .add(at(Level::Push)),
            Level::Push | Level::Admin => at(level),
        }
    }
}

impl Guarded for tag::Entity {
    const NOUN: &'static str = "tag";

    fn reach(actor: &Actor, level: Level) -> Condition {
        inherit(
            actor,
            level,
            container::Entity,
            container::Column::Id,
            tag::Column::ContainerId,
        )
    }
}

impl Guarded for tag_move::Entity {
    const NOUN: &'static str = "move of a tag";

    fn reach(actor: &Actor, level: Level) -> Condition {
        inherit(
            actor,
            level,
            container::Entity,
            container::Column::Id,
            tag_move::Column::ContainerId,
        )
    }
}

impl Guarded for manifest::Entity {
    const NOUN: &'static str = "manifest";

    fn reach(actor: &Actor, level: Level) -> Condition {
        inherit(
            actor,
            level,
            container::Entity,
            container::Column::Id,
            manifest::Column::ContainerId,
        )
    }
}

impl Guarded for manifest_tag::Entity {
    const NOUN: &'static str = "tag";

    fn reach(actor: &Actor, level: Level) -> Condition {
        inherit(
            actor,
            level,
            container::Entity,
            container::Column::Id,
            manifest_tag::Column::ContainerId,
        )
    }
}

impl Guarded for user::Entity {
    const NOUN: &'static str = "user";

    /// People are known to each other by name once they are signed in; they change only themselves.
    fn reach(actor: &Actor, level: Level) -> Condition {
        let signed_in = match actor {
            Actor::Anonymous => nothing(),
            Actor::User(_) | Actor::System(_) => everything(),
        };
        of_owner(actor, level, user::Column::Id, signed_in)
    }
}

impl Guarded for token::Entity {
    const NOUN: &'static str = "token";

    fn reach(actor: &Actor, level: Level) -> Condition {
        of_owner(actor, level, token::Column::UserId, nothing())
    }
}

impl Guarded for key::Entity {
    const NOUN: &'static str = "key";

    fn reach(actor: &Actor, level: Level) -> Condition {
        of_owner(actor, level, key::Column::OwnerId, everything())
    }
}

/// Administrators everything, owners what they own, others what is open for pulling.
fn decide(
    actor: &Actor,
    level: Level,
    open: Condition,
    owned: impl FnOnce(UserId) -> Condition,
) -> Condition {
    if !actor.may_reach(level) {
        return nothing();
    }
    if actor.reaches_everything(level) {
        return everything();
    }
    let open = if level == Level::Pull {
        open
    } else {
        nothing()
    };
    match actor.account() {
        Some(account) => Condition::any().add(open).add(owned(account.id)),
        None => open,
    }
}

fn of_owner(actor: &Actor, level: Level, owner: impl ColumnTrait, open: Condition) -> Condition {
    decide(actor, level, open, |id| Condition::all().add(owner.eq(id)))
}

/// As far as the parent, found where `key` equals the child's `reference`.
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
    if actor.reaches_everything(level) {
        return everything();
    }
    Condition::all().add(exists(
        parent,
        columns_equal(key, reference).add(P::reach(actor, level)),
    ))
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

fn columns_equal(left: impl ColumnTrait, right: impl ColumnTrait) -> Condition {
    Condition::all().add(Expr::col(left.as_column_ref()).equals(right.as_column_ref()))
}

fn is_public() -> Condition {
    Condition::all().add(collection::Column::Visibility.eq(Visibility::Public))
}

fn everything() -> Condition {
    Condition::all()
}

fn nothing() -> Condition {
    Condition::all().add(Expr::val(1).eq(0))
}
