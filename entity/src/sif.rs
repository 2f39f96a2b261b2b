//! What was read out of a SIF image, once for each digest.
use sea_orm::entity::prelude::*;

/// The inspection of a blob that is a SIF image.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sif")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: String,
    /// `sifhub::sif::Inspection` as JSON.
    #[sea_orm(column_type = "JsonBinary")]
    pub inspection: Json,
    /// Those that its signatures name: a JSON array, sorted, each once.
    #[sea_orm(column_type = "JsonBinary")]
    pub fingerprints: Json,
}

impl ActiveModelBehavior for ActiveModel {}
