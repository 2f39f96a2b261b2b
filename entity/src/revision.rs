//! How much has changed.
use sea_orm::entity::prelude::*;

/// A part of a number that grows with every change.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub part: i32,
    pub number: i64,
}

impl ActiveModelBehavior for ActiveModel {}
