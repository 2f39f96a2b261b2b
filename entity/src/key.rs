//! Public OpenPGP keys of the key server.
use sea_orm::entity::prelude::*;

use crate::id::UserId;

/// A certificate: a primary key with its user ids and subkeys.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "key")]
pub struct Model {
    /// Upper-case hex.
    #[sea_orm(primary_key, auto_increment = false)]
    pub fingerprint: String,
    pub owner_id: UserId,
    #[sea_orm(column_type = "Text")]
    pub armored: String,
    /// OpenPGP algorithm number.
    pub algorithm: i16,
    pub bits: i32,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub revoked: bool,
    pub added_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "owner_id", to = "id")]
    pub owner: HasOne<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
