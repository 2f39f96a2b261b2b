//! How much there is.
use sea_orm::entity::prelude::*;

use crate::kind::Extent;

/// How much there is in one thing, kept in step with every change.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub extent: Extent,
    /// The id of the thing; of the site, the number of one of its sixteen parts, so that pushes do not wait for each other.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// What it is in: the collection, the namespace, or the part of the site.
    pub parent_id: i64,
    /// Whether it counts in its parent; not while it is in the trash.
    pub counted: bool,
    pub collections: i64,
    pub containers: i64,
    /// Uploaded SIF images.
    pub images: i64,
    /// Manifests that were pushed and describe no SIF image.
    pub manifests: i64,
    /// The sum of the sizes of both, in bytes.
    pub size: i64,
    /// The bytes of all blobs held, each once.
    pub stored: i64,
    /// Of the images, those without a signature.
    pub unsigned: i64,
    /// The sum of the times at which images and manifests came, in seconds since 1970: their mean age is known from it.
    pub born: i64,
    /// How often something was pulled from the containers that count.
    pub downloads: i64,
    /// When it was last compared with what there is.
    pub recounted_at: Option<DateTimeUtc>,
    /// How many sums of it, and of the containers in it, were wrong then and are not put right.
    pub wrong: i64,
}

impl ActiveModelBehavior for ActiveModel {}
