//! Moves of tags: what each name meant before and after, by digests, so that they outlive tags and images.
use sea_orm::entity::prelude::*;

use crate::id::{ContainerId, TagMoveId, UserId};

/// A tag was set, moved or removed. Of images that the library knows there is a row for each architecture that changed; of
/// anything else there is one, without images.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tag_move")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TagMoveId,
    pub container_id: ContainerId,
    pub name: String,
    /// Of the images; empty when it is unknown, absent when the move is not about images.
    pub arch: Option<String>,
    /// The digest of the image before; absent when there was none.
    pub from_image: Option<String>,
    /// The digest of the image after; absent when there is none.
    pub to_image: Option<String>,
    /// The digest of the manifest before; absent when there was none.
    pub from_manifest: Option<String>,
    /// The digest of the manifest after; absent when there is none.
    pub to_manifest: Option<String>,
    pub moved_at: DateTimeUtc,
    /// Absent for what the server does by itself, and when the account is gone.
    pub moved_by: Option<UserId>,
    #[sea_orm(belongs_to, from = "container_id", to = "id")]
    pub container: HasOne<super::container::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
