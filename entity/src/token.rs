//! API tokens. The token itself is not kept, only its keyed hash.
use sea_orm::entity::prelude::*;

use crate::{
    id::{TokenId, UserId},
    kind::Scope,
};

/// A named, scoped, revocable API token.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TokenId,
    pub user_id: UserId,
    pub name: String,
    /// HMAC-SHA256 of the token under the server's secret, 64 hex digits.
    #[sea_orm(unique)]
    pub hash: String,
    pub scope: Scope,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    /// Exact to a minute.
    pub last_used_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: HasOne<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
