//! What containers can be sorted out by.
use sea_orm::entity::prelude::*;

use crate::id::ContainerId;

/// A container has an image with this value: an architecture, a label and so on.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_facet")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub container_id: ContainerId,
    /// What kind of value it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub value: String,
}

impl ActiveModelBehavior for ActiveModel {}
