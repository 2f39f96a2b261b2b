//! How much there is in each container, collection and namespace and on the site, and how that grew.
//!
//! What was there before is summed up here, so that the sums are right from the first change on.
use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, boolean, date, string, timestamp_with_time_zone_null},
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [usage(), blob_use(), usage_day()] {
            manager.create_table(table).await?;
        }
        for (table, columns) in [
            ("usage", &["extent", "parent_id", "size"][..]),
            ("usage", &["extent", "recounted_at"]),
            ("usage_day", &["extent", "day"]),
        ] {
            manager.create_index(index(table, columns)).await?;
        }
        for sum in SUMS {
            manager.get_connection().execute_unprepared(sum).await?;
        }
        Ok(())
    }
}

fn usage() -> TableCreateStatement {
    let mut table = of_extent("usage");
    for column in ["parent_id", "collections", "containers"] {
        table.col(big_integer(column));
    }
    table.col(boolean("counted"));
    add_sums(&mut table);
    table
        .col(timestamp_with_time_zone_null("recounted_at"))
        .primary_key(Index::create().col("extent").col("id"))
        .take()
}

fn blob_use() -> TableCreateStatement {
    of_extent("blob_use")
        .col(string("digest"))
        .col(big_integer("uses"))
        .col(big_integer("size"))
        .primary_key(Index::create().col("extent").col("id").col("digest"))
        .take()
}

fn usage_day() -> TableCreateStatement {
    let mut table = of_extent("usage_day");
    table.col(date("day"));
    add_sums(&mut table);
    table
        .primary_key(Index::create().col("extent").col("id").col("day"))
        .take()
}

fn of_extent(name: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(string("extent"))
        .col(big_integer("id"))
        .take()
}

fn add_sums(table: &mut TableCreateStatement) {
    for column in ["images", "manifests", "size", "stored"] {
        table.col(big_integer(column));
    }
}

fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index
        .name(format!("idx_{table}_{}", columns.join("_")))
        .table(table);
    for column in columns {
        index.col(*column);
    }
    index.take()
}

/// From the bottom up.
const SUMS: &[&str] = &[
    "INSERT INTO usage (extent, id, parent_id, counted, collections, containers, images, manifests, size, stored)
    SELECT 'container', c.id, c.collection_id, TRUE, 0, 1, COALESCE(i.n, 0), COALESCE(m.n, 0),
        COALESCE(i.size, 0) + COALESCE(m.size, 0), COALESCE(b.size, 0)
    FROM container c
    LEFT JOIN (SELECT container_id, COUNT(*) AS n, CAST(SUM(size) AS bigint) AS size FROM image
        WHERE blob IS NOT NULL GROUP BY container_id) i ON i.container_id = c.id
    LEFT JOIN (SELECT container_id, COUNT(*) AS n, CAST(SUM(size) AS bigint) AS size FROM manifest
        WHERE image_id IS NULL AND NOT generated GROUP BY container_id) m ON m.container_id = c.id
    LEFT JOIN (SELECT l.container_id, CAST(SUM(b.size) AS bigint) AS size FROM container_blob l
        JOIN blob b ON b.digest = l.digest GROUP BY l.container_id) b ON b.container_id = c.id",
    "INSERT INTO blob_use (extent, id, digest, uses, size)
    SELECT 'collection', c.collection_id, l.digest, COUNT(*), MIN(b.size) FROM container_blob l
    JOIN container c ON c.id = l.container_id JOIN blob b ON b.digest = l.digest
    GROUP BY c.collection_id, l.digest",
    "INSERT INTO blob_use (extent, id, digest, uses, size)
    SELECT 'namespace', c.namespace_id, u.digest, COUNT(*), MIN(u.size) FROM blob_use u
    JOIN collection c ON c.id = u.id WHERE u.extent = 'collection' GROUP BY c.namespace_id, u.digest",
    // A sixteenth of the site each, by the first digit of the digest.
    "INSERT INTO blob_use (extent, id, digest, uses, size)
    SELECT 'site', CASE substr(digest, 8, 1) WHEN '0' THEN 0 WHEN '1' THEN 1 WHEN '2' THEN 2 WHEN '3' THEN 3
        WHEN '4' THEN 4 WHEN '5' THEN 5 WHEN '6' THEN 6 WHEN '7' THEN 7 WHEN '8' THEN 8 WHEN '9' THEN 9
        WHEN 'a' THEN 10 WHEN 'b' THEN 11 WHEN 'c' THEN 12 WHEN 'd' THEN 13 WHEN 'e' THEN 14 ELSE 15 END,
        digest, COUNT(*), MIN(size) FROM blob_use WHERE extent = 'namespace' GROUP BY digest",
    "INSERT INTO usage (extent, id, parent_id, counted, collections, containers, images, manifests, size, stored)
    SELECT 'collection', c.id, c.namespace_id, TRUE, 1, COALESCE(u.containers, 0), COALESCE(u.images, 0),
        COALESCE(u.manifests, 0), COALESCE(u.size, 0), COALESCE(b.size, 0)
    FROM collection c
    LEFT JOIN (SELECT parent_id, COUNT(*) AS containers, CAST(SUM(images) AS bigint) AS images,
        CAST(SUM(manifests) AS bigint) AS manifests, CAST(SUM(size) AS bigint) AS size FROM usage
        WHERE extent = 'container' GROUP BY parent_id) u ON u.parent_id = c.id
    LEFT JOIN (SELECT id, CAST(SUM(size) AS bigint) AS size FROM blob_use
        WHERE extent = 'collection' GROUP BY id) b ON b.id = c.id",
    "INSERT INTO usage (extent, id, parent_id, counted, collections, containers, images, manifests, size, stored)
    SELECT 'namespace', n.id, n.id % 16, TRUE, COALESCE(u.collections, 0), COALESCE(u.containers, 0),
        COALESCE(u.images, 0), COALESCE(u.manifests, 0), COALESCE(u.size, 0), COALESCE(b.size, 0)
    FROM namespace n
    LEFT JOIN (SELECT parent_id, COUNT(*) AS collections, CAST(SUM(containers) AS bigint) AS containers,
        CAST(SUM(images) AS bigint) AS images, CAST(SUM(manifests) AS bigint) AS manifests,
        CAST(SUM(size) AS bigint) AS size FROM usage
        WHERE extent = 'collection' GROUP BY parent_id) u ON u.parent_id = n.id
    LEFT JOIN (SELECT id, CAST(SUM(size) AS bigint) AS size FROM blob_use
        WHERE extent = 'namespace' GROUP BY id) b ON b.id = n.id",
    "INSERT INTO usage (extent, id, parent_id, counted, collections, containers, images, manifests, size, stored)
    SELECT 'site', s.id, 0, TRUE, COALESCE(u.collections, 0), COALESCE(u.containers, 0), COALESCE(u.images, 0),
        COALESCE(u.manifests, 0), COALESCE(u.size, 0), COALESCE(b.size, 0)
    FROM (SELECT 0 AS id UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
        UNION SELECT 7 UNION SELECT 8 UNION SELECT 9 UNION SELECT 10 UNION SELECT 11 UNION SELECT 12
        UNION SELECT 13 UNION SELECT 14 UNION SELECT 15) s
    LEFT JOIN (SELECT parent_id, CAST(SUM(collections) AS bigint) AS collections,
        CAST(SUM(containers) AS bigint) AS containers, CAST(SUM(images) AS bigint) AS images,
        CAST(SUM(manifests) AS bigint) AS manifests, CAST(SUM(size) AS bigint) AS size FROM usage
        WHERE extent = 'namespace' GROUP BY parent_id) u ON u.parent_id = s.id
    LEFT JOIN (SELECT id, CAST(SUM(size) AS bigint) AS size FROM blob_use
        WHERE extent = 'site' GROUP BY id) b ON b.id = s.id",
];
