//! The trash: what was deleted and may come back.
use sea_orm::entity::prelude::*;

use crate::{
    id::{CollectionId, ContainerId, TrashId, UserId},
    kind::TrashKind,
};

/// Something that was deleted, until it is restored or purged. What is marked with the entry is in it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "trash")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TrashId,
    pub kind: TrashKind,
    /// The collection, or what the container is in.
    pub collection_id: CollectionId,
    /// The container, or the one that an image or manifest is alone in; absent for a collection.
    pub container_id: Option<ContainerId>,
    /// The container that an image or manifest was in; absent for anything else, and once that is purged.
    pub origin_id: Option<ContainerId>,
    /// What it was called; the digest of an image or manifest.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Where it was.
    #[sea_orm(column_type = "Text")]
    pub path: String,
    /// Why, in the words of who deleted it; may be empty.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// Absent for what the server does by itself, and when the account is gone.
    pub deleted_by: Option<UserId>,
    pub deleted_at: DateTimeUtc,
    /// When it goes for good.
    pub purge_at: DateTimeUtc,
    /// The sum of the sizes of what is in it, in bytes.
    pub size: i64,
    /// The tags that an image or manifest had: an array of objects.
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: Json,
    #[sea_orm(belongs_to, from = "collection_id", to = "id")]
    pub collection: HasOne<super::collection::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
