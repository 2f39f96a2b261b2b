//! Who holds blobs.
use sea_orm::entity::prelude::*;

use crate::kind::Extent;

/// A blob that is held in a collection, a namespace or the site. `container_blob` says which containers hold it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blob_use")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub extent: Extent,
    /// As in `usage`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: String,
    /// How many of the things directly below hold it: never 0.
    pub uses: i64,
    /// In bytes.
    pub size: i64,
}

impl ActiveModelBehavior for ActiveModel {}
