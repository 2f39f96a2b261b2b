//! Uploads of blobs under way.
use sea_orm::entity::prelude::*;

use crate::id::{BlobUploadId, ContainerId, UserId};

/// An upload of one blob to a container, in chunks that follow each other.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blob_upload")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BlobUploadId,
    pub container_id: ContainerId,
    pub user_id: UserId,
    /// How many bytes have arrived.
    pub received: i64,
    pub created_at: DateTimeUtc,
    /// Moves on with every chunk.
    pub expires_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
