//! Uploads under way.
use sea_orm::entity::prelude::*;

use crate::id::{ImageId, UploadId, UserId};

/// An upload of the bytes of one image.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upload")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UploadId,
    pub image_id: ImageId,
    pub user_id: UserId,
    /// What the client announced, in bytes.
    pub size: i64,
    /// In bytes; all parts but the last have this size.
    pub part_size: i64,
    pub part_count: i32,
    pub created_at: DateTimeUtc,
    /// Moves on with every part, so that a slow link has as long as it needs.
    pub expires_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "image_id", to = "id")]
    pub image: HasOne<super::image::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
