//! What collections were called and where they were before they were renamed or moved.
use sea_orm::entity::prelude::*;

use crate::id::{CollectionId, NamespaceId};

/// An old place of a collection, until something new takes it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "collection_redirect")]
pub struct Model {
    /// Where it was.
    #[sea_orm(primary_key, auto_increment = false)]
    pub namespace_id: NamespaceId,
    /// What it was called.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// What is meant.
    pub target_id: CollectionId,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
