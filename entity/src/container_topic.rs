//! Topics: words that people put on containers.
use sea_orm::entity::prelude::*;

use crate::id::ContainerId;

/// A word on a container.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "container_topic")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub container_id: ContainerId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub topic: String,
    #[sea_orm(belongs_to, from = "container_id", to = "id")]
    pub container: HasOne<super::container::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
