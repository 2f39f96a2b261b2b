//! Containers: the third part of a path, holding images under tags.
use sea_orm::entity::prelude::*;

use crate::id::{CollectionId, ContainerId, TrashId};

/// A container: the images of one thing, over time and architectures.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "container")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContainerId,
    pub collection_id: CollectionId,
    /// Unique in its collection.
    pub name: String,
    pub description: String,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// How many users have starred it. Kept by the database itself.
    pub stars: i64,
    /// How often something in it was pulled.
    pub downloads: i64,
    pub last_pulled_at: Option<DateTimeUtc>,
    /// The entry of the trash that it is in; it is not there for anybody then.
    pub trash_id: Option<TrashId>,
    #[sea_orm(belongs_to, from = "collection_id", to = "id")]
    pub collection: HasOne<super::collection::Entity>,
    #[sea_orm(has_many)]
    pub images: HasMany<super::image::Entity>,
    #[sea_orm(has_many)]
    pub manifests: HasMany<super::manifest::Entity>,
    #[sea_orm(has_many)]
    pub tags: HasMany<super::tag::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
