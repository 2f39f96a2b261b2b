//! Parts of uploads that have arrived whole.
use sea_orm::entity::prelude::*;

use crate::id::UploadId;

/// A part, staged in storage.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upload_part")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub upload_id: UploadId,
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    /// Where its bytes are staged.
    pub staged: String,
    /// In bytes.
    pub size: i64,
    /// `sha256:<64 hex digits>` of the part.
    pub digest: String,
    #[sea_orm(belongs_to, from = "upload_id", to = "id")]
    pub upload: HasOne<super::upload::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
