//! How much was added on which day.
use sea_orm::entity::prelude::*;

use crate::kind::Extent;

/// What a day, in UTC, added to a row of `usage`, or took from it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_day")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub extent: Extent,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Date,
    pub images: i64,
    pub manifests: i64,
    /// In bytes.
    pub size: i64,
    /// In bytes.
    pub stored: i64,
    /// What was taken; what was added is this and the change.
    pub images_removed: i64,
    pub manifests_removed: i64,
    /// In bytes.
    pub size_removed: i64,
    /// In bytes.
    pub stored_removed: i64,
}

impl ActiveModelBehavior for ActiveModel {}
