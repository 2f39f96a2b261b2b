//! What happened: audit log and outbox in one, a row for each change.
use sea_orm::entity::prelude::*;

use crate::id::EventId;

/// A change, written in the transaction that made it.
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
}

impl ActiveModelBehavior for ActiveModel {}
