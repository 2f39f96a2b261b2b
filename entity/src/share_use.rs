//! Who may go on with a download through a share link.
use sea_orm::entity::prelude::*;

use crate::id::ShareLinkId;

/// A use of a link whose uses are limited, so that whoever made it may resume.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "share_use")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub link_id: ShareLinkId,
    /// HMAC-SHA256 of link and address under the server's secret, 64 hex digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client: String,
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
