//! Terms of use, every version that was ever published.
use sea_orm::entity::prelude::*;

use crate::id::UserId;

/// What users agree to before they change anything.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "terms")]
pub struct Model {
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    pub text: String,
    pub published_at: DateTimeUtc,
    /// Absent when it was done at the console, or the account is gone.
    pub published_by: Option<UserId>,
}

impl ActiveModelBehavior for ActiveModel {}
