//! What webhooks were told, or are still to be told.
use sea_orm::entity::prelude::*;

use crate::{
    id::{DeliveryId, EventId, WebhookId},
    kind::DeliveryState,
};

/// An event on its way to a webhook.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    pub webhook_id: WebhookId,
    pub event_id: EventId,
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next, if it is still pending.
    pub due_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
    /// When it was tried last.
    pub tried_at: Option<DateTimeUtc>,
    /// The status of the last answer.
    pub status: Option<i32>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// How long the last attempt took, in milliseconds.
    pub duration: Option<i32>,
    /// The beginning of the last answer.
    pub response: Option<String>,
    #[sea_orm(belongs_to, from = "webhook_id", to = "id")]
    pub webhook: HasOne<super::webhook::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
