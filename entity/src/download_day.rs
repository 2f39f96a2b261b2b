//! How often things were pulled.
use sea_orm::entity::prelude::*;

use crate::{id::ContainerId, kind::Door};

/// The pulls of one thing on one day, in UTC, by one tag through one door.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "download_day")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub container_id: ContainerId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Date,
    /// The id of the image, or of the manifest of an image in layers. It may be gone.
    #[sea_orm(primary_key, auto_increment = false)]
    pub item_id: i64,
    /// Empty when it was pulled by its digest.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub door: Door,
    /// Whether by somebody who was signed in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub signed_in: bool,
    pub count: i64,
    #[sea_orm(belongs_to, from = "container_id", to = "id")]
    pub container: HasOne<super::container::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
