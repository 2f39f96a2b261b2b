//! What happened: audit log and outbox in one, a row for each change.
use sea_orm::entity::prelude::*;

use crate::id::{CollectionId, ContainerId, EventId, NamespaceId, UserId};

/// A change, written in the transaction that made it.
///
/// The ids refer to nothing: what happened stays told when what it happened to is gone.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    pub at: DateTimeUtc,
    /// `user:<id>`, `anonymous` or `system:<job>`.
    pub actor: String,
    /// `<noun>.<verb>`, such as `image.push`.
    pub action: String,
    /// What it was done to, as people name it, such as `alice/tools/hello`.
    pub target: String,
    /// The id of the target.
    pub target_id: String,
    /// The request that caused it, as in the log and in `X-Request-Id`.
    pub request_id: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json,
    /// When it was handed to its consumers.
    pub dispatched_at: Option<DateTimeUtc>,
    /// The account that did it, if one did.
    pub actor_id: Option<UserId>,
    /// The address that the request came from, if one did.
    pub client: Option<String>,
    /// The namespace that it happened in.
    pub namespace_id: Option<NamespaceId>,
    /// The collection that it happened in.
    pub collection_id: Option<CollectionId>,
    /// The container that it happened in.
    pub container_id: Option<ContainerId>,
    /// The account that it is about.
    pub account_id: Option<UserId>,
    /// Its place among all events, in the order in which they were handed to their consumers; absent until then.
    #[sea_orm(unique)]
    pub position: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
