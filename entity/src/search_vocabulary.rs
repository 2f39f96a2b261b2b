//! All words that are in some document.
use sea_orm::entity::prelude::*;

/// A word. It may be in no document any longer.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_vocabulary")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub word: String,
    /// The word from its end, for finding it by its end.
    pub reversed: String,
}

impl ActiveModelBehavior for ActiveModel {}
