//! The trash: what was deleted stays for a time, and may come back as it was.
//!
//! A deleted collection or container is marked with its entry and loses its name, so that the name is free; a deleted image
//! moves into a marked container of its own. `access` hides what is marked from everybody, and it counts nowhere; its bytes stay, because it refers to them as before. Restoring
//! takes the mark away; purging deletes the row. Who takes something out of the trash locks in the order collection, entry,
//! container, and claims the entry by deleting it, so that of two at once one finds it gone.
use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{collection, container, id::TrashId, trash};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect,
    QueryTrait, RelationTrait, Select,
    sea_query::{Expr, ExprTrait},
};

use super::{
    Caller, ContainerId, Tx,
    event::Place,
    page::{Page, PageArgs, Sort, page},
    path::plain,
};
use crate::{
    access::{Admin, Granted, Pull, Rows, open, rows},
    error::{Error, Result},
};

mod content;
mod name;
mod purge;
mod put;
mod restore;

pub(in crate::registry) use content::Content;
pub use entity::kind::TrashKind;
pub use purge::{Emptied, empty, purge, purge_due};
pub(in crate::registry) use purge::{drop_content_of, move_content_of};
pub(in crate::registry) use put::{Kept, put_collection, put_container, put_content};
pub use restore::{Restored, restore};

/// An entry that the caller may see: they may restore and purge it, too. A token that only reads sees none.
pub type Entry = Granted<Pull, trash::Model>;

/// The longest reason, in bytes.
pub const REASON_MAX: usize = 1000;

/// The order of a list of entries: as they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByDeletion;

impl Sort<trash::Entity> for ByDeletion {
    fn column(self) -> Option<trash::Column> {
        None
    }
    fn key(self, _: &trash::Model) -> String {
        String::new()
    }
    fn id(row: &trash::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> trash::Column {
        trash::Column::Id
    }
}

/// The entries of what the caller administers; those of what was in a place, if given.
pub async fn list(
    caller: &Caller,
    place: Option<Place>,
    args: &PageArgs<ByDeletion>,
) -> Result<Page<Entry>> {
    page(caller, filtered(caller, place), place, args).await
}

/// How many [`list`] lists.
pub async fn count(caller: &Caller, place: Option<Place>) -> Result<u64> {
    filtered(caller, place).count(caller.db()).await
}

fn filtered(caller: &Caller, place: Option<Place>) -> Rows<Pull, trash::Entity> {
    let rows = rows::<Pull, trash::Entity>(caller.actor());
    match place {
        None => rows,
        Some(Place::Namespace(id)) => rows.narrow(|q| {
            q.join(JoinType::InnerJoin, trash::Relation::Collection.def())
                .filter(collection::Column::NamespaceId.eq(id))
        }),
        Some(Place::Collection(id)) => {
            rows.narrow(|q| q.filter(trash::Column::CollectionId.eq(id)))
        }
        Some(Place::Container(id)) => rows.narrow(|q| {
            let of_it = Condition::any()
                .add(trash::Column::ContainerId.eq(id))
                .add(trash::Column::OriginId.eq(id));
            q.filter(of_it)
        }),
    }
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(caller: &Caller, ids: &[TrashId]) -> Result<HashMap<TrashId, Entry>> {
    let rows = rows::<Pull, trash::Entity>(caller.actor())
        .narrow(|q| q.filter(trash::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Where containers in the trash were, by themselves or with their collection, and when they go, by their ids. One statement.
pub(in crate::registry) async fn of_containers(
    caller: &Caller,
    ids: &[ContainerId],
) -> Result<HashMap<ContainerId, (String, DateTime<Utc>)>> {
    let entries = rows::<Pull, trash::Entity>(caller.actor())
        .into_select()
        .select_only()
        .column(trash::Column::Path)
        .column(trash::Column::PurgeAt)
        .column(trash::Column::ContainerId);
    let column = |column| Expr::col((container::Entity, column));
    let entry = column(container::Column::TrashId).equals((trash::Entity, trash::Column::Id));
    let mut held = QueryTrait::into_query(entries);
    held.inner_join(container::Entity, entry)
        .expr(column(container::Column::Id))
        .expr(column(container::Column::Name))
        .and_where(column(container::Column::Id).is_in(ids.iter().copied()));
    let read = |row: &sea_orm::QueryResult| {
        let (path, purge_at, itself, id, name): (
            String,
            DateTime<Utc>,
            Option<ContainerId>,
            ContainerId,
            String,
        ) = row.try_get_many_by_index()?;
        let path = match itself {
            // Behind it is the digest of what was deleted by itself.
            Some(_) => path.split('@').next().unwrap_or_default().to_owned(),
            None => format!("{path}/{name}"),
        };
        Ok((id, (path, purge_at)))
    };
    let rows = caller.db().query_all(&held).await?;
    rows.iter().map(read).collect()
}

/// The names of the tags that something had, in their order.
pub fn tags(entry: &Entry) -> Vec<&str> {
    let tags = entry.tags.as_array().into_iter().flatten();
    tags.filter_map(|tag| tag["name"].as_str()).collect()
}

/// How something is deleted.
#[derive(Clone, Debug, Default)]
pub struct Deletion {
    /// With all that is in it.
    pub with_content: bool,
    /// Why; may be empty.
    pub reason: String,
}

impl Deletion {
    /// # Errors
    /// Those of [`check_reason`].
    pub(in crate::registry) fn check(&self) -> Result<()> {
        check_reason(&self.reason)
    }
}

/// # Errors
/// [`Error::Invalid`] for a reason longer than [`REASON_MAX`].
pub(in crate::registry) fn check_reason(reason: &str) -> Result<()> {
    plain("reason", reason, REASON_MAX)
}

/// When what is deleted now goes for good; `None`: at once.
pub(in crate::registry) fn purge_at(caller: &Caller, tx: &Tx) -> Option<DateTime<Utc>> {
    let retention = caller.config().registry.trash_retention.get();
    if retention.is_zero() {
        return None;
    }
    let span = TimeDelta::from_std(retention).unwrap_or(TimeDelta::MAX);
    let latest = DateTime::<Utc>::MAX_UTC;
    Some(tx.now().checked_add_signed(span).unwrap_or(latest))
}

/// An entry, taken from all others who would restore or purge it.
///
/// # Errors
/// [`Error::NotFound`] when somebody else was faster; those of [`open`].
async fn claim(tx: &Tx, id: TrashId) -> Result<Granted<Admin, trash::Model>> {
    let entry = open::<Admin, trash::Entity>(tx.db(), tx.actor(), id).await?;
    let claimed = trash::Entity::delete_many()
        .filter(trash::Column::Id.eq(id))
        .exec(tx.db())
        .await?;
    match claimed.rows_affected {
        0 => Err(Error::NotFound("entry of the trash")),
        _ => Ok(entry),
    }
}

/// What a collection or container in the trash is called, so that its name is free. No path can name it.
fn nameless(entry: TrashId) -> String {
    format!("~{entry}")
}

/// The collection of an entry, in the trash or not.
fn collection_of(entry: &trash::Model) -> Select<collection::Entity> {
    #[expect(
        clippy::disallowed_methods,
        reason = "who administers a container may put it back where it was, seen or not"
    )]
    collection::Entity::find_by_id(entry.collection_id)
}
