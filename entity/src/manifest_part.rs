//! What manifests name.
use sea_orm::entity::prelude::*;

use crate::{id::ManifestId, kind::PartRole};

/// A blob or a manifest that a manifest names.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manifest_part")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub manifest_id: ManifestId,
    /// From 0, in the order of the manifest, the configuration first.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub role: PartRole,
    pub digest: String,
    #[sea_orm(column_type = "Text")]
    pub media_type: String,
    /// In bytes, as the manifest says.
    pub size: i64,
    /// Of a manifest in an index: an object as the OCI image-spec has it.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub platform: Option<Json>,
    #[sea_orm(belongs_to, from = "manifest_id", to = "id")]
    pub manifest: HasOne<super::manifest::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
