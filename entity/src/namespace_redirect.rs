//! What namespaces were called before they were renamed.
use sea_orm::entity::prelude::*;

use crate::id::NamespaceId;

/// An old place of a namespace, until something new takes it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "namespace_redirect")]
pub struct Model {
    /// What it was called.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// What is meant.
    pub target_id: NamespaceId,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
