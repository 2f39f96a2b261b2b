//! Stars and bookmarks.
use sea_orm::entity::prelude::*;

use crate::id::{CollectionId, ContainerId, StarId, UserId};

/// What a user has starred or bookmarked: a container or a collection.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "star")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StarId,
    pub user_id: UserId,
    /// Set unless it is a collection.
    pub container_id: Option<ContainerId>,
    /// Set unless it is a container.
    pub collection_id: Option<CollectionId>,
    /// A bookmark, which nobody else knows of.
    pub private: bool,
    pub created_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: HasOne<super::user::Entity>,
    #[sea_orm(belongs_to, from = "container_id", to = "id")]
    pub container: HasOne<super::container::Entity>,
    #[sea_orm(belongs_to, from = "collection_id", to = "id")]
    pub collection: HasOne<super::collection::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
