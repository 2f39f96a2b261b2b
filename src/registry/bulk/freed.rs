//! How many bytes are stored for nothing but what goes, as far as the caller may know: of what they do not see, nothing is told.
use entity::{blob, container, container_blob, image};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, QueryTrait,
    sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement},
};

use super::Thing;
use crate::{
    access::{Pull, rows},
    error::Result,
    registry::{Caller, CollectionId, ContainerId, ImageId},
};

/// What goes, by kind.
#[derive(Default)]
struct Going {
    collections: Vec<CollectionId>,
    containers: Vec<ContainerId>,
    images: Vec<ImageId>,
}

/// In bytes; each blob once. One statement.
pub(super) async fn freed(caller: &Caller, things: &[Thing]) -> Result<u64> {
    if things.is_empty() {
        return Ok(0);
    }
    let mut going = Going::default();
    for thing in things {
        match thing {
            Thing::Collection(id) => going.collections.push(*id),
            Thing::Container(id) => going.containers.push(*id),
            Thing::Image(id) => going.images.push(*id),
        }
    }
    let sum = Func::sum(Expr::col((blob::Entity, blob::Column::Size)));
    let sum = Func::coalesce([Expr::expr(sum), Expr::val(0_i64)]);
    let freed = Query::select()
        .expr_as(Expr::expr(sum).cast_as(Alias::new("bigint")), "freed")
        .from(blob::Entity)
        .cond_where(going.held())
        .and_where(Expr::not_exists(going.elsewhere(caller)))
        .to_owned();
    let row = caller.db().query_one(&freed).await?;
    let bytes: i64 = row.map_or(Ok(0), |row| row.try_get("", "freed"))?;
    Ok(bytes.unsigned_abs())
}

impl Going {
    /// Blobs of what goes.
    fn held(&self) -> Condition {
        let links = Query::select()
            .column((container_blob::Entity, container_blob::Column::Digest))
            .from(container_blob::Entity)
            .cond_where(self.links())
            .to_owned();
        let blobs = Query::select()
            .column((image::Entity, image::Column::Blob))
            .from(image::Entity)
            .and_where(image::Column::Id.is_in(self.images.iter().copied()))
            .and_where(image::Column::Blob.is_not_null())
            .to_owned();
        let digest = || Expr::col((blob::Entity, blob::Column::Digest));
        Condition::any()
            .add(digest().in_subquery(links))
            .add(digest().in_subquery(blobs))
    }

    /// Links of containers that go.
    fn links(&self) -> Condition {
        let inside = Query::select()
            .column((container::Entity, container::Column::Id))
            .from(container::Entity)
            .and_where(container::Column::CollectionId.is_in(self.collections.iter().copied()))
            .to_owned();
        Condition::any()
            .add(container_blob::Column::ContainerId.is_in(self.containers.iter().copied()))
            .add(container_blob::Column::ContainerId.in_subquery(inside))
    }

    /// Links to the blob of containers that stay and that the caller sees, but for those of images that go.
    fn elsewhere(&self, caller: &Caller) -> SelectStatement {
        let link = |column| Expr::col((container_blob::Entity, column));
        let by_image = Query::select()
            .expr(Expr::val(1))
            .from(image::Entity)
            .and_where(image::Column::Id.is_in(self.images.iter().copied()))
            .and_where(
                Expr::col((image::Entity, image::Column::ContainerId))
                    .equals((container_blob::Entity, container_blob::Column::ContainerId)),
            )
            .and_where(
                Expr::col((image::Entity, image::Column::Blob))
                    .equals((container_blob::Entity, container_blob::Column::Digest)),
            )
            .to_owned();
        let mut seen =
            QueryTrait::into_query(rows::<Pull, container::Entity>(caller.actor()).into_select());
        seen.clear_selects()
            .expr(Expr::val(1))
            .inner_join(
                container_blob::Entity,
                link(container_blob::Column::ContainerId)
                    .equals((container::Entity, container::Column::Id)),
            )
            .and_where(
                link(container_blob::Column::Digest).equals((blob::Entity, blob::Column::Digest)),
            )
            .cond_where(self.links().not())
            .and_where(Expr::not_exists(by_image));
        seen
    }
}
