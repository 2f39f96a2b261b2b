//! Collections: the second part of a path.
use sea_orm::entity::prelude::*;

use crate::{
    id::{CollectionId, NamespaceId, TrashId},
    kind::Visibility,
};

/// A shelf of containers, and who may see it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "collection")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CollectionId,
    pub namespace_id: NamespaceId,
    /// Unique in its namespace.
    pub name: String,
    pub description: String,
    pub visibility: Visibility,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// How many users have starred it. Kept by the database itself.
    pub stars: i64,
    /// How often something was pulled from it, what is no longer in it included. For the order of lists.
    pub downloads: i64,
    /// The entry of the trash that it is in; it is not there for anybody then.
    pub trash_id: Option<TrashId>,
    #[sea_orm(belongs_to, from = "namespace_id", to = "id")]
    pub namespace: HasOne<super::namespace::Entity>,
    #[sea_orm(has_many)]
    pub containers: HasMany<super::container::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
