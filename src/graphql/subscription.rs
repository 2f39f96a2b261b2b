//! The subscriptions: what happens, told while it happens.
use std::{sync::Arc, time::Duration};

use async_graphql::{Context, ErrorExtensions, ID, Result, Subscription as Root};
use futures::{
    StreamExt,
    stream::{BoxStream, unfold},
};
use tokio::{
    sync::Notify,
    time::{Interval, interval},
};

use super::{
    error::{FELL_BEHIND, InField, UNAVAILABLE},
    id,
    loader::caller,
    object::{Event, Job, Moment},
    query::event::PlaceInput,
};
use crate::{
    error::Error,
    registry::{
        Caller, JobId,
        event::{MomentKind, Place},
        job,
        live::{self, End, Listening, What},
        shown,
    },
};

/// The most actions that one subscription names.
const ACTIONS_MAX: usize = 50;

/// How often to look how far a job is, which is written down once a second.
const LOOKING: Duration = Duration::from_secs(1);

/// Told when a subscription stands: from then on it misses nothing.
#[derive(Clone, Default)]
pub(super) struct Standing(pub(super) Arc<Notify>);

pub(super) struct Subscription;

/// What happens, told while it happens: by WebSocket, as `graphql-transport-ws`, or as server-sent events, for operations that
/// are sent with `Accept: text/event-stream`.
#[Root]
impl Subscription {
    /// What happens, in order, each event once: all for administrators of this server; for you, what happens where you
    /// administer, and to your account. It ends with an error: `UNAUTHENTICATED` when your token or session ends,
    /// `FELL_BEHIND` when you take events more slowly than they happen, `UNAVAILABLE` when the server stops. Errors at the
    /// start: `INVALID` for more than one place, more than 50 actions or what cannot be one; `FORBIDDEN`,
    /// `UNAUTHENTICATED` and `NOT_FOUND` for a place that is not yours; `RATE_LIMITED` while too many listen.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "What happens in this namespace and anything in it: its global id or name."
        )]
        namespace: Option<ID>,
        #[graphql(
            desc = "What happens in this collection and anything in it: its global id or path. Not beside another place."
        )]
        collection: Option<ID>,
        #[graphql(
            desc = "What happens in this container: its global id or path. Not beside another place."
        )]
        container: Option<ID>,
        #[graphql(
            desc = "Which actions, such as image.push, or their first words, such as image: up to 50; all unless you say."
        )]
        actions: Option<Vec<String>>,
    ) -> Result<BoxStream<'static, Result<Event>>> {
        let actions = actions.unwrap_or_default();
        if actions.len() > ACTIONS_MAX {
            let why = format!("name {ACTIONS_MAX} actions at most");
            return Err(Error::invalid("actions", why).into());
        }
        let place = place(ctx, namespace, collection, container).await?;
        listen(ctx, place, What::Events(actions)).await
    }

    /// Tags that are made or pointed at another image, in the containers that you see. It ends like `events`. Errors at the
    /// start: `INVALID` for more than one place; `NOT_FOUND` for one that is hidden; `RATE_LIMITED` while too many listen.
    async fn tag_moved(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of containers in this namespace: its global id or name.")]
        namespace: Option<ID>,
        #[graphql(
            desc = "Of containers in this collection: its global id or path. Not beside another place."
        )]
        collection: Option<ID>,
        #[graphql(desc = "Of this container: its global id or path. Not beside another place.")]
        container: Option<ID>,
    ) -> Result<BoxStream<'static, Result<Moment>>> {
        let place = place(ctx, namespace, collection, container).await?;
        let kinds = vec![MomentKind::TagCreated, MomentKind::TagMoved];
        listen(ctx, place, What::Moments(kinds)).await
    }

    /// Images that arrive, in the containers that you see. It ends like `events`. Errors at the start: `INVALID` for more
    /// than one place; `NOT_FOUND` for one that is hidden; `RATE_LIMITED` while too many listen.
    async fn image_pushed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Into containers of this namespace: its global id or name.")]
        namespace: Option<ID>,
        #[graphql(
            desc = "Into containers of this collection: its global id or path. Not beside another place."
        )]
        collection: Option<ID>,
        #[graphql(desc = "Into this container: its global id or path. Not beside another place.")]
        container: Option<ID>,
    ) -> Result<BoxStream<'static, Result<Moment>>> {
        let place = place(ctx, namespace, collection, container).await?;
        listen(ctx, place, What::Moments(vec![MomentKind::ImagePushed])).await
    }

    /// How far a job is: as it is now, whenever that has changed, and last when it has ended. It ends like `events`. Errors at
    /// the start: `INVALID` for what is not the id of a job; `NOT_FOUND` for a job that is not there, and unless you administer
    /// this server; `RATE_LIMITED` while too many listen.
    async fn job_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of the job.")] id: ID,
    ) -> Result<BoxStream<'static, Result<Job>>> {
        let caller = caller(ctx).clone();
        let id = id::job(&id)?;
        job::get(&caller, id).await?;
        // Of what happens to jobs it hears little; but it is ended by what ends all who listen.
        let heard = live::listen(&caller, None, What::Events(vec!["job".to_owned()])).await?;
        stands(ctx);
        let following = Some((Following::new(caller, id), heard));
        let told = unfold(following, |following| async move {
            let (mut job, mut heard) = following?;
            match job.next(&mut heard).await? {
                Ok(row) => Some((Ok(row.into()), Some((job, heard)))),
                Err(error) => Some((Err(error), None)),
            }
        });
        Ok(told.boxed())
    }
}

/// Somebody who follows a job.
struct Following {
    caller: Caller,
    id: JobId,
    told: Option<job::Job>,
    clock: Interval,
}

impl Following {
    fn new(caller: Caller, id: JobId) -> Self {
        Self {
            caller,
            id,
            told: None,
            clock: interval(LOOKING),
        }
    }

    /// The job, as soon as it is another than was told last; `None` after its end.
    async fn next(&mut self, heard: &mut Listening) -> Option<Result<job::Job>> {
        if self.told.as_ref().is_some_and(|job| job.ended_at.is_some()) {
            return None;
        }
        loop {
            tokio::select! {
                _ = self.clock.tick() => {}
                heard = heard.next() => match heard? {
                    Ok(_) => {}
                    Err(end) => return Some(Err(reason(end))),
                },
            }
            match job::get(&self.caller, self.id).await {
                Err(error) => return Some(Err(error.into())),
                Ok(job) if self.told.as_deref().is_some_and(|told| same(told, &job)) => {}
                Ok(job) => {
                    self.told = Some(job.clone());
                    return Some(Ok(job));
                }
            }
        }
    }
}

/// Whether nothing can be seen to have changed. That its runner was heard of is no change.
fn same(told: &job::Model, now: &job::Model) -> bool {
    let of = |job: &job::Model| (job.state, job.done, job.total, job.found, job.started_at);
    of(told) == of(now)
}

async fn place(
    ctx: &Context<'_>,
    namespace: Option<ID>,
    collection: Option<ID>,
    container: Option<ID>,
) -> Result<Option<Place>> {
    let place = PlaceInput {
        namespace,
        collection,
        container,
    };
    Ok(place.read(caller(ctx), "").await?)
}

async fn listen<T: From<crate::registry::event::Event> + Send + 'static>(
    ctx: &Context<'_>,
    place: Option<Place>,
    what: What,
) -> Result<BoxStream<'static, Result<T>>> {
    let heard = live::listen(caller(ctx), place, what)
        .await
        .in_field("actions")?;
    stands(ctx);
    let told = unfold(Some(heard), |heard: Option<Listening>| async move {
        let mut heard = heard?;
        match heard.next().await? {
            Ok(event) => Some((Ok(event.into()), Some(heard))),
            Err(end) => Some((Err(reason(end)), None)),
        }
    });
    Ok(told.boxed())
}

fn stands(ctx: &Context<'_>) {
    if let Some(Standing(told)) = ctx.data_opt() {
        told.notify_one();
    }
}

/// Why nothing more is told.
fn reason(end: End) -> async_graphql::Error {
    let coded = |words: &str, code: &str| {
        async_graphql::Error::new(words).extend_with(|_, extensions| extensions.set("code", code))
    };
    match end {
        End::Credential => shown::over().into(),
        End::Behind => coded(
            "more happened than you took; subscribe again, and look up what you missed",
            FELL_BEHIND,
        ),
        End::Stopping => coded("the server stops; subscribe again soon", UNAVAILABLE),
    }
}
