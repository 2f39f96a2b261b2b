//! What containers were called and where they were before they were renamed or moved.
use sea_orm::entity::prelude::*;

use crate::id::{CollectionId, ContainerId};

/// An old place of a container, until something new takes it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "container_redirect")]
pub struct Model {
    /// Where it was.
    #[sea_orm(primary_key, auto_increment = false)]
    pub collection_id: CollectionId,
    /// What it was called.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// What is meant.
    pub target_id: ContainerId,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
