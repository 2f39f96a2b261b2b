//! From the log of events to webhooks: events become deliveries, and deliveries are taken, tried and noted.
//!
//! Handing out happens in one transaction at a time on the whole site, so that the positions of events grow in the order in
//! which readers see them. What one replica has taken others leave alone until the claim runs out: whatever dies,
//! each event is told at least once.
use std::time::Duration;

use aws_lc_rs::hmac;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64;
use entity::{
    delivery, event,
    id::{DeliveryId, EventId, UserId, WebhookId},
    kind::DeliveryState,
    user, webhook,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Set,
    sea_query::{CaseStatement, Expr, ExprTrait, LockBehavior, LockType},
};
use serde_json::json;

use super::{
    super::{
        Caller, Tx,
        database::{Turn, take_turn},
        fresh_id,
        secret::random_bytes,
    },
    actions,
    delivery::waiting,
    maker, secret, switched_on, target_of,
};
use crate::{
    access::{identity, internal},
    error::Result,
    event::{Change, Event},
};

/// How many events are handed out at once.
const BATCH: u64 = 200;
/// How much longer than one delivery a claim lasts.
const MARGIN: Duration = Duration::from_secs(60);
/// The longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(3600);
/// How much of an answer is kept, in bytes.
const RESPONSE_MAX: usize = 2048;
/// How many deliveries of one webhook the log holds.
const LOG_MAX: u64 = 1000;

/// Hands out events that nobody was told of yet, and tells how many. The server's own job calls this.
///
/// # Errors
/// [`Error::Unavailable`](crate::error::Error::Unavailable) when the database does not answer.
pub async fn dispatch(caller: &Caller) -> Result<usize> {
    let waiting = undispatched(1).all(caller.db()).await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let (count, refused) = caller
        .change(async |tx| {
            take_turn(tx.db(), Turn::Dispatch).await?;
            let events = undispatched(BATCH).all(tx.db()).await?;
            let refused = hand_out(tx, &events).await?;
            number(tx, &events).await?;
            Ok(Change::none((events.len(), refused)))
        })
        .await?;
    caller.bell().numbered();
    for hook in refused {
        maker::disable(caller, hook).await?;
    }
    Ok(count)
}

fn undispatched(most: u64) -> sea_orm::Select<event::Entity> {
    internal::<event::Entity>()
        .filter(event::Column::DispatchedAt.is_null())
        .order_by_asc(event::Column::Id)
        .limit(most)
}

/// Writes a delivery for each webhook that wants an event. Those whose makers may not listen any more get none; they are told.
async fn hand_out(tx: &Tx, events: &[event::Model]) -> Result<Vec<WebhookId>> {
    let hooks = listeners(tx, events).await?;
    let entitled = maker::entitled(tx.db(), &hooks).await?;
    let (hooks, refused): (Vec<_>, Vec<_>) = hooks
        .into_iter()
        .partition(|hook| entitled.contains(&hook.id));
    let wanted = |event: &event::Model| {
        let event = event.clone();
        let hooks = hooks.iter().filter(move |hook| wants(hook, &event));
        hooks.map(|hook| hook.id).collect::<Vec<_>>()
    };
    let rows: Vec<_> = events
        .iter()
        .flat_map(|event| wanted(event).into_iter().map(move |hook| (hook, event.id)))
        .map(|(hook, event)| waiting(tx, hook, event))
        .collect();
    for rows in rows.chunks(500) {
        delivery::Entity::insert_many(rows.to_vec())
            .exec_without_returning(tx.db())
            .await?;
    }
    Ok(refused.into_iter().map(|hook| hook.id).collect())
}

/// The webhooks that listen where any of these events happened.
async fn listeners(tx: &Tx, events: &[event::Model]) -> Result<Vec<webhook::Model>> {
    let site = Condition::all()
        .add(webhook::Column::NamespaceId.is_null())
        .add(webhook::Column::CollectionId.is_null())
        .add(webhook::Column::ContainerId.is_null());
    let there = Condition::any()
        .add(site)
        .add(webhook::Column::NamespaceId.is_in(events.iter().filter_map(|e| e.namespace_id)))
        .add(webhook::Column::CollectionId.is_in(events.iter().filter_map(|e| e.collection_id)))
        .add(webhook::Column::ContainerId.is_in(events.iter().filter_map(|e| e.container_id)));
    Ok(internal::<webhook::Entity>()
        .filter(switched_on())
        .filter(there)
        .all(tx.db())
        .await?)
}

/// Whether a webhook listens where this happened, and wants to know. What it was pinged with was written to it directly.
fn wants(hook: &webhook::Model, event: &event::Model) -> bool {
    let elsewhere = (hook.namespace_id.is_some() && hook.namespace_id != event.namespace_id)
        || (hook.collection_id.is_some() && hook.collection_id != event.collection_id)
        || (hook.container_id.is_some() && hook.container_id != event.container_id)
        || event.at < hook.created_at;
    let noun = event.action.split('.').next().unwrap_or_default();
    let wanted = actions(hook);
    let named =
        wanted.is_empty() || wanted.contains(&event.action.as_str()) || wanted.contains(&noun);
    !elsewhere && named && event.action != "webhook.ping"
}

/// Gives events their positions, behind all that have one.
async fn number(tx: &Tx, events: &[event::Model]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let last: Option<Option<i64>> = internal::<event::Entity>()
        .select_only()
        .expr(event::Column::Position.max())
        .into_tuple()
        .one(tx.db())
        .await?;
    let first = last.flatten().unwrap_or(0) + 1;
    let mut position = CaseStatement::new();
    for (place, event) in (first..).zip(events) {
        position = position.case(event::Column::Id.eq(event.id), place);
    }
    event::Entity::update_many()
        .col_expr(event::Column::DispatchedAt, Expr::value(tx.now()))
        .col_expr(event::Column::Position, position.into())
        .filter(event::Column::Id.is_in(events.iter().map(|event| event.id)))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// A webhook that this process has to itself for a while.
#[derive(Clone, Debug)]
pub struct Claimed {
    id: WebhookId,
    claim: i64,
    key: hmac::Key,
    /// Where it sends.
    pub url: String,
}

impl Claimed {
    /// The signature of a message of Standard Webhooks: `<id>.<seconds>.<body>`.
    pub fn sign(&self, message: &[u8]) -> String {
        format!(
            "v1,{}",
            BASE64.encode(hmac::sign(&self.key, message).as_ref())
        )
    }
}

/// What is sent to a webhook.
#[derive(Clone, Debug)]
pub struct Sending {
    /// The delivery; the same at each attempt.
    pub id: DeliveryId,
    attempts: i32,
    created_at: DateTime<Utc>,
    /// What happened.
    pub event: event::Model,
    /// Who did it, if the account is still there.
    pub actor: Option<String>,
}

/// What came of an attempt.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The status of the answer.
    pub status: Option<u16>,
    /// Why there was none.
    pub error: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// The beginning of the answer.
    pub response: String,
}

impl Outcome {
    fn arrived(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether nothing else would arrive either, so that what follows had better wait, too.
    fn is_down(&self) -> bool {
        self.status
            .is_none_or(|status| status >= 500 || matches!(status, 408 | 425 | 429))
    }
}

/// Takes a webhook for which something is due, if there is one that nobody else has.
///
/// # Errors
/// [`Error::Unavailable`](crate::error::Error::Unavailable) when the database does not answer.
pub async fn claim(caller: &Caller) -> Result<Option<Claimed>> {
    if due(caller.now()).one(caller.db()).await?.is_none() {
        return Ok(None);
    }
    let hook = caller
        .change(async |tx| {
            let free = due(tx.now()).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
            let Some(hook) = free.one(tx.db()).await? else {
                return Ok(Change::none(None));
            };
            let mut row = hook.into_active_model();
            row.claim = Set(Some(fresh_id()));
            row.claimed_until = Set(Some(tx.now() + lease(caller)));
            Ok(Change::none(Some(row.update(tx.db()).await?)))
        })
        .await?;
    hook.map(|hook| opened(caller, hook)).transpose()
}

fn opened(caller: &Caller, hook: webhook::Model) -> Result<Claimed> {
    let key = secret::open(caller, hook.id, &hook.secret)?;
    Ok(Claimed {
        id: hook.id,
        claim: hook.claim.unwrap_or_default(),
        key: hmac::Key::new(hmac::HMAC_SHA256, &key),
        url: hook.url,
    })
}

fn lease(caller: &Caller) -> TimeDelta {
    let span = caller.config().webhook.timeout.get() + MARGIN;
    TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)
}

/// The webhooks for which something is due, and that nobody has.
fn due(now: DateTime<Utc>) -> sea_orm::Select<webhook::Entity> {
    let past =
        |column: webhook::Column| Condition::any().add(column.is_null()).add(column.lte(now));
    let work = pending(now)
        .select_only()
        .expr(Expr::val(1))
        .filter(
            Expr::col(delivery::Column::WebhookId.as_column_ref())
                .equals(webhook::Column::Id.as_column_ref()),
        )
        .into_query();
    internal::<webhook::Entity>()
        .filter(switched_on())
        .filter(past(webhook::Column::RetryAt))
        .filter(past(webhook::Column::ClaimedUntil))
        .filter(Expr::exists(work))
        .order_by_asc(webhook::Column::Id)
        .limit(1)
}

fn pending(now: DateTime<Utc>) -> sea_orm::Select<delivery::Entity> {
    // Written out, so that the index of what is pending fits.
    internal::<delivery::Entity>()
        .filter(Expr::cust("\"delivery\".\"state\" = 'pending'"))
        .filter(delivery::Column::DueAt.lte(now))
}

/// The oldest delivery that is due to this webhook; `None`: nothing is, the claim has run out, or whoever made it may not
/// listen any more, by which it is switched off.
///
/// # Errors
/// [`Error::Unavailable`](crate::error::Error::Unavailable) when the database does not answer.
pub async fn next(caller: &Caller, claimed: &Claimed) -> Result<Option<Sending>> {
    let mine = internal::<webhook::Entity>()
        .filter(webhook::Column::Id.eq(claimed.id))
        .filter(webhook::Column::Claim.eq(claimed.claim))
        .filter(webhook::Column::ClaimedUntil.gt(caller.now()))
        .filter(switched_on());
    let Some(hook) = mine.one(caller.db()).await? else {
        return Ok(None);
    };
    if maker::entitled(caller.db(), &[hook]).await?.is_empty() {
        maker::disable(caller, claimed.id).await?;
        return Ok(None);
    }
    let found = pending(caller.now())
        .filter(delivery::Column::WebhookId.eq(claimed.id))
        .order_by_asc(delivery::Column::Id)
        .one(caller.db())
        .await?;
    let Some(row) = found else {
        return Ok(None);
    };
    let Some(event) = by_id(caller, row.event_id).await? else {
        return Ok(None);
    };
    Ok(Some(Sending {
        id: row.id,
        attempts: row.attempts,
        created_at: row.created_at,
        actor: name(caller, event.actor_id).await?,
        event,
    }))
}

async fn by_id(caller: &Caller, id: EventId) -> Result<Option<event::Model>> {
    let found = internal::<event::Entity>().filter(event::Column::Id.eq(id));
    Ok(found.one(caller.db()).await?)
}

async fn name(caller: &Caller, id: Option<UserId>) -> Result<Option<String>> {
    let Some(id) = id else {
        return Ok(None);
    };
    let found = identity::<user::Entity>().filter(user::Column::Id.eq(id));
    Ok(found.one(caller.db()).await?.map(|user| user.name))
}

/// Writes down what came of an attempt, and tells whether the webhook can be told more at once.
///
/// An address that does not answer is left alone for a while, longer each time, and then told everything in order; one that
/// refuses a single event is told the others meanwhile.
///
/// # Errors
/// [`Error::Unavailable`](crate::error::Error::Unavailable) when the database does not answer.
pub async fn note(
    caller: &Caller,
    claimed: &Claimed,
    sending: &Sending,
    outcome: &Outcome,
) -> Result<bool> {
    caller
        .change(async |tx| {
            let hook = internal::<webhook::Entity>()
                .filter(webhook::Column::Id.eq(claimed.id))
                .filter(webhook::Column::Claim.eq(claimed.claim))
                .one(tx.db())
                .await?;
            let Some(hook) = hook else {
                return Ok(Change::none(false));
            };
            keep(tx, caller, sending, outcome).await?;
            let on = go_on(tx, caller, hook, outcome).await?;
            Ok(on)
        })
        .await
}

/// What the log says of the attempt, and when the next one is.
async fn keep(tx: &Tx, caller: &Caller, sending: &Sending, outcome: &Outcome) -> Result<()> {
    let attempts = sending.attempts + 1;
    let old = sending.created_at <= caller.ago(caller.config().webhook.give_up_after.get());
    let state = match (outcome.arrived(), old) {
        (true, _) => DeliveryState::Delivered,
        (false, true) => DeliveryState::Failed,
        (false, false) => DeliveryState::Pending,
    };
    let due = match outcome.is_down() {
        true => tx.now(),
        false => tx.now() + pause(caller, attempts),
    };
    let took = i32::try_from(outcome.took.as_millis()).unwrap_or(i32::MAX);
    delivery::Entity::update_many()
        .set(delivery::ActiveModel {
            state: Set(state),
            attempts: Set(attempts),
            due_at: Set(due),
            tried_at: Set(Some(tx.now())),
            status: Set(outcome.status.map(i32::from)),
            error: Set(outcome.error.clone()),
            duration: Set(Some(took)),
            response: Set(Some(beginning(&outcome.response))),
            ..Default::default()
        })
        .filter(delivery::Column::Id.eq(sending.id))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// What databases can keep of an answer.
fn beginning(text: &str) -> String {
    let mut end = text.len().min(RESPONSE_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].replace('\0', "\u{fffd}")
}

async fn go_on(
    tx: &Tx,
    caller: &Caller,
    hook: webhook::Model,
    outcome: &Outcome,
) -> Result<Change<bool>> {
    let mut row = hook.clone().into_active_model();
    if outcome.arrived() {
        row.failing_since = Set(None);
        row.failures = Set(0);
        row.claimed_until = Set(Some(tx.now() + lease(caller)));
        row.update(tx.db()).await?;
        return Ok(Change::none(true));
    }
    let since = hook.failing_since.unwrap_or(tx.now());
    let failures = hook.failures.saturating_add(1);
    row.failing_since = Set(Some(since));
    row.failures = Set(failures);
    let dead = since <= caller.ago(caller.config().webhook.disable_after.get());
    if dead {
        row.disabled_at = Set(Some(tx.now()));
    }
    if outcome.is_down() || dead {
        row.retry_at = Set(Some(tx.now() + pause(caller, failures)));
        row.claim = Set(None);
        row.claimed_until = Set(None);
    }
    row.update(tx.db()).await?;
    if dead {
        let details = json!({"failing_since": since, "failures": failures});
        let target = target_of(tx, &hook).await?;
        return Ok(Event::new("webhook.disable", target, hook.id)
            .details(details)
            .with(false));
    }
    Ok(Change::none(!outcome.is_down()))
}

/// The pause after so many failures: doubling, and up to a quarter longer by chance, so that not all come back at once.
fn pause(caller: &Caller, failures: i32) -> TimeDelta {
    let first = caller.config().webhook.first_retry.get();
    let doublings = failures.saturating_sub(1).clamp(0, 20);
    let pause = first.saturating_mul(1 << doublings);
    let pause = std::cmp::Ord::min(pause, PAUSE_MAX);
    let [chance] = random_bytes::<1>();
    let pause = pause + pause.mul_f64(f64::from(chance) / 1024.0);
    TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX)
}

/// Gives a webhook back, so that others may take it at once.
///
/// # Errors
/// [`Error::Unavailable`](crate::error::Error::Unavailable) when the database does not answer.
pub async fn release(caller: &Caller, claimed: &Claimed) -> Result<()> {
    let _turn = caller.turn_to_write().await;
    webhook::Entity::update_many()
        .col_expr(
            webhook::Column::ClaimedUntil,
            Expr::value(None::<DateTime<Utc>>),
        )
        .filter(webhook::Column::Id.eq(claimed.id))
        .filter(webhook::Column::Claim.eq(claimed.claim))
        .exec(caller.db())
        .await?;
    Ok(())
}

/// Shortens the log, and forgets webhooks of what is gone once they were told so. Tells how many rows went.
///
/// # Errors
/// [`Error::Unavailable`](crate::error::Error::Unavailable) when the database does not answer.
pub async fn clean(caller: &Caller) -> Result<u64> {
    let old = caller.ago(caller.config().webhook.log_retention.get());
    let turn = caller.turn_to_write().await;
    let aged = delivery::Entity::delete_many()
        .filter(delivery::Column::CreatedAt.lt(old))
        .exec(caller.db())
        .await?;
    drop(turn);
    let mut gone = aged.rows_affected;
    let hooks: Vec<WebhookId> = internal::<webhook::Entity>()
        .select_only()
        .column(webhook::Column::Id)
        .into_tuple()
        .all(caller.db())
        .await?;
    for hook in hooks {
        gone += shorten(caller, hook).await?;
    }
    Ok(gone)
}

async fn shorten(caller: &Caller, hook: WebhookId) -> Result<u64> {
    let last: Option<DeliveryId> = internal::<delivery::Entity>()
        .filter(delivery::Column::WebhookId.eq(hook))
        .order_by_desc(delivery::Column::Id)
        .offset(LOG_MAX)
        .select_only()
        .column(delivery::Column::Id)
        .into_tuple()
        .one(caller.db())
        .await?;
    let Some(last) = last else {
        return Ok(0);
    };
    let _turn = caller.turn_to_write().await;
    let gone = delivery::Entity::delete_many()
        .filter(delivery::Column::WebhookId.eq(hook))
        .filter(delivery::Column::Id.lte(last))
        .filter(delivery::Column::State.ne(DeliveryState::Pending))
        .exec(caller.db())
        .await?;
    Ok(gone.rows_affected)
}
