//! The site itself: one row.
use sea_orm::entity::prelude::*;

use crate::kind::BannerLevel;

/// Who runs the site, and what holds for all of it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "site")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// 32 hex digits, made once and kept for ever, by which other registries know this one.
    pub registry_id: String,
    /// Empty: it has none.
    pub name: String,
    pub description: String,
    /// Where people turn to: an address, a URL, a telephone number.
    pub contact: String,
    /// Two upper-case letters of ISO 3166-1.
    pub country: Option<String>,
    pub logo_url: Option<String>,
    /// What everybody is told.
    pub banner: Option<String>,
    pub banner_level: BannerLevel,
    /// From when on; absent: at once.
    pub banner_from: Option<DateTimeUtc>,
    /// Until when; absent: until it is taken down.
    pub banner_until: Option<DateTimeUtc>,
    /// Why nothing may be changed at the moment, perhaps in no words; absent while changes are taken.
    pub read_only: Option<String>,
    pub read_only_since: Option<DateTimeUtc>,
    /// Which terms of use hold; 0: none.
    pub terms_version: i32,
    pub updated_at: DateTimeUtc,
    /// How many bytes it may hold; absent: the default; -1: any number.
    pub quota_bytes: Option<i64>,
    /// How many images and manifests it may hold; absent: the default; -1: any number.
    pub quota_images: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
