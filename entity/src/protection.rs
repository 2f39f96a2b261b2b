//! What keeps tags where they are, and containers as they are.
use sea_orm::entity::prelude::*;

use crate::id::{CollectionId, ContainerId, ProtectionId, UserId};

/// The protection of a container, or of all containers of a collection.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "protection")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProtectionId,
    pub container_id: Option<ContainerId>,
    pub collection_id: Option<CollectionId>,
    /// Patterns of tags that never move or go: a JSON array of texts; absent for a container that has those of its
    /// collection.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub immutable_tags: Option<Json>,
    /// Since when nothing is pushed, tagged or deleted; absent when it is not frozen.
    pub frozen_at: Option<DateTimeUtc>,
    pub frozen_by: Option<UserId>,
    /// Why; may be empty.
    #[sea_orm(column_type = "Text")]
    pub frozen_why: String,
    #[sea_orm(belongs_to, from = "container_id", to = "id")]
    pub container: HasOne<super::container::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
