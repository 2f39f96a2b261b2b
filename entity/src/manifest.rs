//! Manifests: documents that say what blobs are together.
use sea_orm::entity::prelude::*;

use crate::{
    id::{ContainerId, ImageId, ManifestId, UserId},
    kind::ManifestKind,
};

/// A manifest in a container, as it was pushed or as it was generated for an image. `manifest_content` has its bytes.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manifest")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ManifestId,
    pub container_id: ContainerId,
    /// Of the content, unique in its container.
    pub digest: String,
    pub kind: ManifestKind,
    #[sea_orm(column_type = "Text")]
    pub media_type: String,
    /// What it says it is, or what its configuration is.
    #[sea_orm(column_type = "Text", nullable)]
    pub artifact_type: Option<String>,
    /// The digest of the manifest that it is about; there need not be such a manifest.
    pub subject: Option<String>,
    /// Of the content, in bytes.
    pub length: i32,
    /// Of the content and all blobs that it names, in bytes; each blob once.
    pub size: i64,
    /// Of the image, where there is one and it tells.
    pub arch: Option<String>,
    /// A JSON object of texts.
    #[sea_orm(column_type = "JsonBinary")]
    pub annotations: Json,
    /// The SIF image that it describes.
    pub image_id: Option<ImageId>,
    /// Made here, for clients that ask for a manifest of something that came without.
    pub generated: bool,
    pub created_at: DateTimeUtc,
    pub created_by: Option<UserId>,
    #[sea_orm(belongs_to, from = "container_id", to = "id")]
    pub container: HasOne<super::container::Entity>,
    #[sea_orm(belongs_to, from = "image_id", to = "id")]
    pub image: HasOne<super::image::Entity>,
    #[sea_orm(has_many)]
    pub tags: HasMany<super::manifest_tag::Entity>,
    #[sea_orm(has_many)]
    pub parts: HasMany<super::manifest_part::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
