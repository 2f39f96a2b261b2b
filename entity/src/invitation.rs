//! Invitations into teams that are still open. One that is used, declined or revoked is no row any more.
use sea_orm::entity::prelude::*;

use crate::{
    id::{InvitationId, TeamId, UserId},
    kind::TeamRole,
};

/// An invitation of a user, or of whoever holds a link.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvitationId,
    pub team_id: TeamId,
    pub role: TeamRole,
    /// Who is invited; absent: whoever shows the secret.
    pub user_id: Option<UserId>,
    /// HMAC-SHA256 of the secret under the server's own, 64 hex digits; absent where a user is named.
    #[sea_orm(unique)]
    pub hash: Option<String>,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub created_by: Option<UserId>,
    #[sea_orm(belongs_to, from = "team_id", to = "id")]
    pub team: HasOne<super::team::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
