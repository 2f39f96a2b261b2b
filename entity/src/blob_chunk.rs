//! Chunks of uploads of blobs.
use sea_orm::entity::prelude::*;

use crate::id::BlobUploadId;

/// A chunk that has arrived, staged in storage.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blob_chunk")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub upload_id: BlobUploadId,
    /// The place of its first byte in the blob.
    #[sea_orm(primary_key, auto_increment = false)]
    pub start: i64,
    /// Where its bytes are staged.
    pub staged: String,
    /// In bytes.
    pub size: i64,
    /// `sha256:<64 hex digits>` of the chunk.
    pub digest: String,
}

impl ActiveModelBehavior for ActiveModel {}
