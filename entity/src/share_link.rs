//! Links that share one image with whoever has them. The secret itself is not kept, only its keyed hash.
use sea_orm::entity::prelude::*;

use crate::id::{ContainerId, ImageId, ShareLinkId, UserId};

/// A link to one image, for as long as its maker may share it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "share_link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShareLinkId,
    pub image_id: ImageId,
    /// The container of the image.
    pub container_id: ContainerId,
    pub created_by: UserId,
    /// HMAC-SHA256 of the secret under the server's secret, 64 hex digits.
    #[sea_orm(unique)]
    pub hash: String,
    /// What it is for, in the words of its maker.
    #[sea_orm(column_type = "Text")]
    pub note: String,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    /// Absent: as many as there are.
    pub max_uses: Option<i32>,
    pub uses: i64,
    pub last_used_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    #[sea_orm(belongs_to, from = "image_id", to = "id")]
    pub image: HasOne<super::image::Entity>,
    #[sea_orm(belongs_to, from = "container_id", to = "id")]
    pub container: HasOne<super::container::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
