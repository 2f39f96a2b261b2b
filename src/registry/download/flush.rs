//! From memory to the database: rows are added to, so that replicas do not overwrite each other.
use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{collection, container, download_day, image};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{CaseStatement, Expr, LockType, OnConflict},
};

use super::{
    buffer::{Item, Key, Tallies, Tally},
    people::{self, Named},
};
use crate::{
    access::{Pull, rows},
    error::Result,
    event::Change,
    registry::{Caller, Digest, Door, caller::Tx, usage},
};

/// How many rows one statement has.
const BATCH: usize = 200;

/// Writes down what was pulled since it was called last, and tells how many pulls that are. What cannot be written waits
/// for the next call.
///
/// # Errors
/// Those of the database.
pub async fn flush(caller: &Caller) -> Result<u64> {
    let downloads = caller.downloads();
    let _turn = downloads.turn.lock().await;
    let taken = downloads.take();
    if taken.tallies().is_empty() {
        return Ok(0);
    }
    // Nobody did anything: there is no event.
    let written = caller
        .change(async |tx| Ok(Change::none(write(tx, taken.tallies()).await?)))
        .await?;
    taken.done();
    Ok(written)
}

/// The primary key of a row, in an order in which all replicas write.
type Place = (i64, NaiveDate, i64, String, &'static str, bool);

/// How often what was pulled, by id.
type Sums = BTreeMap<i64, Tally>;

async fn write(tx: &Tx, tallies: &Tallies) -> Result<u64> {
    let collections = held(tx, tallies).await?;
    let images = images(tx, tallies).await?;
    let mut rows: BTreeMap<Place, (Door, i64)> = BTreeMap::new();
    let mut named = Named::new();
    let (mut of_collections, mut of_containers, mut of_images) =
        (Sums::new(), Sums::new(), Sums::new());
    for (key, tally) in tallies {
        let image = |digest| images.get(&(key.container.0, digest)).copied();
        let (item, is_image) = match key.item {
            Item::Image(id) => (Some(id.0), true),
            Item::Manifest(id) => (Some(id.0), false),
            Item::Blob(digest) => (image(digest), true),
        };
        let (Some(item), Some(collection)) = (item, collections.get(&key.container.0)) else {
            continue;
        };
        let row = rows.entry(place(key, item)).or_insert((key.door, 0));
        row.1 += tally.count;
        if let Some(user) = key.by {
            *named.entry((key.container.0, key.day, user.0)).or_default() += tally.count;
        }
        sum(&mut of_collections, *collection, tally);
        sum(&mut of_containers, key.container.0, tally);
        if is_image {
            sum(&mut of_images, item, tally);
        }
    }
    add_totals(tx, &of_collections, &of_containers, &of_images).await?;
    add_rows(tx, &rows).await?;
    people::add(tx, &named).await?;
    let pulls = of_containers.iter().map(|(id, sum)| (*id, sum.count));
    usage::pulled(tx, pulls.collect()).await?;
    Ok(rows.values().map(|row| row.1.unsigned_abs()).sum())
}

fn place(key: &Key, item: i64) -> Place {
    let door = match key.door {
        Door::File => "file",
        Door::Library => "library",
        Door::Oci => "oci",
        Door::Share => "share",
        Door::Shub => "shub",
    };
    let tag = key.tag.clone();
    (key.container.0, key.day, item, tag, door, key.signed_in)
}

fn sum(sums: &mut Sums, id: i64, tally: &Tally) {
    let sum = sums.entry(id).or_insert(Tally { count: 0, ..*tally });
    sum.count += tally.count;
    sum.last = Ord::max(sum.last, tally.last);
}

/// The containers that are still there, each with its collection. They are kept from going until the end of the
/// transaction, collections before containers, as by who deletes them.
async fn held(tx: &Tx, tallies: &Tallies) -> Result<HashMap<i64, i64>> {
    let mut ids: Vec<_> = tallies.keys().map(|key| key.container).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut held = HashMap::new();
    for ids in ids.chunks(BATCH) {
        let found = rows::<Pull, container::Entity>(tx.actor())
            .into_select()
            .filter(container::Column::Id.is_in(ids.iter().copied()))
            .order_by_asc(container::Column::Id)
            .select_only()
            .column(container::Column::Id)
            .column(container::Column::CollectionId);
        let there: Vec<(i64, i64)> = found.clone().into_tuple().all(tx.db()).await?;
        let _: Vec<i64> = rows::<Pull, collection::Entity>(tx.actor())
            .into_select()
            .filter(collection::Column::Id.is_in(there.iter().map(|row| row.1)))
            .order_by_asc(collection::Column::Id)
            .select_only()
            .column(collection::Column::Id)
            .lock(LockType::NoKeyUpdate)
            .into_tuple()
            .all(tx.db())
            .await?;
        let still: Vec<(i64, i64)> = found
            .lock(LockType::NoKeyUpdate)
            .into_tuple()
            .all(tx.db())
            .await?;
        held.extend(still);
    }
    Ok(held)
}

/// The images among the blobs that were pulled, by container and digest.
async fn images(tx: &Tx, tallies: &Tallies) -> Result<HashMap<(i64, Digest), i64>> {
    let mut wanted: Vec<_> = tallies
        .keys()
        .filter_map(|key| match key.item {
            Item::Blob(digest) => Some((key.container, digest)),
            Item::Image(_) | Item::Manifest(_) => None,
        })
        .collect();
    wanted.sort_unstable_by_key(|(container, _)| *container);
    let mut images = HashMap::new();
    for wanted in wanted.chunks(BATCH) {
        let containers = wanted.iter().map(|(container, _)| *container);
        let digests = wanted.iter().map(|(_, digest)| digest.to_string());
        let found: Vec<(i64, i64, String)> = rows::<Pull, image::Entity>(tx.actor())
            .into_select()
            .filter(image::Column::ContainerId.is_in(containers))
            .filter(image::Column::Digest.is_in(digests))
            .select_only()
            .column(image::Column::Id)
            .column(image::Column::ContainerId)
            .column(image::Column::Digest)
            .into_tuple()
            .all(tx.db())
            .await?;
        for (id, container, digest) in found {
            images.insert((container, digest.parse()?), id);
        }
    }
    Ok(images)
}

async fn add_totals(
    tx: &Tx,
    of_collections: &Sums,
    of_containers: &Sums,
    of_images: &Sums,
) -> Result<()> {
    for sums in batches(of_collections) {
        collection::Entity::update_many()
            .col_expr(
                collection::Column::Downloads,
                more(collection::Column::Id, collection::Column::Downloads, &sums),
            )
            .filter(collection::Column::Id.is_in(sums.iter().map(|(id, _)| *id)))
            .exec(tx.db())
            .await?;
    }
    for sums in batches(of_containers) {
        use container::Column::{Downloads, Id, LastPulledAt};
        container::Entity::update_many()
            .col_expr(Downloads, more(Id, Downloads, &sums))
            .col_expr(LastPulledAt, later(Id, LastPulledAt, &sums))
            .filter(Id.is_in(sums.iter().map(|(id, _)| *id)))
            .exec(tx.db())
            .await?;
    }
    for sums in batches(of_images) {
        use image::Column::{Downloads, Id, LastPulledAt};
        image::Entity::update_many()
            .col_expr(Downloads, more(Id, Downloads, &sums))
            .col_expr(LastPulledAt, later(Id, LastPulledAt, &sums))
            .filter(Id.is_in(sums.iter().map(|(id, _)| *id)))
            .exec(tx.db())
            .await?;
    }
    Ok(())
}

fn batches(sums: &Sums) -> Vec<Vec<(i64, Tally)>> {
    let all: Vec<_> = sums.iter().map(|(id, sum)| (*id, *sum)).collect();
    all.chunks(BATCH).map(<[_]>::to_vec).collect()
}

/// What the column has, and what is added to it in the row of each id.
fn more(id: impl ColumnTrait, column: impl ColumnTrait, sums: &[(i64, Tally)]) -> Expr {
    let start = CaseStatement::new();
    let cases = sums.iter().fold(start, |cases, (key, sum)| {
        cases.case(id.eq(*key), sum.count)
    });
    Expr::col(column).add(cases.finally(0_i64))
}

/// The later of what the column has and what came meanwhile.
fn later(id: impl ColumnTrait, column: impl ColumnTrait, sums: &[(i64, Tally)]) -> Expr {
    let case = |cases: CaseStatement, (key, sum): &(i64, Tally)| {
        let last: DateTime<Utc> = sum.last;
        let older = column.is_null().or(column.lt(last));
        cases.case(id.eq(*key).and(older), Expr::value(last))
    };
    let cases = sums.iter().fold(CaseStatement::new(), case);
    cases.finally(Expr::col(column)).into()
}

async fn add_rows(tx: &Tx, rows: &BTreeMap<Place, (Door, i64)>) -> Result<()> {
    use download_day::Column;
    let row = |(place, count): (&Place, &(Door, i64))| {
        let (container, day, item, tag, _, signed_in) = place.clone();
        download_day::ActiveModel {
            container_id: Set(entity::id::ContainerId(container)),
            day: Set(day),
            item_id: Set(item),
            tag: Set(tag),
            door: Set(count.0),
            signed_in: Set(signed_in),
            count: Set(count.1),
        }
    };
    let all: Vec<_> = rows.iter().map(row).collect();
    for batch in all.chunks(BATCH) {
        let sum = Expr::col((download_day::Entity, Column::Count))
            .add(Expr::col(("excluded", Column::Count)));
        let adds = OnConflict::columns([
            Column::ContainerId,
            Column::Day,
            Column::ItemId,
            Column::Tag,
            Column::Door,
            Column::SignedIn,
        ])
        .value(Column::Count, sum)
        .to_owned();
        download_day::Entity::insert_many(batch.to_vec())
            .on_conflict(adds)
            .exec_without_returning(tx.db())
            .await?;
    }
    Ok(())
}
