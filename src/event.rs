//! What happened. Every change leaves one event, written with it: audit log and outbox in one.
use std::fmt;

use entity::id::{CollectionId, ContainerId, EventId, NamespaceId, UserId};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// What a change was done to: its name, and where it is. An event cannot be made without one, so none forgets whose it
/// is; see `registry::<noun>::path`, which make them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    name: String,
    /// The namespace it is, or is in.
    pub(crate) namespace: Option<NamespaceId>,
    /// The collection it is, or is in.
    pub(crate) collection: Option<CollectionId>,
    /// The container it is, or is in.
    pub(crate) container: Option<ContainerId>,
    /// The account it is, or belongs to.
    pub(crate) account: Option<UserId>,
}

impl Target {
    /// What belongs to the site alone. Only its administrators read of it.
    pub fn site(name: impl ToString) -> Self {
        Self {
            name: name.to_string(),
            namespace: None,
            collection: None,
            container: None,
            account: None,
        }
    }

    /// An account, or what belongs to it, called `name`. Whoever has the account reads of it.
    pub fn account(id: UserId, name: impl ToString) -> Self {
        Self {
            account: Some(id),
            ..Self::site(name)
        }
    }

    /// A namespace, called `name`.
    pub fn namespace(id: NamespaceId, name: impl ToString) -> Self {
        Self {
            namespace: Some(id),
            ..Self::site(name)
        }
    }

    /// A collection in this namespace.
    pub fn collection(self, id: CollectionId, name: &str) -> Self {
        Self {
            name: format!("{}/{name}", self.name),
            collection: Some(id),
            ..self
        }
    }

    /// The same place, called otherwise: as it was once.
    pub(crate) fn named(self, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..self
        }
    }

    /// A container in this collection.
    pub fn container(self, id: ContainerId, name: &str) -> Self {
        Self {
            name: format!("{}/{name}", self.name),
            container: Some(id),
            ..self
        }
    }
}

/// Its name: the path, for what has one.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// As its name, for the details of events.
impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

/// What happened, to what.
#[derive(Clone, Debug)]
pub struct Event {
    /// `<noun>.<verb>`, such as `image.push`.
    pub action: &'static str,
    /// What it was done to, or where that is.
    pub target: Target,
    /// The id of what it was done to.
    pub target_id: String,
    /// What else a reader of the log wants to know: a JSON object, without secrets.
    pub payload: Value,
    /// The id it gets; absent: a new one.
    pub(crate) id: Option<EventId>,
}

impl Event {
    /// `action` was done to what has the id `target_id`, in `target`.
    pub fn new(action: &'static str, target: Target, target_id: impl ToString) -> Self {
        Self {
            action,
            target,
            target_id: target_id.to_string(),
            payload: json!({}),
            id: None,
        }
    }

    /// The same, under an id that its consumers know already.
    pub(crate) fn called(self, id: EventId) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }

    /// The same, with details.
    pub fn details(self, payload: Value) -> Self {
        Self { payload, ..self }
    }

    /// Closes a transaction: here is the value, and this is what happened.
    pub fn with<T>(self, value: T) -> Change<T> {
        Change {
            event: Some(self),
            value,
        }
    }
}

/// The result of a write. It cannot be made without saying what happened.
#[derive(Debug)]
pub struct Change<T> {
    pub(crate) event: Option<Event>,
    pub(crate) value: T,
}

impl<T> Change<T> {
    /// The write found everything as it should be, so nothing happened.
    pub fn none(value: T) -> Self {
        Self { event: None, value }
    }
}
