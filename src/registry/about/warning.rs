//! What clients are told of what is deprecated.
use entity::{about, container};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, sea_query::Query};

use crate::{
    access::internal,
    error::Result,
    registry::{Caller, manifest::Manifest},
};

/// What to tell whoever pulls a manifest that the caller holds: that its image is deprecated, or
/// else its container, or else its collection. One statement.
pub async fn warning(caller: &Caller, manifest: &Manifest) -> Result<Option<String>> {
    let collection = Query::select()
        .column(container::Column::CollectionId)
        .from(container::Entity)
        .and_where(container::Column::Id.eq(manifest.container_id))
        .to_owned();
    let mut any = Condition::any()
        .add(about::Column::ContainerId.eq(manifest.container_id))
        .add(about::Column::CollectionId.in_subquery(collection));
    if let Some(image) = manifest.image_id {
        any = any.add(about::Column::ImageId.eq(image));
    }
    let row = internal::<about::Entity>()
        .filter(any)
        .filter(about::Column::DeprecatedAt.is_not_null())
        .order_by_desc(about::Column::ImageId.is_not_null())
        .order_by_desc(about::Column::ContainerId.is_not_null())
        .one(caller.db())
        .await?;
    Ok(row.map(|row| words(&row)))
}

/// What is said of a thing that is deprecated, in one line.
fn words(row: &about::Model) -> String {
    let noun = match (row.image_id, row.container_id) {
        (Some(_), _) => "image",
        (None, Some(_)) => "container",
        (None, None) => "collection",
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
