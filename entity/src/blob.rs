//! Stored bytes, one row a digest, whatever the number of images that share them.
use sea_orm::entity::prelude::*;

/// A blob whose bytes are, or are about to be, in storage.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blob")]
pub struct Model {
    /// `sha256:<64 hex digits>`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: String,
    /// In bytes.
    pub size: i64,
    /// When somebody last published these bytes: collection leaves young blobs alone. While they are removed: since when.
    pub touched_at: DateTimeUtc,
    /// Set while collection removes the bytes; nobody may adopt the blob meanwhile.
    pub removing: bool,
    /// When the bytes were last read, or written, and found to be those of the digest.
    pub verified_at: Option<DateTimeUtc>,
    /// When they were found to be others, or missing; empty once they are pushed again.
    pub damaged_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
