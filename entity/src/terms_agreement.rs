//! Who agreed to which terms of use.
use sea_orm::entity::prelude::*;

use crate::id::UserId;

/// A user's agreement to one version.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "terms_agreement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    pub agreed_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
