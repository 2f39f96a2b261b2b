//! Teams: people who own namespaces together.
use std::collections::HashMap;

use entity::{
    collection,
    id::{TeamId, UserId},
    kind::TeamRole,
    namespace, team, team_member,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, IntoActiveModel, JoinType, ModelTrait, QueryFilter, QuerySelect,
    RelationTrait, Select, Set, sea_query::LockType,
};
use serde_json::json;

use super::{
    Caller, Tx,
    database::on_duplicate,
    fresh_id,
    namespace::{self as namespaces, NewNamespace},
    page::{Page, PageArgs, Sort, page},
    path::{Name, description},
};
use crate::{
    access::{Admin, Granted, Guarded, Level, Pull, Rows, open, open_where, rows},
    config::TeamCreation,
    error::{Error, Result},
    event::{Event, Target},
};

pub mod invitation;
pub mod member;
mod succession;

pub(in crate::registry) use succession::succeed;

/// A team that the caller may see.
pub type Team = Granted<Pull, team::Model>;

/// What a new team gets, besides a namespace of the same name.
#[derive(Clone, Debug)]
pub struct NewTeam {
    /// Unique.
    pub name: Name,
    /// Free text.
    pub description: String,
}

/// What changes; absent fields stay.
#[derive(Clone, Debug, Default)]
pub struct TeamChange {
    /// A new name. The namespaces of the team keep theirs.
    pub name: Option<Name>,
    /// A new description.
    pub description: Option<String>,
    /// Whether whoever is signed in may join.
    pub open: Option<bool>,
}

/// The orders of a list of teams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TeamSort {
    /// By name.
    #[default]
    Name,
    /// By the time of creation.
    Created,
}

impl Sort<team::Entity> for TeamSort {
    fn column(self) -> Option<team::Column> {
        (self == Self::Name).then_some(team::Column::Name)
    }
    fn key(self, row: &team::Model) -> String {
        row.name.clone()
    }
    fn id(row: &team::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> team::Column {
        team::Column::Id
    }
}

/// The teams that the caller may see; those with `user` in them, if given, as far as the caller may know.
pub async fn list(
    caller: &Caller,
    user: Option<UserId>,
    args: &PageArgs<TeamSort>,
) -> Result<Page<Team>> {
    page(caller, of_user(caller, user), user, args).await
}

/// How many [`list`] lists.
pub async fn count(caller: &Caller, user: Option<UserId>) -> Result<u64> {
    of_user(caller, user).count(caller.db()).await
}

fn of_user(caller: &Caller, user: Option<UserId>) -> Rows<Pull, team::Entity> {
    let rows = rows::<Pull, team::Entity>(caller.actor());
    let Some(user) = user else { return rows };
    rows.narrow(|q| {
        q.join(JoinType::InnerJoin, team_member::Relation::Team.def().rev())
            .filter(team_member::Column::UserId.eq(user))
            .filter(team_member::Entity::reach(caller.actor(), Level::Pull))
    })
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(caller: &Caller, ids: &[TeamId]) -> Result<HashMap<TeamId, Team>> {
    let rows = rows::<Pull, team::Entity>(caller.actor())
        .narrow(|q| q.filter(team::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The team of that name.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or nobody is signed in.
pub async fn find(caller: &Caller, name: &Name) -> Result<Team> {
    open_where(caller.db(), caller.actor(), |q: Select<team::Entity>| {
        q.filter(team::Column::Name.eq(name.as_str()))
    })
    .await
}

/// Makes a team with the caller as its first maintainer, and its namespace.
///
/// # Errors
/// [`Error::Forbidden`] when the site lets only administrators do that; [`Error::Conflict`] when a team or a namespace
/// has that name.
pub async fn create(caller: &Caller, new: NewTeam) -> Result<Team> {
    let maker = may_create(caller)?;
    let text = description(new.description)?;
    caller
        .change(async |tx| {
            let row = insert(tx, &new.name, text).await?;
            let own = NewNamespace {
                name: new.name.clone(),
                description: String::new(),
                default_visibility: None,
            };
            namespaces::insert(tx, maker, Some(row.id), own).await?;
            member::insert(tx, row.id, maker, TeamRole::Maintainer).await?;
            let team = open::<Pull, team::Entity>(tx.db(), tx.actor(), row.id).await?;
            Ok(Event::new("team.create", Target::site(&row.name), row.id).with(team))
        })
        .await
}

fn may_create(caller: &Caller) -> Result<UserId> {
    let account = caller.writer()?;
    let anybody = caller.config().registry.team_creation == TeamCreation::Users;
    if anybody || caller.actor().is_site_admin() {
        return Ok(account.id);
    }
    Err(Error::Forbidden(
        "only an administrator may make teams on this server; ask one".into(),
    ))
}

async fn insert(tx: &Tx, name: &Name, description: String) -> Result<team::Model> {
    let row = team::ActiveModel {
        id: Set(TeamId(fresh_id())),
        name: Set(name.to_string()),
        description: Set(description),
        open: Set(false),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    let words = || format!("the team {name} exists already");
    row.insert(tx.db()).await.map_err(on_duplicate(words))
}

/// Changes a team of the caller.
///
/// # Errors
/// [`Error::Conflict`] when the new name is taken; those of [`open`].
pub async fn update(caller: &Caller, id: TeamId, change: TeamChange) -> Result<Team> {
    let text = change.description.map(description).transpose()?;
    caller
        .change(async |tx| {
            let old = open::<Admin, team::Entity>(tx.db(), tx.actor(), id).await?;
            let mut row = (*old).clone().into_active_model();
            row.name = change.name.map_or(row.name, |name| Set(name.to_string()));
            row.description = text.map_or(row.description, Set);
            row.open = change.open.map_or(row.open, Set);
            row.updated_at = Set(tx.now());
            let taken = on_duplicate(|| "that name is taken".into());
            let new = row.update(tx.db()).await.map_err(taken)?;
            let event = Event::new("team.update", Target::site(&old.name), id);
            Ok(event
                .details(json!({"name": new.name, "open": new.open}))
                .with(old.for_pull().replaced(new)))
        })
        .await
}

/// Deletes a team of the caller with its empty namespaces, invitations and grants.
///
/// # Errors
/// [`Error::Conflict`] while one of its namespaces holds a collection; those of [`open`].
pub async fn delete(caller: &Caller, id: TeamId) -> Result<()> {
    caller
        .change(async |tx| {
            lock(tx, id).await?;
            let team = open::<Admin, team::Entity>(tx.db(), tx.actor(), id).await?;
            let namespaces = empty_namespaces(tx, &team).await?;
            let names: Vec<_> = namespaces.iter().map(|row| row.name.clone()).collect();
            namespaces::delete_all(tx, namespaces).await?;
            let event = Event::new("team.delete", Target::site(&team.name), id);
            team.into_row().delete(tx.db()).await?;
            Ok(event.details(json!({"namespaces": names})).with(()))
        })
        .await
}

/// The namespaces of a team, none of which holds anything until the end of the transaction.
async fn empty_namespaces(
    tx: &Tx,
    team: &Granted<Admin, team::Model>,
) -> Result<Vec<Granted<Admin, namespace::Model>>> {
    let namespaces = rows::<Admin, namespace::Entity>(tx.actor())
        .narrow(|q| {
            q.filter(namespace::Column::TeamId.eq(team.id))
                .lock(LockType::Update)
        })
        .all(tx.db())
        .await?;
    let ids = namespaces.iter().map(|namespace| namespace.id);
    let full = rows::<Pull, collection::Entity>(tx.actor())
        .narrow(|q| {
            q.filter(collection::Column::NamespaceId.is_in(ids))
                .limit(1)
        })
        .one(tx.db())
        .await?;
    if full.is_some() {
        let why = format!(
            "the team {} owns namespaces with collections in them; delete those or transfer them first",
            team.name
        );
        return Err(Error::Conflict(why));
    }
    Ok(namespaces)
}

/// Keeps others from changing who is in a team until the end of the transaction. First of all, so that what is read
/// afterwards stays true.
async fn lock(tx: &Tx, id: TeamId) -> Result<()> {
    rows::<Pull, team::Entity>(tx.actor())
        .narrow(|q| {
            q.filter(team::Column::Id.eq(id))
                .lock(LockType::NoKeyUpdate)
        })
        .one(tx.db())
        .await?;
    Ok(())
}
