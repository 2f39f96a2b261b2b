//! Images whose labels are still to be kept apart, because they came before that was done.
use sea_orm::entity::prelude::*;

use crate::id::ImageId;

/// An image that waits for its labels.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "image_unlabelled")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub image_id: ImageId,
}

impl ActiveModelBehavior for ActiveModel {}
