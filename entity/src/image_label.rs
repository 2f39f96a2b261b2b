//! Labels of images, to find images by.
use sea_orm::entity::prelude::*;

use crate::id::ImageId;

/// A label that an image carries. Those that are very long are only in its inspection.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "image_label")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub image_id: ImageId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub value: String,
}

impl ActiveModelBehavior for ActiveModel {}
