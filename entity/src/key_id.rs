//! The ids under which a key is found: its own and those of its subkeys.
use sea_orm::entity::prelude::*;

/// A fingerprint of a primary key or subkey.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "key_id")]
pub struct Model {
    /// Fingerprint of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Upper-case hex.
    #[sea_orm(primary_key, auto_increment = false)]
    pub fingerprint: String,
    /// 16 upper-case hex digits.
    pub long_id: String,
    /// 8 upper-case hex digits.
    pub short_id: String,
    pub algorithm: i16,
    pub bits: i32,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub revoked: bool,
}

impl ActiveModelBehavior for ActiveModel {}
