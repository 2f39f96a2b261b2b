//! Images: a blob in a container.
use sea_orm::entity::prelude::*;

use crate::id::{ContainerId, ImageId, UserId};

/// An image, announced by its digest and, once uploaded, backed by a blob.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "image")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ImageId,
    pub container_id: ContainerId,
    /// `sha256:<64 hex digits>` of the whole file, unique in its container.
    pub digest: String,
    pub description: String,
    /// The digest again, as a reference to the blob; absent until the bytes are stored.
    pub blob: Option<String>,
    /// In bytes; 0 until uploaded.
    pub size: i64,
    /// As Go names it (`amd64`); absent when the image does not tell.
    pub arch: Option<String>,
    pub signed: bool,
    pub encrypted: bool,
    pub created_at: DateTimeUtc,
    pub uploaded_at: Option<DateTimeUtc>,
    /// Who announced it; absent when the account is gone.
    pub created_by: Option<UserId>,
    /// How often it was pulled.
    pub downloads: i64,
    pub last_pulled_at: Option<DateTimeUtc>,
    #[sea_orm(belongs_to, from = "container_id", to = "id")]
    pub container: HasOne<super::container::Entity>,
    #[sea_orm(has_many)]
    pub tags: HasMany<super::tag::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
