//! Long texts about things, apart, so that lists do not read them.
use sea_orm::entity::prelude::*;

use crate::id::AboutId;

/// A text in Markdown.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "readme")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub about_id: AboutId,
    #[sea_orm(column_type = "Text")]
    pub markdown: String,
}

impl ActiveModelBehavior for ActiveModel {}
