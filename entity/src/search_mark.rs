//! What the search does not know yet.
use sea_orm::entity::prelude::*;

/// A document, or many, that are out of date.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_mark")]
pub struct Model {
    /// What `target_id` names, and whether it or all that is in it is out of date.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub target_id: i64,
    /// Another for each change, so that one is not forgotten that comes while another is taken in.
    pub version: i64,
    /// Of many documents, those up to this id are done.
    pub done_to: i64,
}

impl ActiveModelBehavior for ActiveModel {}
