//! User ids of keys.
use sea_orm::entity::prelude::*;

/// A name and address that a key carries.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "key_uid")]
pub struct Model {
    /// Fingerprint of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// From 0, in the order of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub text: String,
    /// `text` in lower case, to search in.
    pub folded: String,
    pub created_at: Option<DateTimeUtc>,
    pub expires_at: Option<DateTimeUtc>,
    pub revoked: bool,
}

impl ActiveModelBehavior for ActiveModel {}
