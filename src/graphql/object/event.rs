//! What happened, for administrators.
use async_graphql::{Context, Enum, ID, Json, Object, Result};
use chrono::{DateTime, Utc};

use super::{Node, User};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{caller, load},
        query::node::find,
    },
    registry::event,
};

/// An event that the caller may know of.
#[derive(Clone)]
pub(in crate::graphql) struct Event(pub event::Event);

impl From<event::Event> for Event {
    fn from(row: event::Event) -> Self {
        Self(row)
    }
}

/// Who did something.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ActorKind {
    /// Somebody with an account.
    User,
    /// Somebody who was not signed in.
    Anonymous,
    /// The server itself, or somebody at its console.
    System,
}

/// Something that happened: every change leaves one. You see what happened where you administer, and to your account.
#[Object]
impl Event {
    /// The global id, `event:<id>`.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Event(self.0.id).into()
    }

    /// When it was.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// What was done, `<noun>.<verb>`, such as `image.push`.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// Who did it; null when it was no account, and when the account is gone.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.actor_id {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// What kind of actor did it.
    async fn actor_kind(&self) -> ActorKind {
        match self.0.actor.split(':').next() {
            Some("user") => ActorKind::User,
            Some("system") => ActorKind::System,
            _ => ActorKind::Anonymous,
        }
    }

    /// The job of the server that did it, such as `gc`; null for people.
    async fn job(&self) -> Option<&str> {
        self.0.actor.strip_prefix("system:")
    }

    /// What it was done to, or where that is, as it was called then, such as `alice/tools/hello`.
    async fn target_name(&self) -> &str {
        &self.0.target
    }

    /// What it was done to; null when that is gone, or you may not see it.
    async fn target(&self, ctx: &Context<'_>) -> Result<Option<Node>> {
        let noun = self.0.action.split('.').next().unwrap_or_default();
        match format!("{noun}:{}", self.0.target_id).parse() {
            // It would answer with itself, and ask again.
            Ok(GlobalId::Event(_)) | Err(_) => Ok(None),
            Ok(id) => find(ctx, id).await,
        }
    }

    /// The request that caused it, as in the log of the server and in the header `X-Request-Id`.
    async fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// The address that the request came from; null unless you did it or administer this server, and when no request did
    /// it.
    async fn client_address(&self, ctx: &Context<'_>) -> Option<&str> {
        event::client(caller(ctx), &self.0)
    }

    /// What else there is to say, as a JSON object that depends on the action; without secrets.
    async fn details(&self) -> Json<&serde_json::Value> {
        Json(&self.0.payload)
    }
}
