//! Who pulled.
use sea_orm::entity::prelude::*;

use crate::id::{ContainerId, UserId};

/// How often a user pulled from a container on one day, in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "download_user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub container_id: ContainerId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Date,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub count: i64,
    #[sea_orm(belongs_to, from = "container_id", to = "id")]
    pub container: HasOne<super::container::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
