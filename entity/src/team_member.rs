//! Who is in which team.
use sea_orm::entity::prelude::*;

use crate::{
    id::{MemberId, TeamId, UserId},
    kind::TeamRole,
};

/// Somebody's place in a team; one for each team and user.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "team_member")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MemberId,
    pub team_id: TeamId,
    pub user_id: UserId,
    pub role: TeamRole,
    pub created_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "team_id", to = "id")]
    pub team: HasOne<super::team::Entity>,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: HasOne<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
