//! How what there is grew: what each day added, and what it took.
use std::collections::HashMap;

use chrono::NaiveDate;
use entity::{kind::Extent, usage_day};
use sea_orm::{
    ColumnTrait, ExprTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use crate::{
    access::{Level, internal},
    error::Result,
    registry::{Caller, download::Span, size_tree::Place, total},
};

/// What came and what went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// What came.
    pub added: u64,
    /// What went.
    pub removed: u64,
}

impl Change {
    fn new(sum: i64, removed: i64) -> Self {
        Self {
            added: (sum + removed).unsigned_abs(),
            removed: removed.unsigned_abs(),
        }
    }
}

/// What changed on a day, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub day: NaiveDate,
    /// SIF images.
    pub images: Change,
    /// Manifests that describe none.
    pub manifests: Change,
    /// The sum of the sizes of both, in bytes.
    pub size: Change,
    /// The bytes of all blobs, each once.
    pub stored: Change,
}

#[derive(FromQueryResult)]
struct Row {
    id: i64,
    day: NaiveDate,
    images: i64,
    manifests: i64,
    size: i64,
    stored: i64,
    images_removed: i64,
    manifests_removed: i64,
    size_removed: i64,
    stored_removed: i64,
}

impl From<&Row> for Day {
    fn from(row: &Row) -> Self {
        Self {
            day: row.day,
            images: Change::new(row.images, row.images_removed),
            manifests: Change::new(row.manifests, row.manifests_removed),
            size: Change::new(row.size, row.size_removed),
            stored: Change::new(row.stored, row.stored_removed),
        }
    }
}

/// The days of a span on which each of some things changed, the first one first, of those in which the caller sees all there
/// is; the others are absent. A statement for each kind of thing, and one or two to know what is seen whole.
pub async fn growth(caller: &Caller, of: &[Place], span: Span) -> Result<HashMap<Place, Vec<Day>>> {
    let mut found: HashMap<Place, Vec<Day>> = HashMap::new();
    for (extent, whole) in whole(caller, of).await? {
        let ids: HashMap<i64, Place> = whole.iter().map(|place| (place.key(), *place)).collect();
        found.extend(whole.iter().map(|place| (*place, Vec::new())));
        for row in days(caller, extent, ids.keys().copied(), span).await? {
            if let Some(days) = ids.get(&row.id).and_then(|place| found.get_mut(place)) {
                days.push(Day::from(&row));
            }
        }
    }
    Ok(found)
}

/// The things that the caller sees whole, by their extents.
async fn whole(caller: &Caller, of: &[Place]) -> Result<Vec<(Extent, Vec<Place>)>> {
    let (mut namespaces, mut collections, mut containers) = (Vec::new(), Vec::new(), Vec::new());
    let mut site = false;
    for place in of {
        match place {
            Place::Site => site = true,
            Place::Namespace(id) => namespaces.push(*id),
            Place::Collection(id) => collections.push(*id),
            Place::Container(id) => containers.push(*id),
        }
    }
    let mut seen = Vec::new();
    if site && caller.actor().reaches_everything(Level::Pull) {
        seen.push((Extent::Site, vec![Place::Site]));
    }
    if !namespaces.is_empty() {
        let whole = total::stored_of_namespaces(caller, &namespaces).await?;
        let whole = whole.into_keys().map(Place::Namespace);
        seen.push((Extent::Namespace, whole.collect()));
    }
    if !collections.is_empty() {
        let whole = total::whole_collections(caller, &collections).await?;
        let whole = whole.into_iter().map(Place::Collection);
        seen.push((Extent::Collection, whole.collect()));
    }
    if !containers.is_empty() {
        let totals = total::of_containers(caller, &containers).await?;
        let whole = totals.into_keys().map(Place::Container);
        seen.push((Extent::Container, whole.collect()));
    }
    Ok(seen)
}

/// What changed by day. The parts of the site are added up, under the id 0.
async fn days(
    caller: &Caller,
    extent: Extent,
    ids: impl Iterator<Item = i64>,
    span: Span,
) -> Result<Vec<Row>> {
    use usage_day::Column;
    let (since, until) = span.days();
    let rows = internal::<usage_day::Entity>()
        .filter(Column::Extent.eq(extent))
        .filter(Column::Day.between(since, until))
        .order_by_asc(Column::Day);
    if extent != Extent::Site {
        let rows = rows.filter(Column::Id.is_in(ids));
        return Ok(rows.into_model().all(caller.db()).await?);
    }
    let sums = [
        (Column::Images, "images"),
        (Column::Manifests, "manifests"),
        (Column::Size, "size"),
        (Column::Stored, "stored"),
        (Column::ImagesRemoved, "images_removed"),
        (Column::ManifestsRemoved, "manifests_removed"),
        (Column::SizeRemoved, "size_removed"),
        (Column::StoredRemoved, "stored_removed"),
    ];
    let id = Expr::value(0_i64).cast_as("bigint");
    let days = rows.select_only().expr_as(id, "id").column(Column::Day);
    let days = sums.into_iter().fold(days, |days, (column, name)| {
        days.expr_as(column.sum().cast_as("bigint"), name)
    });
    Ok(days
        .group_by(Column::Day)
        .into_model()
        .all(caller.db())
        .await?)
}
