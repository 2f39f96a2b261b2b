//! Whether those who made webhooks may still listen where these do. What somebody may no longer see they are not told
//! either, nor what happens after they were kept out.
use std::collections::{HashMap, HashSet};

use entity::{
    collection, container,
    id::{CollectionId, ContainerId, NamespaceId, UserId, WebhookId},
    namespace, user, webhook,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, Set};
use serde_json::json;

use super::{place, target_of};
use crate::{
    access::{Actor, Guarded, Level, identity, internal, levels},
    error::Result,
    event::{Change, Event},
    registry::{Caller, event::Place, user::account},
};

/// Of some webhooks, those whose makers are accounts that may sign in and administer the place, or the site. Whoever
/// listened where nothing is any more is still told that it went. Some statements for each maker.
pub(super) async fn entitled(
    db: &impl ConnectionTrait,
    hooks: &[webhook::Model],
) -> Result<HashSet<WebhookId>> {
    let mut entitled = HashSet::new();
    if hooks.is_empty() {
        return Ok(entitled);
    }
    let there = administered(db, &site(), &hooks.iter().collect::<Vec<_>>()).await?;
    for (maker, actor) in makers(db, hooks).await? {
        let made = hooks.iter().filter(|hook| hook.created_by == Some(maker));
        let made: Vec<_> = made.collect();
        let theirs = administered(db, &actor, &made).await?;
        let may = |hook: &&&webhook::Model| match place(hook) {
            Some(place) => theirs.contains(&place) || !there.contains(&place),
            None => actor.is_site_admin(),
        };
        entitled.extend(made.iter().filter(may).map(|hook| hook.id));
    }
    Ok(entitled)
}

/// Those who made them, as far as they may sign in.
async fn makers(
    db: &impl ConnectionTrait,
    hooks: &[webhook::Model],
) -> Result<HashMap<UserId, Actor>> {
    let ids: HashSet<UserId> = hooks.iter().filter_map(|hook| hook.created_by).collect();
    let makers = identity::<user::Entity>()
        .filter(user::Column::Id.is_in(ids))
        .filter(user::Column::DisabledAt.is_null())
        .all(db)
        .await?;
    let actor = |row: user::Model| (row.id, Actor::User(account(row)));
    Ok(makers.into_iter().map(actor).collect())
}

/// Everything that is there.
fn site() -> Actor {
    #[expect(
        clippy::disallowed_methods,
        reason = "what is gone is told apart from what is hidden from a maker"
    )]
    Actor::system("webhook")
}

/// The places of these webhooks that an actor administers.
async fn administered(
    db: &impl ConnectionTrait,
    actor: &Actor,
    hooks: &[&webhook::Model],
) -> Result<HashSet<Place>> {
    let (mut namespaces, mut collections, mut containers) = (vec![], vec![], vec![]);
    for hook in hooks {
        match place(hook) {
            Some(Place::Namespace(id)) => namespaces.push(id.0),
            Some(Place::Collection(id)) => collections.push(id.0),
            Some(Place::Container(id)) => containers.push(id.0),
            None => {}
        }
    }
    let namespaces = of::<namespace::Entity>(db, actor, namespaces).await?;
    let collections = of::<collection::Entity>(db, actor, collections).await?;
    let containers = of::<container::Entity>(db, actor, containers).await?;
    let namespaces = namespaces
        .into_iter()
        .map(|id| Place::Namespace(NamespaceId(id)));
    let collections = collections
        .into_iter()
        .map(|id| Place::Collection(CollectionId(id)));
    let containers = containers
        .into_iter()
        .map(|id| Place::Container(ContainerId(id)));
    Ok(namespaces.chain(collections).chain(containers).collect())
}

/// Those of `ids` that an actor administers. One statement, or none for none.
async fn of<E: Guarded>(
    db: &impl ConnectionTrait,
    actor: &Actor,
    ids: Vec<i64>,
) -> Result<Vec<i64>> {
    let levels = match ids.is_empty() {
        true => HashMap::new(),
        false => levels::<E>(db, actor, ids).await?,
    };
    let far = |(id, level)| (level == Level::Admin).then_some(id);
    Ok(levels.into_iter().filter_map(far).collect())
}

/// Switches off a webhook whose maker may not listen there any more; leaves it alone if they may, after all.
pub(super) async fn disable(caller: &Caller, id: WebhookId) -> Result<()> {
    caller
        .change(async |tx| {
            let hook = internal::<webhook::Entity>()
                .filter(webhook::Column::Id.eq(id))
                .filter(super::switched_on())
                .one(tx.db())
                .await?;
            let Some(hook) = hook else {
                return Ok(Change::none(()));
            };
            if !entitled(tx.db(), std::slice::from_ref(&hook))
                .await?
                .is_empty()
            {
                return Ok(Change::none(()));
            }
            let target = target_of(tx, &hook).await?;
            let mut row = hook.into_active_model();
            row.disabled_at = Set(Some(tx.now()));
            row.claim = Set(None);
            row.claimed_until = Set(None);
            row.update(tx.db()).await?;
            let why = "whoever answers for it no longer administers the place";
            Ok(Event::new("webhook.disable", target, id)
                .details(json!({"why": why}))
                .with(()))
        })
        .await
}
