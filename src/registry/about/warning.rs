//! What clients are told of what is deprecated.
use entity::about;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder};

use crate::{
    access::internal,
    error::Result,
    registry::{Caller, manifest::Manifest},
};

/// What to tell whoever pulls a manifest that the caller holds: that its image is deprecated, or
/// else its container. One statement.
pub async fn warning(caller: &Caller, manifest: &Manifest) -> Result<Option<String>> {
    let mut any = Condition::any().add(about::Column::ContainerId.eq(manifest.container_id));
    if let Some(image) = manifest.image_id {
        any = any.add(about::Column::ImageId.eq(image));
    }
    let row = internal::<about::Entity>()
        .filter(any)
        .filter(about::Column::DeprecatedAt.is_not_null())
        .order_by_desc(about::Column::ImageId.is_not_null())
        .one(caller.db())
        .await?;
    Ok(row.map(|row| words(&row)))
}

/// What is said of a thing that is deprecated, in one line.
fn words(row: &about::Model) -> String {
    let noun = if row.image_id.is_some() {
        "image"
    } else {
        "container"
    };
    let mut words = format!("this {noun} is deprecated: {}", row.deprecation.trim());
    if !row.superseded_by.is_empty() {
        words += &format!("; use {} instead", row.superseded_by);
    }
    if let Some(end) = row.ends_at {
        words += &format!("; it ends on {}", end.format("%F"));
    }
    words
}
