//! What the configurations of container images say.
use sea_orm::entity::prelude::*;

use crate::id::ManifestId;

/// What the configuration of an image in layers says, as far as the registry knows it. No row: nothing that is known here.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manifest_config")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub manifest_id: ManifestId,
    /// A JSON object; absent until it is read, of manifests that came before it was kept.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub content: Option<Json>,
    #[sea_orm(belongs_to, from = "manifest_id", to = "id")]
    pub manifest: HasOne<super::manifest::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
