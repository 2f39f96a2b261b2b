//! Which words are in which document.
use sea_orm::entity::prelude::*;

use crate::id::DocumentId;

/// A word of a document's names or of what is said of it in few words.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_word")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub word: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: DocumentId,
}

impl ActiveModelBehavior for ActiveModel {}
