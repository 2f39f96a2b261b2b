//! Namespaces: the first part of a path. A namespace belongs to a user or a team, whose rule extends over all that is in
//! it.
use std::collections::HashMap;

use entity::{
    id::{NamespaceId, TeamId, UserId},
    kind::Visibility,
    namespace,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Select, Set, Value,
};
use serde_json::json;

use super::{
    Caller, Tx,
    database::on_duplicate,
    fresh_id,
    page::{Measure, Page, PageArgs, Sort, moment, moment_of, page},
    path::{Name, description},
    redirect,
    total::size,
};
use crate::{
    access::{Actor, Admin, Granted, Includes, Level, Pull, Push, Rows, open, open_where, rows},
    config::NamespaceCreation,
    error::{Error, Result},
    event::{Event, Target},
};

mod transfer;

pub(in crate::registry) use transfer::check_leaving;
pub use transfer::{Owner, transfer};

/// A namespace that the caller may see.
pub type Namespace = Granted<Pull, namespace::Model>;

/// What a new namespace gets.
#[derive(Clone, Debug)]
pub struct NewNamespace {
    /// Its name.
    pub name: Name,
    /// Free text.
    pub description: String,
    /// What new collections get; absent: the site's default.
    pub default_visibility: Option<Visibility>,
}

/// What changes; absent fields stay.
#[derive(Clone, Debug, Default)]
pub struct NamespaceChange {
    /// A new name.
    pub name: Option<Name>,
    /// A new description.
    pub description: Option<String>,
    /// What new collections get; `Some(None)`: the site's default.
    pub default_visibility: Option<Option<Visibility>>,
}

/// The orders of a list of namespaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NamespaceSort {
    /// By name.
    #[default]
    Name,
    /// By the time of creation.
    Created,
    /// By the size of what the caller sees in it.
    Size,
    /// By the time of the last change.
    Updated,
}

impl Sort<namespace::Entity> for NamespaceSort {
    fn column(self) -> Option<namespace::Column> {
        match self {
            Self::Name => Some(namespace::Column::Name),
            Self::Created | Self::Size => None,
            Self::Updated => Some(namespace::Column::UpdatedAt),
        }
    }
    fn key(self, row: &namespace::Model) -> String {
        match self {
            Self::Name | Self::Created | Self::Size => row.name.clone(),
            Self::Updated => moment(row.updated_at),
        }
    }
    fn value(self, key: &str) -> Option<Value> {
        match self {
            Self::Name | Self::Created => Some(key.into()),
            Self::Size => Some(key.parse::<i64>().ok()?.into()),
            Self::Updated => moment_of(key),
        }
    }
    fn measure(self, actor: &Actor) -> Option<Measure> {
        (self == Self::Size).then(|| Measure::Amount(size::of_namespace(actor)))
    }
    fn name(self) -> String {
        format!("{self:?}")
    }
    fn id(row: &namespace::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> namespace::Column {
        namespace::Column::Id
    }
}

/// The namespaces that the caller may see.
pub async fn list(caller: &Caller, args: &PageArgs<NamespaceSort>) -> Result<Page<Namespace>> {
    page(caller, rows(caller.actor()), (), args).await
}

/// How many [`list`] lists.
pub async fn count(caller: &Caller) -> Result<u64> {
    rows::<Pull, namespace::Entity>(caller.actor())
        .count(caller.db())
        .await
}

/// Those that belong to users, not to teams.
pub(in crate::registry) fn of_users(caller: &Caller) -> Rows<Pull, namespace::Entity> {
    rows::<Pull, namespace::Entity>(caller.actor())
        .narrow(|q| q.filter(namespace::Column::TeamId.is_null()))
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(
    caller: &Caller,
    ids: &[NamespaceId],
) -> Result<HashMap<NamespaceId, Namespace>> {
    let rows = rows::<Pull, namespace::Entity>(caller.actor())
        .narrow(|q| q.filter(namespace::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The namespace that has that name or, where none has, had it.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see.
pub async fn find(caller: &Caller, name: &Name) -> Result<Namespace> {
    match find_here(caller, name).await {
        Err(Error::NotFound(_)) => {
            open_where(
                caller.db(),
                caller.actor(),
                |q: Select<namespace::Entity>| {
                    q.filter(namespace::Column::Id.in_subquery(redirect::namespaces(name)))
                },
            )
            .await
        }
        found => found,
    }
}

/// The namespace that has that name now.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none that the caller may see.
pub async fn find_here(caller: &Caller, name: &Name) -> Result<Namespace> {
    open_where(
        caller.db(),
        caller.actor(),
        |q: Select<namespace::Entity>| q.filter(namespace::Column::Name.eq(name.as_str())),
    )
    .await
}

/// Makes a namespace for the caller.
///
/// # Errors
/// [`Error::Forbidden`] when the site's rule does not let the caller have that name; [`Error::Conflict`] when it is
/// taken.
pub async fn create(caller: &Caller, new: NewNamespace) -> Result<Namespace> {
    let owner = may_create(caller, &new.name)?;
    let text = description(new.description.clone())?;
    caller
        .change(async |tx| {
            let row = insert(
                tx,
                owner,
                None,
                NewNamespace {
                    description: text,
                    ..new
                },
            )
            .await?;
            let event = Event::new(
                "namespace.create",
                Target::namespace(row.id, &row.name),
                row.id,
            );
            let namespace = open::<Pull, namespace::Entity>(tx.db(), tx.actor(), row.id).await?;
            Ok(event.with(namespace))
        })
        .await
}

/// Makes a namespace for the caller, or finds their own of that name: two first pushes at once mean the same one.
///
/// # Errors
/// Those of [`create`].
pub async fn ensure(caller: &Caller, new: NewNamespace) -> Result<Namespace> {
    let name = new.name.clone();
    let taken = match create(caller, new).await {
        Err(Error::Conflict(words)) => Error::Conflict(words),
        created => return created,
    };
    let own = open_where::<Push, namespace::Entity>(caller.db(), caller.actor(), |q| {
        q.filter(namespace::Column::Name.eq(name.as_str()))
    });
    own.await.map(Granted::for_pull).map_err(|_| taken)
}

/// Who would own a namespace of that name that the caller makes.
pub(in crate::registry) fn may_create(caller: &Caller, name: &Name) -> Result<UserId> {
    let account = caller.writer()?;
    let any = caller.actor().reaches_everything(Level::Push)
        || caller.config().registry.namespace_creation == NamespaceCreation::Users;
    if any || account.name == name.as_str() {
        return Ok(account.id);
    }
    Err(Error::Forbidden(format!(
        "you may not push to the namespace {name}; push to your own, {}, or ask its owner or an administrator",
        account.name
    )))
}

pub(in crate::registry) async fn insert(
    tx: &Tx,
    owner: UserId,
    team: Option<TeamId>,
    new: NewNamespace,
) -> Result<namespace::Model> {
    let name = new.name.to_string();
    let row = namespace::ActiveModel {
        id: Set(NamespaceId(fresh_id())),
        name: Set(name.clone()),
        owner_id: Set(owner),
        team_id: Set(team),
        description: Set(new.description),
        default_visibility: Set(new.default_visibility),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        quota_bytes: Set(None),
        quota_images: Set(None),
    };
    let taken = || format!("the namespace {name} exists already");
    let row = row.insert(tx.db()).await.map_err(on_duplicate(taken))?;
    redirect::take_namespace(tx, &name).await?;
    Ok(row)
}

/// Changes a namespace of the caller.
///
/// # Errors
/// [`Error::Conflict`] when the new name is taken; those of [`open`]. A new name is subject to the rule for creating.
pub async fn update(
    caller: &Caller,
    id: NamespaceId,
    change: NamespaceChange,
) -> Result<Namespace> {
    let text = change.description.map(description).transpose()?;
    caller
        .change(async |tx| {
            let old = open::<Admin, namespace::Entity>(tx.db(), tx.actor(), id).await?;
            let mut row = (*old).clone().into_active_model();
            if let Some(name) = change.name.filter(|name| name.as_str() != old.name) {
                may_create(caller, &name)?;
                row.name = Set(name.to_string());
            }
            row.description = text.map_or(row.description, Set);
            row.default_visibility = change
                .default_visibility
                .map_or(row.default_visibility, Set);
            let event = Event::new("namespace.update", Target::namespace(id, &old.name), id);
            save(tx, &old, row, event).await
        })
        .await
}

async fn save(
    tx: &Tx,
    old: &Granted<impl Includes<Admin>, namespace::Model>,
    mut row: namespace::ActiveModel,
    event: Event,
) -> Result<crate::event::Change<Namespace>> {
    row.updated_at = Set(tx.now());
    let new = row
        .update(tx.db())
        .await
        .map_err(on_duplicate(|| "that name is taken".into()))?;
    let details = json!({"name": new.name, "old_name": old.name, "default_visibility": new.default_visibility});
    if new.name != old.name {
        redirect::take_namespace(tx, &new.name).await?;
        redirect::leave_namespace(tx, &old.name, new.id).await?;
    }
    let namespace = open::<Pull, namespace::Entity>(tx.db(), tx.actor(), new.id).await?;
    Ok(event.details(details).with(namespace))
}

/// Deletes an empty namespace of the caller.
///
/// # Errors
/// [`Error::Conflict`] while it holds collections, in the trash or not; those of [`open`].
pub async fn delete(caller: &Caller, id: NamespaceId) -> Result<()> {
    caller
        .change(async |tx| {
            let namespace = open::<Admin, namespace::Entity>(tx.db(), tx.actor(), id).await?;
            let event = Event::new(
                "namespace.delete",
                Target::namespace(id, &namespace.name),
                id,
            );
            delete_all(tx, vec![namespace]).await?;
            Ok(event.with(()))
        })
        .await
}

/// Deletes namespaces.
///
/// # Errors
/// [`Error::Conflict`] while one holds collections, in the trash or not.
pub(in crate::registry) async fn delete_all(
    tx: &Tx,
    namespaces: Vec<Granted<impl Includes<Admin>, namespace::Model>>,
) -> Result<()> {
    for namespace in &namespaces {
        super::collection::check_none_in(tx, namespace).await?;
    }
    let ids: Vec<_> = namespaces.iter().map(|namespace| namespace.id).collect();
    namespace::Entity::delete_many()
        .filter(namespace::Column::Id.is_in(ids.iter().copied()))
        .exec(tx.db())
        .await?;
    for id in ids {
        super::usage::namespace_gone(tx, id);
    }
    Ok(())
}

/// What a new collection in `namespace` gets.
pub fn default_visibility(caller: &Caller, namespace: &namespace::Model) -> Visibility {
    namespace
        .default_visibility
        .unwrap_or(match caller.config().registry.default_visibility {
            crate::config::Visibility::Public => Visibility::Public,
            crate::config::Visibility::Internal => Visibility::Internal,
            crate::config::Visibility::Private => Visibility::Private,
        })
}
