//! What happened, for those who may know: the audit log, and the history of a container.
use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    collection, container, event,
    id::{CollectionId, ContainerId, EventId, ImageId, NamespaceId, UserId},
    namespace,
};
use sea_orm::{
    ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait, LikeExpr},
};
use serde_json::Value;

use super::{
    Caller,
    id::first_id_at,
    page::{Page, PageArgs, Sort, page},
};
use crate::{
    access::{Actor, Admin, Granted, Pull, Rows, open, rows},
    error::{Error, Result},
};

/// An event that the caller may know of.
pub type Event = Granted<Pull, event::Model>;

/// The order of events: that in which they were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByTime;

impl Sort<event::Entity> for ByTime {
    fn column(self) -> Option<event::Column> {
        None
    }
    fn key(self, _: &event::Model) -> String {
        String::new()
    }
    fn id(row: &event::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> event::Column {
        event::Column::Id
    }
}

/// Where something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In a namespace or anything in it.
    Namespace(NamespaceId),
    /// In a collection or anything in it.
    Collection(CollectionId),
    /// In a container or anything in it.
    Container(ContainerId),
}

impl Place {
    /// The events that happened there.
    pub(in crate::registry) fn events(self) -> Condition {
        Condition::all().add(match self {
            Self::Namespace(id) => event::Column::NamespaceId.eq(id),
            Self::Collection(id) => event::Column::CollectionId.eq(id),
            Self::Container(id) => event::Column::ContainerId.eq(id),
        })
    }

    /// Succeeds for those who administer it.
    ///
    /// # Errors
    /// Those of [`open`]. Site administrators may name what is gone.
    pub(in crate::registry) async fn check(self, caller: &Caller) -> Result<()> {
        let (db, actor) = (caller.db(), caller.actor());
        if actor.is_site_admin() {
            return Ok(());
        }
        match self {
            Self::Namespace(id) => open::<Admin, namespace::Entity>(db, actor, id)
                .await
                .map(drop),
            Self::Collection(id) => open::<Admin, collection::Entity>(db, actor, id)
                .await
                .map(drop),
            Self::Container(id) => open::<Admin, container::Entity>(db, actor, id)
                .await
                .map(drop),
        }
    }
}

/// Which events a list holds; absent fields do not narrow it.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// What this account did.
    pub actor: Option<UserId>,
    /// An action, such as `image.push`, or its first word, such as `image`.
    pub action: Option<String>,
    /// What was done to the thing of this id.
    pub target: Option<String>,
    /// What happened there.
    pub place: Option<Place>,
    /// What happened then or later.
    pub since: Option<DateTime<Utc>>,
    /// What happened before.
    pub until: Option<DateTime<Utc>>,
}

/// The events that the caller may know of: all of the site for its administrators; for others what happened where they
/// administer, and to their account. Without a place, "where" means their namespaces.
///
/// # Errors
/// [`Error::Invalid`] for what cannot be an action; those of [`open`] for a place that is not the caller's.
pub async fn list(
    caller: &Caller,
    filter: &EventFilter,
    args: &PageArgs<ByTime>,
) -> Result<Page<Event>> {
    page(caller, filtered(caller, filter).await?, filter, args).await
}

/// How many [`list`] lists.
///
/// # Errors
/// Those of [`list`].
pub async fn count(caller: &Caller, filter: &EventFilter) -> Result<u64> {
    filtered(caller, filter).await?.count(caller.db()).await
}

async fn filtered(caller: &Caller, filter: &EventFilter) -> Result<Rows<Pull, event::Entity>> {
    let action = filter.action.as_deref().map(of_action).transpose()?;
    let place = match filter.place {
        Some(place) => {
            place.check(caller).await?;
            Some(place.events())
        }
        None => near(caller).await?,
    };
    let filters = [
        filter.actor.map(|id| event::Column::ActorId.eq(id)),
        filter
            .target
            .as_deref()
            .map(|id| event::Column::TargetId.eq(id)),
        action,
        filter.since.map(since),
        filter.until.map(until),
    ];
    let narrow = |q: Select<event::Entity>| {
        let q = filters.into_iter().flatten().fold(q, QueryFilter::filter);
        match place {
            Some(place) => q.filter(place),
            None => q,
        }
    };
    Ok(rows::<Pull, event::Entity>(caller.actor()).narrow(narrow))
}

/// What leads a database to the events of somebody who administers little: without it, it would look through all there
/// are. The policy decides nevertheless.
async fn near(caller: &Caller) -> Result<Option<Condition>> {
    if caller.actor().is_site_admin() {
        return Ok(None);
    }
    let own: Vec<NamespaceId> = rows::<Admin, namespace::Entity>(caller.actor())
        .into_select()
        .select_only()
        .column(namespace::Column::Id)
        .order_by_asc(namespace::Column::Id)
        .limit(OWN_MAX)
        .into_tuple()
        .all(caller.db())
        .await?;
    let near = Condition::any().add(event::Column::NamespaceId.is_in(own));
    Ok(Some(match caller.actor().account() {
        Some(account) => near.add(event::Column::AccountId.eq(account.id)),
        None => near,
    }))
}

/// Of how many namespaces somebody reads at once who names none.
const OWN_MAX: u64 = 1000;
/// The longest action.
const ACTION_MAX: usize = 64;

fn of_action(action: &str) -> Result<Expr> {
    check_action(action)?;
    Ok(match action.contains('.') {
        true => event::Column::Action.eq(action),
        false => {
            let pattern = format!("{}.%", action.replace('_', "\\_"));
            event::Column::Action.like(LikeExpr::new(pattern).escape('\\'))
        }
    })
}

/// Succeeds for what may be an action, `<noun>.<verb>`, or its noun.
///
/// # Errors
/// [`Error::Invalid`] for anything else.
pub fn check_action(action: &str) -> Result<()> {
    let plain =
        |word: &str| !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
    let good = match action.split_once('.') {
        Some((noun, verb)) => plain(noun) && plain(verb),
        None => plain(action),
    };
    if good && action.len() <= ACTION_MAX {
        return Ok(());
    }
    let why = "must be an action such as image.push, or its first word";
    Err(Error::invalid("action", why))
}

/// Ids grow with time, so a bound on them leads to the first row without looking at the others.
fn since(at: DateTime<Utc>) -> Expr {
    event::Column::At
        .gte(at)
        .and(event::Column::Id.gte(first_id_at(at)))
}

/// An event gets its id when its transaction ends, which may be a while after the moment that it tells.
fn until(at: DateTime<Utc>) -> Expr {
    let last = at.checked_add_signed(TimeDelta::hours(1)).unwrap_or(at);
    event::Column::At
        .lt(at)
        .and(event::Column::Id.lt(first_id_at(last)))
}

/// Those of `ids` that the caller may know of. One statement.
pub async fn by_ids(caller: &Caller, ids: &[EventId]) -> Result<HashMap<EventId, Event>> {
    let rows = rows::<Pull, event::Entity>(caller.actor())
        .narrow(|q| q.filter(event::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The address that an event came from, for site administrators and for whoever did it.
pub fn client<'a>(caller: &Caller, event: &'a event::Model) -> Option<&'a str> {
    let own = caller.actor().account().map(|account| account.id);
    let known = caller.actor().is_site_admin() || (own.is_some() && own == event.actor_id);
    event.client.as_deref().filter(|_| known)
}

/// What can be told of a container to whoever sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MomentKind {
    /// It was made.
    Created,
    /// It got another name.
    Renamed,
    /// It went to another collection.
    Moved,
    /// It came back out of the trash.
    Restored,
    /// Its description changed.
    Described,
    /// Its README, licence, source or citation changed.
    AboutChanged,
    /// It got other topics.
    TopicsChanged,
    /// It was said to be deprecated.
    Deprecated,
    /// It was said to be deprecated no longer.
    Undeprecated,
    /// It was frozen.
    Frozen,
    /// It was unfrozen.
    Unfrozen,
    /// Other tags of it are immutable.
    Protected,
    /// An image arrived.
    ImagePushed,
    /// An image was copied to it from another container.
    ImagePromoted,
    /// An image was said to be deprecated.
    ImageDeprecated,
    /// An image was said to be deprecated no longer.
    ImageUndeprecated,
    /// An image went.
    ImageDeleted,
    /// An image came back out of the trash.
    ImageRestored,
    /// A manifest arrived that describes no SIF image.
    ManifestPushed,
    /// A manifest went.
    ManifestDeleted,
    /// A manifest came back out of the trash.
    ManifestRestored,
    /// A tag was made.
    TagCreated,
    /// A tag moved to another image.
    TagMoved,
    /// A tag went.
    TagDeleted,
}

/// The actions in the history of a container. What is not listed is for its administrators alone.
const SHOWN: [&str; 23] = [
    "container.create",
    "container.update",
    "container.move",
    "container.restore",
    "container.describe",
    "container.topics",
    "container.deprecate",
    "container.undeprecate",
    "container.freeze",
    "container.unfreeze",
    "container.protect",
    "image.push",
    "image.adopt",
    "image.promote",
    "image.restore",
    "manifest.restore",
    "image.deprecate",
    "image.undeprecate",
    "image.delete",
    "manifest.push",
    "manifest.delete",
    "tag.set",
    "tag.delete",
];

/// Something in the history of a container that the caller may see.
#[derive(Clone, Debug)]
pub struct Moment(event::Model);

impl From<Event> for Moment {
    fn from(event: Event) -> Self {
        Self(event.into_row())
    }
}

impl Moment {
    /// Its id.
    pub fn id(&self) -> EventId {
        self.0.id
    }

    /// When it was.
    pub fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// The account that did it.
    pub fn actor(&self) -> Option<UserId> {
        self.0.actor_id
    }

    /// What it was.
    pub fn kind(&self) -> MomentKind {
        Self::kind_of(&self.0)
    }

    /// Whether this is told to whoever sees the container.
    pub(in crate::registry) fn is_told(event: &event::Model) -> bool {
        event.container_id.is_some() && SHOWN.contains(&event.action.as_str())
    }

    /// What an event is in the history of a container.
    pub(in crate::registry) fn kind_of(event: &event::Model) -> MomentKind {
        let text = |member| text(event, member);
        match event.action.as_str() {
            "container.create" => MomentKind::Created,
            "container.update" => match text("old_name") {
                Some(old) if Some(old) != text("name") => MomentKind::Renamed,
                _ => MomentKind::Described,
            },
            "container.move" => MomentKind::Moved,
            "container.restore" => MomentKind::Restored,
            "container.describe" => MomentKind::AboutChanged,
            "container.topics" => MomentKind::TopicsChanged,
            "container.deprecate" => MomentKind::Deprecated,
            "container.undeprecate" => MomentKind::Undeprecated,
            "container.freeze" => MomentKind::Frozen,
            "container.unfreeze" => MomentKind::Unfrozen,
            "container.protect" => MomentKind::Protected,
            "image.promote" => MomentKind::ImagePromoted,
            "image.deprecate" => MomentKind::ImageDeprecated,
            "image.undeprecate" => MomentKind::ImageUndeprecated,
            "image.delete" => MomentKind::ImageDeleted,
            "image.restore" => MomentKind::ImageRestored,
            "manifest.restore" => MomentKind::ManifestRestored,
            "manifest.push" if text("kind") != Some("sif") => MomentKind::ManifestPushed,
            "manifest.delete" => MomentKind::ManifestDeleted,
            "tag.set" if text("was").is_none() => MomentKind::TagCreated,
            "tag.set" => MomentKind::TagMoved,
            "tag.delete" => MomentKind::TagDeleted,
            _ => MomentKind::ImagePushed,
        }
    }

    /// The tags that it was done to or with, each once, in the order of letters.
    pub fn tags(&self) -> Vec<&str> {
        let several = self.0.payload["tags"].as_array().into_iter().flatten();
        let one = self.0.payload.get("tag").into_iter();
        let tags: BTreeSet<&str> = several.chain(one).filter_map(Value::as_str).collect();
        tags.into_iter().collect()
    }

    /// The image that was copied from elsewhere, which the caller may not see.
    pub fn promoted(&self) -> Option<ImageId> {
        let from = self.text("from")?;
        let promoted = self.kind() == MomentKind::ImagePromoted;
        promoted.then(|| from.parse().ok()).flatten()
    }

    /// A text of its details: `arch`, `digest`, the ids `image` and `was` of the images that a tag points and pointed at,
    /// `name` and `old_name` of the container.
    pub fn text(&self, member: &str) -> Option<&str> {
        text(&self.0, member)
    }
}

fn text<'a>(event: &'a event::Model, member: &str) -> Option<&'a str> {
    let value = event.payload.get(member).and_then(Value::as_str);
    value.filter(|text| !text.is_empty())
}

/// What can be told of the containers that somebody sees.
pub(in crate::registry) fn moments(actor: &Actor) -> Rows<Pull, event::Entity> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the log is for administrators, but these actions are no secret to whoever sees the container"
    )]
    let site = Actor::system("history");
    let seen = rows::<Pull, container::Entity>(actor)
        .into_select()
        .select_only()
        .column(container::Column::Id)
        .into_query();
    rows::<Pull, event::Entity>(&site).narrow(|q| {
        q.filter(event::Column::ContainerId.in_subquery(seen))
            .filter(event::Column::Action.is_in(SHOWN))
    })
}
