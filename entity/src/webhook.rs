//! Addresses that want to be told of events.
use sea_orm::entity::prelude::*;

use crate::id::{CollectionId, ContainerId, NamespaceId, UserId, WebhookId};

/// An address that is told of the events in one place; of all on the site if it names no place.
///
/// The ids of the place refer to nothing, so that it is still told that the place is gone.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookId,
    pub namespace_id: Option<NamespaceId>,
    pub collection_id: Option<CollectionId>,
    pub container_id: Option<ContainerId>,
    pub url: String,
    /// What deliveries are signed with, sealed under the server's secret, as base64.
    pub secret: String,
    /// Names and beginnings of the actions that it wants; empty: all.
    #[sea_orm(column_type = "JsonBinary")]
    pub actions: Json,
    pub active: bool,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// Who answers for it: who made it, or switched it on since; absent when the account is gone.
    pub created_by: Option<UserId>,
    /// Since when nothing has arrived; absent when the last delivery did.
    pub failing_since: Option<DateTimeUtc>,
    /// How many deliveries failed since then.
    pub failures: i32,
    /// When the server switched it off, because nothing had arrived for long, or nobody answers for it any more.
    pub disabled_at: Option<DateTimeUtc>,
    /// No delivery is tried before.
    pub retry_at: Option<DateTimeUtc>,
    /// Until when one replica has it to itself.
    pub claimed_until: Option<DateTimeUtc>,
    /// Which claim that is.
    pub claim: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
