//! Tags: names of images, one image for each architecture.
use sea_orm::entity::prelude::*;

use crate::id::{ContainerId, ImageId, TagId, UserId};

/// A name that points at an image of the same container.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tag")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TagId,
    pub container_id: ContainerId,
    /// Unique with container and name; empty when the architecture is unknown.
    pub arch: String,
    pub name: String,
    pub image_id: ImageId,
    pub created_at: DateTimeUtc,
    /// When it last moved.
    pub updated_at: DateTimeUtc,
    pub updated_by: Option<UserId>,
    #[sea_orm(belongs_to, from = "container_id", to = "id")]
    pub container: HasOne<super::container::Entity>,
    #[sea_orm(belongs_to, from = "image_id", to = "id")]
    pub image: HasOne<super::image::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
