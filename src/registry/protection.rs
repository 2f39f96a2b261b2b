//! What keeps tags where they are, and containers as they are.
//!
//! A tag that a pattern of its container, or else of its collection, names is immutable: once set it neither moves nor goes.
//! In a frozen container, or one of a frozen collection, nothing is pushed, tagged or deleted. What holds such a tag or is frozen
//! stays at its path, too, where something else could take its place otherwise. All that holds for everybody and at every
//! door; whoever administers the thing may lift it.
use std::collections::HashMap;

use entity::{
    collection, container,
    id::{CollectionId, ContainerId, ProtectionId},
    protection,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, Set, sea_query::OnConflict,
};
use serde_json::json;

use super::{
    Caller, Tx, collection as collections, container as containers, fresh_id, path::plain,
};
use crate::{
    access::{Admin, internal, open},
    error::{Error, Result},
    event::Event,
};

mod check;
mod pattern;

pub(in crate::registry) use check::{
    Rules, check_collection, check_container, check_frozen, refusal,
};
pub use pattern::Pattern;

/// The most patterns of one thing.
pub const PATTERNS_MAX: usize = 20;
/// The longest reason for freezing, in bytes.
pub const WHY_MAX: usize = 1024;

/// What can be protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protected {
    /// All containers of a collection.
    Collection(CollectionId),
    /// One container.
    Container(ContainerId),
}

impl Protected {
    fn rows(self) -> Condition {
        Condition::all().add(match self {
            Self::Collection(id) => protection::Column::CollectionId.eq(id),
            Self::Container(id) => protection::Column::ContainerId.eq(id),
        })
    }
}

/// The protection of a thing, as it was set on that thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Tags that never move or go once set; absent: a container has those of its collection.
    pub immutable_tags: Option<Vec<String>>,
    /// Since when it is frozen, and why.
    pub frozen: Option<Frozen>,
}

/// That a thing is frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// Since when.
    pub at: chrono::DateTime<chrono::Utc>,
    /// By whom; absent when the account is gone.
    pub by: Option<entity::id::UserId>,
    /// Why; may be empty.
    pub why: String,
}

impl From<protection::Model> for Protection {
    fn from(row: protection::Model) -> Self {
        let (by, why) = (row.frozen_by, row.frozen_why);
        Self {
            immutable_tags: row.immutable_tags.map(texts),
            frozen: row.frozen_at.map(|at| Frozen { at, by, why }),
        }
    }
}

/// The texts of a JSON array.
fn texts(array: serde_json::Value) -> Vec<String> {
    serde_json::from_value(array).unwrap_or_default()
}

/// The protections of things that the caller holds; none for those that have none. One statement.
pub async fn of(caller: &Caller, things: &[Protected]) -> Result<HashMap<Protected, Protection>> {
    let (mut of_containers, mut of_collections) = (Vec::new(), Vec::new());
    for thing in things {
        match thing {
            Protected::Collection(id) => of_collections.push(*id),
            Protected::Container(id) => of_containers.push(*id),
        }
    }
    let any = Condition::any()
        .add(protection::Column::ContainerId.is_in(of_containers))
        .add(protection::Column::CollectionId.is_in(of_collections));
    let rows = internal::<protection::Entity>()
        .filter(any)
        .all(caller.db())
        .await?;
    let keyed = |row: protection::Model| {
        let of_container = row.container_id.map(Protected::Container);
        let thing = of_container.or(row.collection_id.map(Protected::Collection))?;
        Some((thing, row.into()))
    };
    Ok(rows.into_iter().filter_map(keyed).collect())
}

/// Says which tags are immutable; `None` for a container: those that its collection says.
///
/// # Errors
/// [`Error::Invalid`] for too many patterns; those of [`open`].
pub async fn set_immutable_tags(
    caller: &Caller,
    thing: Protected,
    patterns: Option<Vec<Pattern>>,
) -> Result<()> {
    if patterns
        .as_ref()
        .is_some_and(|all| all.len() > PATTERNS_MAX)
    {
        let why = format!("{PATTERNS_MAX} patterns at most");
        return Err(Error::invalid("immutableTags", why));
    }
    let texts = patterns.map(|all| all.iter().map(Pattern::to_string).collect::<Vec<_>>());
    caller
        .change(async |tx| {
            let event = admit(tx, thing, "protect").await?;
            let mut row = ensure(tx, thing).await?.into_active_model();
            row.immutable_tags = Set(texts.as_ref().map(|texts| json!(texts)));
            row.update(tx.db()).await?;
            Ok(event.details(json!({"immutable_tags": texts})).with(()))
        })
        .await
}

/// Freezes a thing.
///
/// # Errors
/// [`Error::Invalid`] for a reason that is too long; those of [`open`].
pub async fn freeze(caller: &Caller, thing: Protected, why: String) -> Result<()> {
    plain("reason", &why, WHY_MAX)?;
    caller
        .change(async |tx| {
            let event = admit(tx, thing, "freeze").await?;
            let mut row = ensure(tx, thing).await?.into_active_model();
            row.frozen_at = Set(Some(tx.now()));
            row.frozen_by = Set(tx.actor().account().map(|account| account.id));
            row.frozen_why = Set(why.clone());
            row.update(tx.db()).await?;
            Ok(event.details(json!({"why": why})).with(()))
        })
        .await
}

/// Lifts a freeze; what is not frozen stays so.
///
/// # Errors
/// Those of [`open`].
pub async fn unfreeze(caller: &Caller, thing: Protected) -> Result<()> {
    caller
        .change(async |tx| {
            let event = admit(tx, thing, "unfreeze").await?;
            let mut row = ensure(tx, thing).await?.into_active_model();
            row.frozen_at = Set(None);
            row.frozen_by = Set(None);
            row.frozen_why = Set(String::new());
            row.update(tx.db()).await?;
            Ok(event.with(()))
        })
        .await
}

/// Lets the caller at a thing, and keeps others from changing what is in it until the end of the transaction, so that a rule
/// holds from the moment that it is told to be there.
async fn admit(tx: &Tx, thing: Protected, verb: &str) -> Result<Event> {
    Ok(match thing {
        Protected::Container(id) => {
            let container = open::<Admin, container::Entity>(tx.db(), tx.actor(), id).await?;
            containers::lock(tx, id).await?;
            let path = containers::path(tx, &container).await?;
            Event::new(action("container", verb), path, id)
        }
        Protected::Collection(id) => {
            let collection = open::<Admin, collection::Entity>(tx.db(), tx.actor(), id).await?;
            containers::lock_all(tx, id).await?;
            let path = collections::path(tx, &collection).await?;
            Event::new(action("collection", verb), path, id)
        }
    })
}

fn action(noun: &str, verb: &str) -> &'static str {
    match (noun, verb) {
        ("container", "protect") => "container.protect",
        ("container", "freeze") => "container.freeze",
        ("container", _) => "container.unfreeze",
        (_, "protect") => "collection.protect",
        (_, "freeze") => "collection.freeze",
        _ => "collection.unfreeze",
    }
}

/// The row of a thing, made if it is not there.
async fn ensure(tx: &Tx, thing: Protected) -> Result<protection::Model> {
    let (container, collection, column) = match thing {
        Protected::Container(id) => (Some(id), None, protection::Column::ContainerId),
        Protected::Collection(id) => (None, Some(id), protection::Column::CollectionId),
    };
    let row = protection::ActiveModel {
        id: Set(ProtectionId(fresh_id())),
        container_id: Set(container),
        collection_id: Set(collection),
        immutable_tags: Set(None),
        frozen_at: Set(None),
        frozen_by: Set(None),
        frozen_why: Set(String::new()),
    };
    let there = OnConflict::column(column).do_nothing().to_owned();
    protection::Entity::insert(row)
        .on_conflict(there)
        .try_insert()
        .exec_without_returning(tx.db())
        .await?;
    find(tx.db(), thing.rows())
        .await?
        .pop()
        .ok_or(Error::NotFound("protection"))
}

async fn find(db: &impl ConnectionTrait, which: Condition) -> Result<Vec<protection::Model>> {
    let rows = internal::<protection::Entity>().filter(which);
    Ok(rows.all(db).await?)
}
