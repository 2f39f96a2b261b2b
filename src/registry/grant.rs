//! Grants: those who may share a namespace, a collection or a container let a user or a team into it.
use std::collections::HashMap;

use entity::{
    access_grant, collection, container,
    id::{CollectionId, ContainerId, GrantId, NamespaceId, TeamId, UserId},
    kind::GrantLevel,
    namespace, team, user,
};
use sea_orm::{
    ColumnTrait, EntityTrait, ModelTrait, QueryFilter, Set,
    sea_query::{Expr, OnConflict},
};
use serde_json::json;

use super::{Caller, Tx, collection as collections, container as containers, fresh_id, page::Sort};
use crate::{
    access::{Admin, Granted, Pull, open, open_where, rows},
    error::{Error, Result},
    event::{Event, Target},
};

/// A grant that the caller may see.
pub type Grant = Granted<Pull, access_grant::Model>;

/// Who is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A user.
    User(UserId),
    /// Everybody in a team.
    Team(TeamId),
}

/// Into what, and all that is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// A namespace.
    Namespace(NamespaceId),
    /// A collection.
    Collection(CollectionId),
    /// A container.
    Container(ContainerId),
}

/// The order of a list of grants: as they were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByGranting;

impl Sort<access_grant::Entity> for ByGranting {
    fn column(self) -> Option<access_grant::Column> {
        None
    }
    fn key(self, _: &access_grant::Model) -> String {
        String::new()
    }
    fn id(row: &access_grant::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> access_grant::Column {
        access_grant::Column::Id
    }
}

impl Subject {
    fn column(self) -> access_grant::Column {
        match self {
            Self::User(_) => access_grant::Column::UserId,
            Self::Team(_) => access_grant::Column::TeamId,
        }
    }

    fn is(self) -> Expr {
        match self {
            Self::User(id) => self.column().eq(id),
            Self::Team(id) => self.column().eq(id),
        }
    }
}

impl Object {
    fn column(self) -> access_grant::Column {
        match self {
            Self::Namespace(_) => access_grant::Column::NamespaceId,
            Self::Collection(_) => access_grant::Column::CollectionId,
            Self::Container(_) => access_grant::Column::ContainerId,
        }
    }

    fn is(self) -> Expr {
        match self {
            Self::Namespace(id) => self.column().eq(id),
            Self::Collection(id) => self.column().eq(id),
            Self::Container(id) => self.column().eq(id),
        }
    }
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(caller: &Caller, ids: &[GrantId]) -> Result<HashMap<GrantId, Grant>> {
    let rows = rows::<Pull, access_grant::Entity>(caller.actor())
        .narrow(|q| q.filter(access_grant::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Lets a user or a team into something of the caller's; a grant that is there gets the new level.
///
/// # Errors
/// Those of [`open`], for the thing and for who is let in.
pub async fn set(
    caller: &Caller,
    subject: Subject,
    object: Object,
    level: GrantLevel,
) -> Result<Grant> {
    caller
        .change(async |tx| {
            let target = shared(tx, object).await?;
            let name = name(tx, subject).await?;
            upsert(tx, subject, object, level).await?;
            let grant = open_where::<Pull, access_grant::Entity>(tx.db(), tx.actor(), |q| {
                q.filter(subject.is()).filter(object.is())
            })
            .await?;
            let event = Event::new("grant.set", target, grant.id);
            Ok(event
                .details(json!({"to": name, "level": level}))
                .with(grant))
        })
        .await
}

async fn upsert(tx: &Tx, subject: Subject, object: Object, level: GrantLevel) -> Result<()> {
    let user = match subject {
        Subject::User(id) => (Some(id), None),
        Subject::Team(id) => (None, Some(id)),
    };
    let thing = match object {
        Object::Namespace(id) => (Some(id), None, None),
        Object::Collection(id) => (None, Some(id), None),
        Object::Container(id) => (None, None, Some(id)),
    };
    let row = access_grant::ActiveModel {
        id: Set(GrantId(fresh_id())),
        user_id: Set(user.0),
        team_id: Set(user.1),
        namespace_id: Set(thing.0),
        collection_id: Set(thing.1),
        container_id: Set(thing.2),
        level: Set(level),
        created_at: Set(tx.now()),
        created_by: Set(tx.actor().account().map(|account| account.id)),
    };
    let changes = OnConflict::columns([subject.column(), object.column()])
        .update_column(access_grant::Column::Level)
        .to_owned();
    access_grant::Entity::insert(row)
        .on_conflict(changes)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Takes back a grant on something of the caller's.
///
/// # Errors
/// Those of [`open`].
pub async fn remove(caller: &Caller, id: GrantId) -> Result<()> {
    caller
        .change(async |tx| {
            let grant = open::<Admin, access_grant::Entity>(tx.db(), tx.actor(), id).await?;
            let (subject, object) = ends(&grant).ok_or(Error::NotFound("grant"))?;
            let target = shared(tx, object).await?;
            let name = name(tx, subject).await?;
            let details = json!({"to": name, "level": grant.level});
            grant.into_row().delete(tx.db()).await?;
            Ok(Event::new("grant.remove", target, id)
                .details(details)
                .with(()))
        })
        .await
}

/// Whom a grant lets in, and into what.
pub fn ends(grant: &access_grant::Model) -> Option<(Subject, Object)> {
    let user = grant.user_id.map(Subject::User);
    let namespace = grant.namespace_id.map(Object::Namespace);
    let collection = grant.collection_id.map(Object::Collection);
    let container = grant.container_id.map(Object::Container);
    Some((
        user.or(grant.team_id.map(Subject::Team))?,
        namespace.or(collection).or(container)?,
    ))
}

/// What is shared, if the actor may.
async fn shared(tx: &Tx, object: Object) -> Result<Target> {
    Ok(match object {
        Object::Namespace(id) => {
            let row = open::<Admin, namespace::Entity>(tx.db(), tx.actor(), id).await?;
            Target::namespace(id, &row.name)
        }
        Object::Collection(id) => {
            let row = open::<Admin, collection::Entity>(tx.db(), tx.actor(), id).await?;
            collections::path(tx, &row).await?
        }
        Object::Container(id) => {
            let row = open::<Admin, container::Entity>(tx.db(), tx.actor(), id).await?;
            containers::path(tx, &row).await?
        }
    })
}

/// The name of who is let in.
async fn name(tx: &Tx, subject: Subject) -> Result<String> {
    Ok(match subject {
        Subject::User(id) => {
            let row = open::<Pull, user::Entity>(tx.db(), tx.actor(), id).await?;
            row.name.clone()
        }
        Subject::Team(id) => {
            let row = open::<Pull, team::Entity>(tx.db(), tx.actor(), id).await?;
            row.name.clone()
        }
    })
}
