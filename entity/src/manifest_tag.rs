//! Tags as OCI clients know them: one manifest each.
use sea_orm::entity::prelude::*;

use crate::id::{ContainerId, ManifestId, UserId};

/// A name that points at a manifest of the same container.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manifest_tag")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub container_id: ContainerId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub manifest_id: ManifestId,
    /// When it last moved.
    pub updated_at: DateTimeUtc,
    pub updated_by: Option<UserId>,
    #[sea_orm(belongs_to, from = "container_id", to = "id")]
    pub container: HasOne<super::container::Entity>,
    #[sea_orm(belongs_to, from = "manifest_id", to = "id")]
    pub manifest: HasOne<super::manifest::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
