//! Which blobs a container holds.
use sea_orm::entity::prelude::*;

use crate::id::ContainerId;

/// A blob that was brought to a container. Who may pull from the container may have the blob.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "container_blob")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub container_id: ContainerId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: String,
    /// Collection leaves young ones alone, since their manifest is still to come.
    pub linked_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "container_id", to = "id")]
    pub container: HasOne<super::container::Entity>,
    #[sea_orm(belongs_to, from = "digest", to = "digest")]
    pub blob: HasOne<super::blob::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
