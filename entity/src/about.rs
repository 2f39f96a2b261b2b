//! What people say about a thing, beside its short description.
use sea_orm::entity::prelude::*;

use crate::id::{AboutId, CollectionId, ContainerId, ImageId, UserId};

/// Of a collection, a container or an image, one of the three. `readme` has the long text.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "about")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AboutId,
    pub collection_id: Option<CollectionId>,
    pub container_id: Option<ContainerId>,
    pub image_id: Option<ImageId>,
    /// An SPDX expression; may be empty, as may the others.
    #[sea_orm(column_type = "Text")]
    pub licence: String,
    /// Where the source is: an address of the web.
    #[sea_orm(column_type = "Text")]
    pub source: String,
    /// How to cite it: a DOI, or text.
    #[sea_orm(column_type = "Text")]
    pub citation: String,
    /// Since when it is deprecated; absent when it is not.
    pub deprecated_at: Option<DateTimeUtc>,
    /// Why it is deprecated.
    #[sea_orm(column_type = "Text")]
    pub deprecation: String,
    /// What to use instead: the path of a container.
    #[sea_orm(column_type = "Text")]
    pub superseded_by: String,
    /// When it ends.
    pub ends_at: Option<DateTimeUtc>,
    pub updated_at: DateTimeUtc,
    pub updated_by: Option<UserId>,
}

impl ActiveModelBehavior for ActiveModel {}
