//! Stars, which say in public that somebody likes something, and bookmarks, which say it to nobody.
//!
//! The counts of stars are kept by the database, in the transaction that changes them.
use std::collections::HashSet;

use entity::{
    collection, container,
    id::{CollectionId, ContainerId, StarId, UserId},
    star,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, Set,
    sea_query::{LockType, OnConflict},
};
use serde_json::json;

use super::{Caller, Tx, collection as collections, container as containers, fresh_id, page::Sort};
use crate::{
    access::{Granted, Level, Pull, Rows, open, rows},
    error::{Error, Result},
    event::{Change, Event, Target},
};

/// A star, or a bookmark, that the caller may see.
pub type Star = Granted<Pull, star::Model>;

/// What can be starred and bookmarked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A collection.
    Collection(CollectionId),
    /// A container.
    Container(ContainerId),
}

/// Of which kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// In public.
    Star,
    /// For oneself.
    Bookmark,
}

impl Subject {
    fn of(row: &star::Model) -> Option<Self> {
        let container = row.container_id.map(Self::Container);
        container.or(row.collection_id.map(Self::Collection))
    }

    fn is(self) -> Condition {
        Condition::all().add(match self {
            Self::Collection(id) => star::Column::CollectionId.eq(id),
            Self::Container(id) => star::Column::ContainerId.eq(id),
        })
    }
}

impl Kind {
    fn is(self) -> Condition {
        Condition::all().add(star::Column::Private.eq(self == Self::Bookmark))
    }
}

/// What a star or bookmark is on.
///
/// # Errors
/// [`Error::NotFound`], which cannot be: every row has one.
pub fn subject(star: &Star) -> Result<Subject> {
    Subject::of(star).ok_or(Error::NotFound("star"))
}

/// The order of a list of stars: as they were given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByTime;

impl Sort<star::Entity> for ByTime {
    fn column(self) -> Option<star::Column> {
        None
    }
    fn key(self, _: &star::Model) -> String {
        String::new()
    }
    fn id(row: &star::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> star::Column {
        star::Column::Id
    }
}

/// The stars, or the bookmarks, that the caller may see, on what they may see.
pub(in crate::registry) fn of(caller: &Caller, kind: Kind) -> Rows<Pull, star::Entity> {
    rows::<Pull, star::Entity>(caller.actor()).narrow(|q| q.filter(kind.is()))
}

/// Those of `subjects` that the caller has starred and bookmarked. One statement; none for who has no account.
pub async fn own(caller: &Caller, subjects: &[Subject]) -> Result<HashSet<(Subject, Kind)>> {
    let Some(account) = caller.actor().account() else {
        return Ok(HashSet::new());
    };
    let (mut of_collections, mut of_containers) = (Vec::new(), Vec::new());
    for subject in subjects {
        match subject {
            Subject::Collection(id) => of_collections.push(*id),
            Subject::Container(id) => of_containers.push(*id),
        }
    }
    let any = Condition::any()
        .add(star::Column::CollectionId.is_in(of_collections))
        .add(star::Column::ContainerId.is_in(of_containers));
    let found = rows::<Pull, star::Entity>(caller.actor())
        .narrow(|q| q.filter(star::Column::UserId.eq(account.id)).filter(any))
        .all(caller.db())
        .await?;
    let kind = |row: &Star| match row.private {
        true => Kind::Bookmark,
        false => Kind::Star,
    };
    Ok(found
        .iter()
        .filter_map(|row| Some((Subject::of(row)?, kind(row))))
        .collect())
}

/// Stars or bookmarks something. Doing so again changes nothing.
///
/// # Errors
/// [`Error::Unauthenticated`] and [`Error::Forbidden`] for who has no account or may only read; [`Error::NotFound`] for
/// what the caller may not see.
pub async fn set(caller: &Caller, subject: Subject, kind: Kind) -> Result<()> {
    let user = user(caller)?;
    caller
        .change(async |tx| {
            let path = held(tx, subject).await?;
            let (collection, container) = match subject {
                Subject::Collection(id) => (Some(id), None),
                Subject::Container(id) => (None, Some(id)),
            };
            let row = star::ActiveModel {
                id: Set(StarId(fresh_id())),
                user_id: Set(user),
                container_id: Set(container),
                collection_id: Set(collection),
                private: Set(kind == Kind::Bookmark),
                created_at: Set(tx.now()),
            };
            let added = star::Entity::insert(row)
                .on_conflict(OnConflict::new().do_nothing().to_owned())
                .exec_without_returning(tx.db())
                .await?;
            Ok(change("star.add", kind, (path, subject), added > 0))
        })
        .await
}

/// Takes a star or bookmark back. Where there is none, nothing changes.
///
/// # Errors
/// Those of [`set`].
pub async fn unset(caller: &Caller, subject: Subject, kind: Kind) -> Result<()> {
    let user = user(caller)?;
    caller
        .change(async |tx| {
            let path = held(tx, subject).await?;
            let gone = star::Entity::delete_many()
                .filter(star::Column::UserId.eq(user))
                .filter(subject.is())
                .filter(kind.is())
                .exec(tx.db())
                .await?;
            let gone = gone.rows_affected > 0;
            Ok(change("star.remove", kind, (path, subject), gone))
        })
        .await
}

/// Whoever may have stars.
fn user(caller: &Caller) -> Result<UserId> {
    let account = caller.account()?;
    if caller.actor().may_reach(Level::Push) {
        return Ok(account.id);
    }
    let words = "this token may only read; make one with the scope write";
    Err(Error::Forbidden(words.into()))
}

/// The path of a thing that the actor sees. It is held before its stars, as by who deletes it, lest two wait for each
/// other.
async fn held(tx: &Tx, subject: Subject) -> Result<Target> {
    match subject {
        Subject::Collection(id) => {
            rows::<Pull, collection::Entity>(tx.actor())
                .narrow(|q| {
                    q.filter(collection::Column::Id.eq(id))
                        .lock(LockType::NoKeyUpdate)
                })
                .one(tx.db())
                .await?;
            let row = open::<Pull, collection::Entity>(tx.db(), tx.actor(), id).await?;
            collections::path(tx, &row).await
        }
        Subject::Container(id) => {
            containers::lock(tx, id).await?;
            let row = open::<Pull, container::Entity>(tx.db(), tx.actor(), id).await?;
            containers::path(tx, &row).await
        }
    }
}

/// What is written down of it. Of a bookmark nothing: the log has other readers.
fn change(
    action: &'static str,
    kind: Kind,
    (path, subject): (Target, Subject),
    changed: bool,
) -> Change<()> {
    let (noun, id) = match subject {
        Subject::Collection(id) => ("collection", id.to_string()),
        Subject::Container(id) => ("container", id.to_string()),
    };
    if !changed || kind == Kind::Bookmark {
        return Change::none(());
    }
    Event::new(action, path, id)
        .details(json!({"on": noun}))
        .with(())
}
