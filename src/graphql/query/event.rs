//! What happened.
use async_graphql::{Context, ID, InputObject, Object, Result};
use chrono::{DateTime, Utc};

use crate::{
    error::Error,
    error::Result as Outcome,
    graphql::{
        error::InField,
        id::{self, GlobalId},
        loader::caller,
        object::Event,
        page::{List, Window, cost, list},
    },
    registry::{
        Caller,
        event::{self, ByTime, EventFilter, Place},
    },
};

#[derive(Default)]
pub(super) struct EventQuery;

#[Object]
impl EventQuery {
    /// What happened, newest first: all for administrators of this server; for you, what happened in your namespaces and to
    /// your account, or in whatever else you administer if you name it in the filter. Errors: `INVALID` for a page size
    /// outside 1 to 100, a cursor of another order, more than one place or what cannot be an action; `FORBIDDEN`,
    /// `UNAUTHENTICATED` and `NOT_FOUND` for a place that is not yours.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 unless you say.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor of the same order.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many from the end: 1 to 100; not beside first.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor of the same order.")] before: Option<
            String,
        >,
        #[graphql(desc = "Which ones; all unless you say.")] filter: Option<EventFilterInput>,
    ) -> Result<List<Event>> {
        let caller = caller(ctx);
        let filter = filter.unwrap_or_default().read(caller).await?;
        let args = Window::new(first, after, last, before)?.sorted(ByTime, true);
        let page = event::list(caller, &filter, &args);
        list(ctx, page, event::count(caller, &filter)).await
    }
}

/// Which events; absent members do not narrow the list.
#[derive(InputObject, Default)]
pub(in crate::graphql) struct EventFilterInput {
    /// What this user did: their global id or name.
    actor: Option<ID>,
    /// What was done: an action such as `image.push`, or its first word, such as `image`.
    action: Option<String>,
    /// What was done to this very thing: its global id. It may be gone.
    target: Option<ID>,
    /// What happened in this namespace and anything in it: its global id or name.
    namespace: Option<ID>,
    /// What happened in this collection and anything in it: its global id or path. Not beside another place.
    collection: Option<ID>,
    /// What happened in this container: its global id or path. Not beside another place.
    container: Option<ID>,
    /// What happened then or later.
    since: Option<DateTime<Utc>>,
    /// What happened before.
    until: Option<DateTime<Utc>>,
}

impl EventFilterInput {
    async fn read(self, caller: &Caller) -> Outcome<EventFilter> {
        let actor = match &self.actor {
            Some(id) => Some(id::user(caller, id).await.in_field("filter.actor")?),
            None => None,
        };
        if let Some(action) = &self.action {
            event::check_action(action).in_field("filter.action")?;
        }
        let target = self.target.map(|id| id.parse::<GlobalId>()).transpose();
        let place = PlaceInput {
            namespace: self.namespace,
            collection: self.collection,
            container: self.container,
        };
        Ok(EventFilter {
            actor,
            action: self.action,
            target: target.in_field("filter.target")?.map(|id| id.bare()),
            place: place.read(caller, "filter").await?,
            since: self.since,
            until: self.until,
        })
    }
}

const ONE_PLACE: &str = "name one place at most";

/// Where; one member at most.
pub(in crate::graphql) struct PlaceInput {
    pub(in crate::graphql) namespace: Option<ID>,
    pub(in crate::graphql) collection: Option<ID>,
    pub(in crate::graphql) container: Option<ID>,
}

impl PlaceInput {
    /// The place that is named, if one is, by members of an argument, or by arguments themselves when it is empty.
    ///
    /// # Errors
    /// [`Error::Invalid`] for several; those of looking it up.
    pub(in crate::graphql) async fn read(
        self,
        caller: &Caller,
        argument: &str,
    ) -> Outcome<Option<Place>> {
        let field = |member: &str| match argument {
            "" => member.to_owned(),
            _ => format!("{argument}.{member}"),
        };
        match (self.namespace, self.collection, self.container) {
            (None, None, None) => Ok(None),
            (Some(id), None, None) => {
                let found = id::namespace(caller, &id).await;
                Ok(Some(Place::Namespace(found.in_field(&field("namespace"))?)))
            }
            (None, Some(id), None) => {
                let found = id::collection(caller, &id).await;
                Ok(Some(Place::Collection(
                    found.in_field(&field("collection"))?,
                )))
            }
            (None, None, Some(id)) => {
                let found = id::container(caller, &id).await;
                Ok(Some(Place::Container(found.in_field(&field("container"))?)))
            }
            _ if argument.is_empty() => Err(Error::invalid("namespace", ONE_PLACE)),
            _ => Err(Error::invalid(argument, ONE_PLACE)),
        }
    }
}
