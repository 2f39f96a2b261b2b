//! Accounts of people.
use sea_orm::entity::prelude::*;

use crate::id::UserId;

/// A local account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Unique; also the name of the namespace that comes with the account.
    #[sea_orm(unique)]
    pub name: String,
    pub admin: bool,
    /// PHC string of Argon2id; absent when the account cannot sign in with a password.
    pub password_hash: Option<String>,
    pub disabled_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub last_login_at: Option<DateTimeUtc>,
    /// How many bytes their namespaces may hold together; absent: the default; -1: any number.
    pub quota_bytes: Option<i64>,
    /// How many images and manifests their namespaces may hold together; absent: the default; -1: any number.
    pub quota_images: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
