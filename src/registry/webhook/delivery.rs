//! The log of deliveries, and what people may do with it.
use std::collections::HashMap;

use entity::{
    delivery,
    id::{DeliveryId, EventId, WebhookId},
    kind::DeliveryState,
    webhook,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, Set};
use serde_json::json;

use super::{
    super::{Caller, Tx, fresh_id, page::Sort},
    target_of,
};
use crate::{
    access::{Admin, Granted, Pull, open, rows},
    error::{Error, Result},
    event::Event,
};

/// A delivery that the caller may see.
pub type Delivery = Granted<Pull, delivery::Model>;

/// The order of deliveries: that of the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByAge;

impl Sort<delivery::Entity> for ByAge {
    fn column(self) -> Option<delivery::Column> {
        None
    }
    fn key(self, _: &delivery::Model) -> String {
        String::new()
    }
    fn id(row: &delivery::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> delivery::Column {
        delivery::Column::Id
    }
}

/// Those of `ids` that the caller may see. One statement.
pub async fn deliveries_by_ids(
    caller: &Caller,
    ids: &[DeliveryId],
) -> Result<HashMap<DeliveryId, Delivery>> {
    let rows = rows::<Pull, delivery::Entity>(caller.actor())
        .narrow(|q| q.filter(delivery::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Has something sent to a webhook of the caller, whatever actions it wants, to see whether it arrives.
///
/// # Errors
/// [`Error::Conflict`] while it is switched off; those of [`open`].
pub async fn ping(caller: &Caller, id: WebhookId) -> Result<Delivery> {
    caller
        .change(async |tx| {
            let webhook = open::<Admin, webhook::Entity>(tx.db(), tx.actor(), id).await?;
            check_on(&webhook)?;
            let event = EventId(fresh_id());
            let row = waiting(tx, id, event);
            let delivery = row.id.clone().take().expect("it was just set");
            row.insert(tx.db()).await?;
            let delivery = open::<Pull, delivery::Entity>(tx.db(), tx.actor(), delivery).await?;
            Ok(
                Event::new("webhook.ping", target_of(tx, &webhook).await?, id)
                    .called(event)
                    .with(delivery),
            )
        })
        .await
}

/// Has a delivery to a webhook of the caller sent once more, under the same id.
///
/// # Errors
/// [`Error::Conflict`] while the webhook is switched off, and for a delivery that is pending; those of [`open`].
pub async fn redeliver(caller: &Caller, id: DeliveryId) -> Result<Delivery> {
    caller
        .change(async |tx| {
            let delivery = open::<Admin, delivery::Entity>(tx.db(), tx.actor(), id).await?;
            let webhook = delivery.webhook_id;
            let webhook = open::<Admin, webhook::Entity>(tx.db(), tx.actor(), webhook).await?;
            check_on(&webhook)?;
            if delivery.state == DeliveryState::Pending {
                return Err(Error::Conflict("it is waiting to be sent already".into()));
            }
            let mut row = (*delivery).clone().into_active_model();
            row.state = Set(DeliveryState::Pending);
            // It may have been given up for its age; now it is as good as new.
            row.created_at = Set(tx.now());
            row.due_at = Set(tx.now());
            row.attempts = Set(0);
            let row = row.update(tx.db()).await?;
            let details = json!({"delivery": id.to_string()});
            Ok(Event::new(
                "webhook.redeliver",
                target_of(tx, &webhook).await?,
                webhook.id,
            )
            .details(details)
            .with(delivery.for_pull().replaced(row)))
        })
        .await
}

fn check_on(webhook: &webhook::Model) -> Result<()> {
    match webhook.active && webhook.disabled_at.is_none() {
        true => Ok(()),
        false => Err(Error::Conflict(
            "the webhook is switched off; switch it on first".into(),
        )),
    }
}

/// An event that is to be told to a webhook.
pub(super) fn waiting(tx: &Tx, webhook: WebhookId, event: EventId) -> delivery::ActiveModel {
    delivery::ActiveModel {
        id: Set(DeliveryId(fresh_id())),
        webhook_id: Set(webhook),
        event_id: Set(event),
        state: Set(DeliveryState::Pending),
        attempts: Set(0),
        due_at: Set(tx.now()),
        created_at: Set(tx.now()),
        tried_at: Set(None),
        status: Set(None),
        error: Set(None),
        duration: Set(None),
        response: Set(None),
    }
}
