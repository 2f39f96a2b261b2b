//! Namespaces: the first part of a path, called entity by the library protocol.
use sea_orm::entity::prelude::*;

use crate::{
    id::{NamespaceId, TeamId, UserId},
    kind::Visibility,
};

/// A namespace, which belongs to a user or a team.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "namespace")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NamespaceId,
    #[sea_orm(unique)]
    pub name: String,
    /// Whose it is; where a team is named, only who made it or gave it to the team.
    pub owner_id: UserId,
    /// The team that it belongs to, if it belongs to one.
    pub team_id: Option<TeamId>,
    pub description: String,
    /// What new collections get; absent: the default of the site.
    pub default_visibility: Option<Visibility>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// How many bytes it may hold; absent: the default; -1: any number.
    pub quota_bytes: Option<i64>,
    /// How many images and manifests it may hold; absent: the default; -1: any number.
    pub quota_images: Option<i64>,
    #[sea_orm(belongs_to, from = "owner_id", to = "id")]
    pub owner: HasOne<super::user::Entity>,
    #[sea_orm(belongs_to, from = "team_id", to = "id")]
    pub team: HasOne<super::team::Entity>,
    #[sea_orm(has_many)]
    pub collections: HasMany<super::collection::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
