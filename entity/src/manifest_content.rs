//! The bytes of manifests.
use sea_orm::entity::prelude::*;

use crate::id::ManifestId;

/// A manifest, byte for byte.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manifest_content")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub manifest_id: ManifestId,
    #[sea_orm(column_type = "Blob")]
    pub content: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
