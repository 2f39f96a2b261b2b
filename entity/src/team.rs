//! Teams: people who own namespaces together.
use sea_orm::entity::prelude::*;

use crate::id::TeamId;

/// A team.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "team")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TeamId,
    /// Unique; also the name of the namespace that comes with the team.
    #[sea_orm(unique)]
    pub name: String,
    pub description: String,
    /// Whether whoever is signed in may join.
    pub open: bool,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(has_many)]
    pub members: HasMany<super::team_member::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
