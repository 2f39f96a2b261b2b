//! Webhooks: addresses that are told of what happens in a namespace, a collection, a container or on the site.
mod address;
mod delivery;
mod maker;
mod queue;
mod secret;

use std::collections::HashMap;

use entity::{collection, container, id::WebhookId, namespace, webhook};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, IntoActiveModel, ModelTrait, QueryFilter, Set,
};
use serde_json::{Value, json};

use super::{
    Caller, Tx, collection as collections, container as containers,
    event::{Place, check_action},
    fresh_id,
    page::{Page, PageArgs, Sort, page},
};
use crate::{
    access::{Admin, Granted, Pull, Rows, open, rows},
    error::{Error, Result},
    event::{Event, Target},
};

pub use address::is_open;
pub use delivery::{ByAge, Delivery, deliveries_by_ids, ping, redeliver};
pub use queue::{Claimed, Outcome, Sending, claim, clean, dispatch, next, note, release};

/// A webhook that the caller may see.
pub type Webhook = Granted<Pull, webhook::Model>;

/// How many actions one webhook may name.
const ACTIONS_MAX: usize = 50;

/// What a new webhook gets.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Where it listens; absent: on the whole site.
    pub place: Option<Place>,
    /// Where it sends.
    pub url: String,
    /// What it signs with; absent: a new one.
    pub secret: Option<String>,
    /// Names and first words of the actions it wants; empty: all.
    pub actions: Vec<String>,
}

/// What changes; absent fields stay.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    /// Where it sends.
    pub url: Option<String>,
    /// What it signs with; `Some(None)`: a new one.
    pub secret: Option<Option<String>>,
    /// The actions it wants.
    pub actions: Option<Vec<String>>,
    /// Whether it sends. Switching it on forgets what failed.
    pub active: Option<bool>,
}

/// The order of webhooks: that in which they were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByCreation;

impl Sort<webhook::Entity> for ByCreation {
    fn column(self) -> Option<webhook::Column> {
        None
    }
    fn key(self, _: &webhook::Model) -> String {
        String::new()
    }
    fn id(row: &webhook::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> webhook::Column {
        webhook::Column::Id
    }
}

/// Where a webhook listens; `None`: on the whole site.
pub fn place(webhook: &webhook::Model) -> Option<Place> {
    let namespace = webhook.namespace_id.map(Place::Namespace);
    let collection = webhook.collection_id.map(Place::Collection);
    let container = webhook.container_id.map(Place::Container);
    namespace.or(collection).or(container)
}

/// Those that the server tells of events.
fn switched_on() -> Condition {
    Condition::all()
        .add(webhook::Column::Active.eq(true))
        .add(webhook::Column::DisabledAt.is_null())
}

/// The names and first words of the actions that it wants; empty: all.
pub fn actions(webhook: &webhook::Model) -> Vec<&str> {
    let actions = webhook.actions.as_array().into_iter().flatten();
    actions.filter_map(Value::as_str).collect()
}

/// The webhooks that the caller may see; those of a place, if given.
pub async fn list(
    caller: &Caller,
    place: Option<Place>,
    args: &PageArgs<ByCreation>,
) -> Result<Page<Webhook>> {
    page(caller, listed(caller, place), place, args).await
}

/// How many [`list`] lists.
pub async fn count(caller: &Caller, place: Option<Place>) -> Result<u64> {
    listed(caller, place).count(caller.db()).await
}

fn listed(caller: &Caller, place: Option<Place>) -> Rows<Pull, webhook::Entity> {
    let rows = rows::<Pull, webhook::Entity>(caller.actor());
    match place {
        Some(_) => rows.narrow(|q| q.filter(listening(place))),
        None => rows,
    }
}

/// The webhooks that listen exactly there.
fn listening(place: Option<Place>) -> Condition {
    Condition::all().add(match place {
        Some(Place::Namespace(id)) => webhook::Column::NamespaceId.eq(id),
        Some(Place::Collection(id)) => webhook::Column::CollectionId.eq(id),
        Some(Place::Container(id)) => webhook::Column::ContainerId.eq(id),
        None => {
            return Condition::all()
                .add(webhook::Column::NamespaceId.is_null())
                .add(webhook::Column::CollectionId.is_null())
                .add(webhook::Column::ContainerId.is_null());
        }
    })
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(caller: &Caller, ids: &[WebhookId]) -> Result<HashMap<WebhookId, Webhook>> {
    let rows = rows::<Pull, webhook::Entity>(caller.actor())
        .narrow(|q| q.filter(webhook::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Makes a webhook, and tells its secret, once.
///
/// # Errors
/// [`Error::Invalid`] for a URL that leads to where only this server can go, and other inputs that are wrong;
/// [`Error::Conflict`] when the place has as many as it may; [`Error::Forbidden`] for the site, from anybody but its
/// administrators; those of [`open`] for the place.
pub async fn create(caller: &Caller, new: NewWebhook) -> Result<(Webhook, String)> {
    // Whoever may not make one need not learn which names this server can resolve.
    caller.account()?;
    if let Some(place) = new.place {
        place.check(caller).await?;
    } else {
        of_site(caller)?;
    }
    let url = address::check(caller.config(), &new.url).await?;
    check_actions(&new.actions)?;
    let words = new.secret.unwrap_or_else(secret::generate);
    secret::key(&words)?;
    let sealed = |id| secret::seal(caller, id, &words);
    let made = caller
        .change(async |tx| {
            let target = target(tx, new.place).await?;
            let most = u64::from(caller.config().webhook.max_per_place);
            let there = rows::<Pull, webhook::Entity>(tx.actor())
                .narrow(|q| q.filter(listening(new.place)));
            if there.count(tx.db()).await? >= most {
                let why = format!("there are {most} webhooks already; delete one first");
                return Err(Error::Conflict(why));
            }
            let id = WebhookId(fresh_id());
            let row = row(tx, id, new.place, &url).await;
            let row = webhook::ActiveModel {
                secret: Set(sealed(id)),
                actions: Set(json!(new.actions)),
                ..row
            };
            row.insert(tx.db()).await?;
            let webhook = open::<Pull, webhook::Entity>(tx.db(), tx.actor(), id).await?;
            Ok(Event::new("webhook.create", target, id)
                .details(told(&webhook))
                .with(webhook))
        })
        .await?;
    Ok((made, words))
}

async fn row(tx: &Tx, id: WebhookId, place: Option<Place>, url: &url::Url) -> webhook::ActiveModel {
    let (mut namespace, mut collection, mut container) = (None, None, None);
    match place {
        Some(Place::Namespace(id)) => namespace = Some(id),
        Some(Place::Collection(id)) => collection = Some(id),
        Some(Place::Container(id)) => container = Some(id),
        None => {}
    }
    webhook::ActiveModel {
        id: Set(id),
        namespace_id: Set(namespace),
        collection_id: Set(collection),
        container_id: Set(container),
        url: Set(url.to_string()),
        active: Set(true),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        created_by: Set(tx.actor().account().map(|account| account.id)),
        failures: Set(0),
        ..Default::default()
    }
}

/// The place itself, as events name it, for those who administer it.
async fn target(tx: &Tx, place: Option<Place>) -> Result<Target> {
    let (db, actor) = (tx.db(), tx.actor());
    match place {
        Some(Place::Namespace(id)) => {
            let row = open::<Admin, namespace::Entity>(db, actor, id).await?;
            Ok(Target::namespace(row.id, &row.name))
        }
        Some(Place::Collection(id)) => {
            let row = open::<Admin, collection::Entity>(db, actor, id).await?;
            collections::path(tx, &row).await
        }
        Some(Place::Container(id)) => {
            let row = open::<Admin, container::Entity>(db, actor, id).await?;
            containers::path(tx, &row).await
        }
        None => Ok(Target::site("site")),
    }
}

fn of_site(caller: &Caller) -> Result<()> {
    match caller.actor().is_site_admin() {
        true => Ok(()),
        false => Err(Error::Forbidden(
            "only an administrator may do this for the whole site; name a place of yours".into(),
        )),
    }
}

fn check_actions(actions: &[String]) -> Result<()> {
    if actions.len() > ACTIONS_MAX {
        return Err(Error::invalid(
            "actions",
            format!("name {ACTIONS_MAX} at most"),
        ));
    }
    let checked = actions.iter().try_for_each(|action| check_action(action));
    checked.map_err(|error| match error {
        Error::Invalid { why, .. } => Error::invalid("actions", why),
        other => other,
    })
}

/// What the log says of a webhook: paths and parameters of URLs may be secrets.
fn told(webhook: &webhook::Model) -> Value {
    let url = url::Url::parse(&webhook.url);
    let origin = url.map(|url| url.origin().ascii_serialization());
    json!({"origin": origin.unwrap_or_default(), "actions": webhook.actions, "active": webhook.active})
}

/// Changes a webhook of the caller, and tells its new secret, if it gets one. Whoever switches it on answers for it from then on.
///
/// # Errors
/// [`Error::Invalid`] for inputs that are wrong; those of [`open`].
pub async fn update(
    caller: &Caller,
    id: WebhookId,
    change: WebhookChange,
) -> Result<(Webhook, Option<String>)> {
    open::<Admin, webhook::Entity>(caller.db(), caller.actor(), id).await?;
    let url = match &change.url {
        Some(url) => Some(address::check(caller.config(), url).await?.to_string()),
        None => None,
    };
    check_actions(change.actions.as_deref().unwrap_or_default())?;
    let words = change
        .secret
        .map(|given| given.unwrap_or_else(secret::generate));
    words.as_deref().map(secret::key).transpose()?;
    let webhook = caller
        .change(async |tx| {
            let old = open::<Admin, webhook::Entity>(tx.db(), tx.actor(), id).await?;
            let target = target_of(tx, &old).await?;
            let mut row = (*old).clone().into_active_model();
            row.url = url.map_or(row.url, Set);
            row.actions = change
                .actions
                .map_or(row.actions, |actions| Set(json!(actions)));
            if let Some(words) = &words {
                row.secret = Set(secret::seal(caller, id, words));
            }
            if let Some(active) = change.active {
                row.active = Set(active);
                row.disabled_at = Set(None);
                row.failing_since = Set(None);
                row.failures = Set(0);
                row.retry_at = Set(None);
                if let Some(account) = tx.actor().account().filter(|_| active) {
                    row.created_by = Set(Some(account.id));
                }
            }
            row.updated_at = Set(tx.now());
            let new = row.update(tx.db()).await?;
            Ok(Event::new("webhook.update", target, id)
                .details(told(&new))
                .with(old.for_pull().replaced(new)))
        })
        .await?;
    Ok((webhook, words))
}

/// Where a webhook listens, as events name it; what is gone leaves it with the site.
async fn target_of(tx: &Tx, webhook: &webhook::Model) -> Result<Target> {
    match target(tx, place(webhook)).await {
        Err(Error::NotFound(_)) => Ok(Target::site(webhook.id)),
        found => found,
    }
}

/// Deletes a webhook of the caller with its log. What it was not told yet it is never told.
///
/// # Errors
/// Those of [`open`].
pub async fn delete(caller: &Caller, id: WebhookId) -> Result<()> {
    caller
        .change(async |tx| {
            let webhook = open::<Admin, webhook::Entity>(tx.db(), tx.actor(), id).await?;
            let target = target_of(tx, &webhook).await?;
            let told = told(&webhook);
            webhook.into_row().delete(tx.db()).await?;
            Ok(Event::new("webhook.delete", target, id)
                .details(told)
                .with(()))
        })
        .await
}
