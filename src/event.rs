//! What happened. Every change leaves one event, written with it: audit log and outbox in one.
use serde_json::{Value, json};

/// What happened, to what.
#[derive(Clone, Debug)]
pub struct Event {
    /// `<noun>.<verb>`, such as `image.push`.
    pub action: &'static str,
    /// What it was done to, as people name it.
    pub target: String,
    /// Its id.
    pub target_id: String,
    /// What else a reader of the log wants to know: a JSON object, without secrets.
    pub payload: Value,
}

impl Event {
    /// `action` was done to `target`.
    pub fn new(action: &'static str, target: impl ToString, target_id: impl ToString) -> Self {
        Self {
            action,
            target: target.to_string(),
            target_id: target_id.to_string(),
            payload: json!({}),
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
