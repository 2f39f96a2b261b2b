//! The end of a transaction that changed how much there is.
use std::collections::BTreeMap;

use chrono::NaiveDate;
use entity::{blob, blob_use, container_blob, kind::Extent, usage_day};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, JoinType,
    QueryFilter, QuerySelect, QueryTrait, RelationTrait, Set, Statement,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use super::{Changes, Growth, SITE_PARTS, Sum, Use, Uses};
use crate::{
    access::internal,
    error::{Error, Result},
    registry::{NamespaceId, Tx},
};

/// How many rows one statement takes.
pub(super) const CHUNK: usize = 500;

/// A row as it is after a change.
#[derive(Clone, Copy, Debug, FromQueryResult)]
struct Row {
    parent_id: i64,
    counted: bool,
    collections: i64,
    containers: i64,
    images: i64,
    manifests: i64,
    size: i64,
    stored: i64,
    unsigned: i64,
    born: i64,
    downloads: i64,
}

impl Row {
    fn sum(self) -> Sum {
        Sum {
            collections: self.collections,
            containers: self.containers,
            images: self.images,
            manifests: self.manifests,
            size: self.size,
            stored: self.stored,
            unsigned: self.unsigned,
            born: self.born,
            downloads: self.downloads,
        }
    }
}

const RETURNING: &str = "RETURNING parent_id, counted, collections, containers, images, manifests, size, stored, unsigned, born, downloads";

/// Adds what the transaction noted to the sums, from the bottom up. Comes last of all in a transaction, so that the rows
/// that many share are locked for the shortest time. Tells which namespaces have grown; quotas come after.
pub(in crate::registry) async fn settle(tx: &Tx) -> Result<Vec<Growth>> {
    let mut noted = tx.noted().take();
    let (mut days, mut grown) = (Vec::new(), Vec::new());
    for extent in [
        Extent::Container,
        Extent::Collection,
        Extent::Namespace,
        Extent::Site,
    ] {
        let Some(changes) = noted.remove(&extent) else {
            continue;
        };
        let mut above = noted.remove(&next(extent)).unwrap_or_default();
        let mut level = Level {
            tx,
            extent,
            above: &mut above,
            days: &mut days,
            grown: &mut grown,
        };
        for id in changes.ids() {
            level.settle(id, &changes).await?;
        }
        if extent != Extent::Site {
            noted.insert(next(extent), above);
        }
    }
    keep_days(tx, days).await?;
    Ok(grown)
}

pub(super) fn next(extent: Extent) -> Extent {
    match extent {
        Extent::Container => Extent::Collection,
        Extent::Collection => Extent::Namespace,
        Extent::Namespace | Extent::Site => Extent::Site,
    }
}

/// One extent, on the way up.
struct Level<'a> {
    tx: &'a Tx,
    extent: Extent,
    above: &'a mut Changes,
    days: &'a mut Vec<(Extent, i64, Sum)>,
    grown: &'a mut Vec<Growth>,
}

impl Level<'_> {
    async fn settle(&mut self, id: i64, changes: &Changes) -> Result<()> {
        let change = changes.sums.get(&id).copied().unwrap_or_default();
        let uses = changes.uses.get(&id).cloned().unwrap_or_default();
        if changes.gone.contains(&id) && self.try_update(id, Sum::default()).await?.is_none() {
            return Ok(());
        }
        let (row, change) = self.change(id, change, uses).await?;
        let mut row = row;
        if row.counted {
            self.pass(row.parent_id, change);
        }
        self.days.push((self.extent, id, change));
        if self.extent == Extent::Namespace {
            self.grown.push(Growth {
                namespace: NamespaceId(id),
                change: change.amount(),
                now: row.sum().amount(),
                handed: changes.handed.contains(&id),
            });
        }
        if let Some(counted) = changes.counted.get(&id)
            && *counted != row.counted
        {
            row = self.set_counted(id, *counted).await?;
            let sign = if *counted { row.sum() } else { -row.sum() };
            self.pass(row.parent_id, sign);
        }
        if let Some((from, to)) = changes.moved.get(&id) {
            self.relocate(id, row, (*from, *to)).await?;
        }
        if changes.gone.contains(&id) {
            self.forget(id, row).await?;
        }
        Ok(())
    }

    /// What changes here changes in what this is in.
    fn pass(&mut self, parent: i64, change: Sum) {
        let change = change.without_stored();
        if self.extent != Extent::Site && change != Sum::default() {
            self.above.add(parent, change);
        }
    }

    /// Locks and changes a row, then counts blobs: those that are new here are new above, perhaps. In SQLite, which lets one
    /// in at a time, and of containers, which are locked, the row is changed once, after blobs.
    async fn change(&mut self, id: i64, change: Sum, uses: Uses) -> Result<(Row, Sum)> {
        let uses = sized(self.tx, uses).await?;
        let (mut row, mut change) = (None, change);
        let shared = self.tx.db().get_database_backend() == DbBackend::Postgres;
        if shared && self.extent != Extent::Container {
            row = Some(self.update(id, change).await?);
        }
        let crossed = match self.extent {
            Extent::Container => uses,
            _ => cross(self.tx, (self.extent, id), uses).await?,
        };
        let stored = crossed
            .values()
            .map(|held| held.holders * held.size.unwrap_or_default())
            .sum();
        let row = match row {
            Some(row) if stored == 0 => row,
            Some(_) => {
                let only = Sum {
                    stored,
                    ..Sum::default()
                };
                self.update(id, only).await?
            }
            None => {
                change.stored = stored;
                self.update(id, change).await?
            }
        };
        change.stored = stored;
        self.hand_up(row.parent_id, crossed);
        Ok((row, change))
    }

    fn hand_up(&mut self, parent: i64, crossed: Uses) {
        for (digest, held) in crossed {
            let above = match self.extent {
                Extent::Container | Extent::Collection => parent,
                Extent::Namespace => site_part(&digest),
                Extent::Site => return,
            };
            self.above.hold(above, digest, held.holders, held.size);
        }
    }

    async fn update(&self, id: i64, change: Sum) -> Result<Row> {
        if let Some(row) = self.try_update(id, change).await? {
            return Ok(row);
        }
        // The first change since sums are kept of it. Whoever else finds none waits here.
        let insert = match self.extent {
            Extent::Container => {
                "SELECT $1, id, collection_id, TRUE, 0, 0, 0, 0, 0, 0 FROM container WHERE id = $2"
            }
            Extent::Collection => {
                "SELECT $1, id, namespace_id, TRUE, 0, 0, 0, 0, 0, 0 FROM collection WHERE id = $2"
            }
            Extent::Namespace => {
                "SELECT $1, id, id % 16, TRUE, 0, 0, 0, 0, 0, 0 FROM namespace WHERE id = $2"
            }
            Extent::Site => {
                "SELECT $1, n.id, 0, TRUE, 0, 0, 0, 0, 0, 0 FROM (SELECT CAST($2 AS bigint) AS id) n WHERE TRUE"
            }
        };
        let insert = format!(
            "INSERT INTO usage (extent, id, parent_id, counted, collections, containers, images, manifests, size, stored)
            {insert} ON CONFLICT DO NOTHING"
        );
        let values = [self.extent.to_value().into(), id.into()];
        self.run(&insert, values).await?;
        let row = self.try_update(id, change).await?;
        row.ok_or_else(|| {
            Error::Conflict(
                "what this belongs to was deleted meanwhile; look again, then try again".into(),
            )
        })
    }

    async fn try_update(&self, id: i64, change: Sum) -> Result<Option<Row>> {
        let update = format!(
            "UPDATE usage SET collections = collections + $3, containers = containers + $4, images = images + $5,
            manifests = manifests + $6, size = size + $7, stored = stored + $8, unsigned = unsigned + $9, born = born + $10,
            downloads = downloads + $11
            WHERE extent = $1 AND id = $2 {RETURNING}"
        );
        let values = [
            self.extent.to_value().into(),
            id.into(),
            change.collections.into(),
            change.containers.into(),
            change.images.into(),
            change.manifests.into(),
            change.size.into(),
            change.stored.into(),
            change.unsigned.into(),
            change.born.into(),
            change.downloads.into(),
        ];
        self.row(&update, values).await
    }

    async fn set_counted(&self, id: i64, counted: bool) -> Result<Row> {
        let update =
            format!("UPDATE usage SET counted = $3 WHERE extent = $1 AND id = $2 {RETURNING}");
        let values = [self.extent.to_value().into(), id.into(), counted.into()];
        let row = self.row(&update, values).await?;
        row.ok_or(Error::NotFound("usage"))
    }

    /// What is here is no longer there, but here.
    async fn relocate(&mut self, id: i64, row: Row, (from, to): (i64, i64)) -> Result<()> {
        let update = "UPDATE usage SET parent_id = $3 WHERE extent = $1 AND id = $2";
        let values = [self.extent.to_value().into(), id.into(), to.into()];
        self.run(update, values).await?;
        if row.counted {
            self.pass(from, -row.sum());
            self.pass(to, row.sum());
        }
        for (digest, size) in held(self.tx, self.extent, id).await? {
            self.above.hold(from, digest.clone(), -1, Some(size));
            self.above.hold(to, digest, 1, Some(size));
        }
        Ok(())
    }

    async fn forget(&mut self, id: i64, row: Row) -> Result<()> {
        if row.counted {
            self.pass(row.parent_id, -row.sum());
        }
        if self.extent != Extent::Container {
            let held = held(self.tx, self.extent, id).await?;
            let gone = |(digest, size)| {
                let size = Some(size);
                (digest, Use { holders: -1, size })
            };
            self.hand_up(row.parent_id, held.into_iter().map(gone).collect());
            let values = [self.extent.to_value().into(), id.into()];
            let delete = "DELETE FROM blob_use WHERE extent = $1 AND id = $2";
            self.run(delete, values).await?;
        }
        self.forget_rows(id).await
    }

    /// Days and sums, and those of what was in it.
    async fn forget_rows(&mut self, id: i64) -> Result<()> {
        self.days
            .retain(|(extent, other, _)| (*extent, *other) != (self.extent, id));
        for delete in [
            "DELETE FROM usage_day WHERE extent = 'container' AND id IN
                (SELECT id FROM usage WHERE extent = 'container' AND parent_id = $2 AND $1 = 'collection')",
            "DELETE FROM usage WHERE extent = 'container' AND parent_id = $2 AND $1 = 'collection'",
            "DELETE FROM usage_day WHERE extent = $1 AND id = $2",
            "DELETE FROM usage WHERE extent = $1 AND id = $2",
        ] {
            let values = [self.extent.to_value().into(), id.into()];
            self.run(delete, values).await?;
        }
        Ok(())
    }

    async fn run(&self, sql: &str, values: impl IntoIterator<Item = sea_orm::Value>) -> Result<()> {
        let backend = self.tx.db().get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, values);
        self.tx.db().execute_raw(statement).await?;
        Ok(())
    }

    async fn row(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = sea_orm::Value>,
    ) -> Result<Option<Row>> {
        let backend = self.tx.db().get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, values);
        Ok(Row::find_by_statement(statement).one(self.tx.db()).await?)
    }
}

/// Which part of the site counts a blob.
fn site_part(digest: &str) -> i64 {
    let digit = digest
        .split_once(':')
        .and_then(|(_, hex)| hex.chars().next()?.to_digit(16));
    i64::from(digit.unwrap_or_default()) % SITE_PARTS
}

/// What is held directly: the blobs and their sizes.
async fn held(tx: &Tx, extent: Extent, id: i64) -> Result<Vec<(String, i64)>> {
    if extent == Extent::Container {
        let held = internal::<container_blob::Entity>()
            .join(JoinType::InnerJoin, container_blob::Relation::Blob.def())
            .filter(container_blob::Column::ContainerId.eq(id))
            .select_only()
            .column(container_blob::Column::Digest)
            .column(blob::Column::Size);
        return Ok(held.into_tuple().all(tx.db()).await?);
    }
    let held = internal::<blob_use::Entity>()
        .filter(blob_use::Column::Extent.eq(extent))
        .filter(blob_use::Column::Id.eq(id))
        .select_only()
        .column(blob_use::Column::Digest)
        .column(blob_use::Column::Size);
    Ok(held.into_tuple().all(tx.db()).await?)
}

/// The changes that change something, with the sizes of all blobs.
async fn sized(tx: &Tx, mut uses: Uses) -> Result<Uses> {
    uses.retain(|_, held| held.holders != 0);
    let unknown: Vec<String> = uses
        .iter()
        .filter(|(_, held)| held.size.is_none())
        .map(|(digest, _)| digest.clone())
        .collect();
    for some in unknown.chunks(CHUNK) {
        let sizes: Vec<(String, i64)> = internal::<blob::Entity>()
            .filter(blob::Column::Digest.is_in(some))
            .select_only()
            .column(blob::Column::Digest)
            .column(blob::Column::Size)
            .into_tuple()
            .all(tx.db())
            .await?;
        for (digest, size) in sizes {
            uses.entry(digest).or_default().size = Some(size);
        }
    }
    Ok(uses)
}

/// Changes how many hold each blob, and tells which are held now that were not, and the other way round.
async fn cross(tx: &Tx, (extent, id): (Extent, i64), uses: Uses) -> Result<Uses> {
    let mut crossed = BTreeMap::new();
    let uses: Vec<(String, Use)> = uses.into_iter().collect();
    for some in uses.chunks(CHUNK) {
        let holders: BTreeMap<&str, i64> = some
            .iter()
            .map(|(digest, held)| (digest.as_str(), held.holders))
            .collect();
        for (digest, size, now) in upsert(tx, (extent, id), some).await? {
            let change = holders.get(digest.as_str()).copied().unwrap_or_default();
            let holders = i64::from(now > 0) - i64::from(now > change);
            let size = Some(size);
            if holders != 0 {
                crossed.insert(digest, Use { holders, size });
            }
        }
    }
    let left = crossed
        .iter()
        .filter(|(_, held): &(_, &Use)| held.holders < 0);
    let left: Vec<&String> = left.map(|(digest, _)| digest).collect();
    for some in left.chunks(CHUNK) {
        blob_use::Entity::delete_many()
            .filter(blob_use::Column::Extent.eq(extent))
            .filter(blob_use::Column::Id.eq(id))
            .filter(blob_use::Column::Digest.is_in(some.iter().copied()))
            .exec(tx.db())
            .await?;
    }
    Ok(crossed)
}

/// Digest, size and uses as they are now.
async fn upsert(
    tx: &Tx,
    (extent, id): (Extent, i64),
    some: &[(String, Use)],
) -> Result<Vec<(String, i64, i64)>> {
    let rows = some.iter().map(|(digest, held)| blob_use::ActiveModel {
        extent: Set(extent),
        id: Set(id),
        digest: Set(digest.clone()),
        uses: Set(held.holders),
        size: Set(held.size.unwrap_or_default()),
    });
    let add = OnConflict::columns([
        blob_use::Column::Extent,
        blob_use::Column::Id,
        blob_use::Column::Digest,
    ])
    .value(
        blob_use::Column::Uses,
        added(blob_use::Entity, blob_use::Column::Uses),
    )
    .to_owned();
    let mut insert = blob_use::Entity::insert_many(rows).on_conflict(add);
    QueryTrait::query(&mut insert).returning_all();
    let rows = tx.db().query_all(insert.as_query()).await?;
    let read = |row: &sea_orm::QueryResult| {
        let row = blob_use::Model::from_query_result(row, "")?;
        Ok((row.digest, row.size, row.uses))
    };
    rows.iter().map(read).collect()
}

/// What is there and what comes.
fn added<E: EntityTrait, C: ColumnTrait>(table: E, column: C) -> Expr {
    let column_name = sea_orm::IdenStatic::as_str(&column);
    Expr::col((table, column)).add(Expr::cust(format!("excluded.{column_name}")))
}

/// What each day adds up.
const DAY_SUMS: [usage_day::Column; 8] = [
    usage_day::Column::Images,
    usage_day::Column::Manifests,
    usage_day::Column::Size,
    usage_day::Column::Stored,
    usage_day::Column::ImagesRemoved,
    usage_day::Column::ManifestsRemoved,
    usage_day::Column::SizeRemoved,
    usage_day::Column::StoredRemoved,
];

/// Adds the changes to their days, in the order of the locks.
async fn keep_days(tx: &Tx, days: Vec<(Extent, i64, Sum)>) -> Result<()> {
    let day: NaiveDate = tx.now().date_naive();
    let rows: Vec<_> = of_one_site(days)
        .into_iter()
        .filter(|(_, _, sum)| (sum.images, sum.manifests, sum.size, sum.stored) != (0, 0, 0, 0))
        .map(|change| day_of(day, change))
        .collect();
    for some in rows.chunks(CHUNK) {
        let mut add = OnConflict::columns([
            usage_day::Column::Extent,
            usage_day::Column::Id,
            usage_day::Column::Day,
        ]);
        for column in DAY_SUMS {
            add.value(column, added(usage_day::Entity, column));
        }
        usage_day::Entity::insert_many(some.to_vec())
            .on_conflict(add)
            .exec_without_returning(tx.db())
            .await?;
    }
    Ok(())
}

/// What one transaction took from one part of the site and gave to another changed nothing on the site.
fn of_one_site(mut days: Vec<(Extent, i64, Sum)>) -> Vec<(Extent, i64, Sum)> {
    let parts = days.iter().filter(|(extent, ..)| *extent == Extent::Site);
    let Some(part) = parts.clone().map(|(_, part, _)| *part).min() else {
        return days;
    };
    let all = parts.fold(Sum::default(), |all, (_, _, sum)| all + *sum);
    days.retain(|(extent, ..)| *extent != Extent::Site);
    days.push((Extent::Site, part, all));
    days
}

fn day_of(day: NaiveDate, (extent, id, sum): (Extent, i64, Sum)) -> usage_day::ActiveModel {
    let removed = |change: i64| Set(Ord::min(change, 0).abs());
    usage_day::ActiveModel {
        extent: Set(extent),
        id: Set(id),
        day: Set(day),
        images: Set(sum.images),
        manifests: Set(sum.manifests),
        size: Set(sum.size),
        stored: Set(sum.stored),
        images_removed: removed(sum.images),
        manifests_removed: removed(sum.manifests),
        size_removed: removed(sum.size),
        stored_removed: removed(sum.stored),
    }
}
