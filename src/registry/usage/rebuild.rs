//! Sums of all there is, made at once, for rows that did not come one by one.
use sea_orm::{ConnectionTrait, DbBackend};

use super::{CONTAINER_COUNTS, seconds};
use crate::{
    error::Result,
    registry::{Caller, Tx},
};

/// Forgets all sums and makes them anew, with their growth by the days on which images were uploaded. Nobody may push
/// meanwhile.
pub(in crate::registry) async fn rebuild(caller: &Caller) -> Result<()> {
    caller
        .change(async |tx| {
            tx.noted().changed();
            for table in ["usage", "blob_use", "usage_day"] {
                run(tx, &format!("DELETE FROM {table}")).await?;
            }
            for sum in sums(tx.db().get_database_backend()) {
                run(tx, &sum).await?;
            }
            for days in days(tx) {
                run(tx, &days).await?;
            }
            Ok(crate::event::Change::none(()))
        })
        .await
}

async fn run(tx: &Tx, sql: &str) -> Result<()> {
    tx.db().execute_unprepared(sql).await?;
    Ok(())
}

/// What each day brought, from containers up to the parts of the site.
fn days(tx: &Tx) -> Vec<String> {
    let day = match tx.db().get_database_backend() {
        DbBackend::Postgres => "CAST(i.uploaded_at AT TIME ZONE 'UTC' AS date)",
        _ => "date(i.uploaded_at)",
    };
    let columns = "(extent, id, day, images, manifests, size, stored)";
    let above = |extent: &str, below: &str| {
        format!(
            "INSERT INTO usage_day {columns} SELECT '{extent}', u.parent_id, d.day, CAST(SUM(d.images) AS bigint),
            CAST(SUM(d.manifests) AS bigint), CAST(SUM(d.size) AS bigint), 0 FROM usage_day d
            JOIN usage u ON u.extent = d.extent AND u.id = d.id AND u.counted WHERE d.extent = '{below}' GROUP BY u.parent_id, d.day"
        )
    };
    vec![
        format!(
            "INSERT INTO usage_day {columns} SELECT 'container', i.container_id, {day}, COUNT(*), 0,
            CAST(SUM(i.size) AS bigint), 0 FROM image i WHERE i.blob IS NOT NULL AND i.uploaded_at IS NOT NULL
            GROUP BY i.container_id, {day}"
        ),
        above("collection", "container"),
        above("namespace", "collection"),
        above("site", "namespace"),
    ]
}

/// From the bottom up.
fn sums(backend: DbBackend) -> Vec<String> {
    let above = ABOVE.iter().map(|sum| (*sum).to_owned());
    std::iter::once(of_containers(backend))
        .chain(above)
        .collect()
}

fn of_containers(backend: DbBackend) -> String {
    format!(
        "INSERT INTO usage (extent, id, parent_id, counted, collections, containers, images, manifests, size, stored,
        unsigned, born, downloads)
    SELECT 'container', c.id, c.collection_id, {CONTAINER_COUNTS}, 0, 1, COALESCE(i.n, 0), COALESCE(m.n, 0),
        COALESCE(i.size, 0) + COALESCE(m.size, 0), COALESCE(b.size, 0),
        COALESCE(i.unsigned, 0), CAST(COALESCE(i.born, 0) + COALESCE(m.born, 0) AS bigint), c.downloads
    FROM container c
    LEFT JOIN (SELECT container_id, COUNT(*) AS n, CAST(SUM(size) AS bigint) AS size,
        COUNT(CASE WHEN signed THEN NULL ELSE 1 END) AS unsigned, SUM({image}) AS born FROM image
        WHERE blob IS NOT NULL GROUP BY container_id) i ON i.container_id = c.id
    LEFT JOIN (SELECT container_id, COUNT(*) AS n, CAST(SUM(size) AS bigint) AS size,
        SUM({manifest}) AS born FROM manifest
        WHERE image_id IS NULL AND NOT generated GROUP BY container_id) m ON m.container_id = c.id
    LEFT JOIN (SELECT l.container_id, CAST(SUM(b.size) AS bigint) AS size FROM container_blob l
        JOIN blob b ON b.digest = l.digest GROUP BY l.container_id) b ON b.container_id = c.id",
        image = seconds(backend, "COALESCE(uploaded_at, created_at)"),
        manifest = seconds(backend, "created_at"),
    )
}

const ABOVE: &[&str] = &[
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
    "INSERT INTO usage (extent, id, parent_id, counted, collections, containers, images, manifests, size, stored,
        unsigned, born, downloads)
    SELECT 'collection', c.id, c.namespace_id, c.trash_id IS NULL, 1, COALESCE(u.containers, 0), COALESCE(u.images, 0),
        COALESCE(u.manifests, 0), COALESCE(u.size, 0), COALESCE(b.size, 0),
        COALESCE(u.unsigned, 0), COALESCE(u.born, 0), COALESCE(u.downloads, 0)
    FROM collection c
    LEFT JOIN (SELECT parent_id, COUNT(*) AS containers, CAST(SUM(images) AS bigint) AS images,
        CAST(SUM(manifests) AS bigint) AS manifests, CAST(SUM(size) AS bigint) AS size,
        CAST(SUM(unsigned) AS bigint) AS unsigned, CAST(SUM(born) AS bigint) AS born,
        CAST(SUM(downloads) AS bigint) AS downloads FROM usage
        WHERE extent = 'container' AND counted GROUP BY parent_id) u ON u.parent_id = c.id
    LEFT JOIN (SELECT id, CAST(SUM(size) AS bigint) AS size FROM blob_use
        WHERE extent = 'collection' GROUP BY id) b ON b.id = c.id",
    "INSERT INTO usage (extent, id, parent_id, counted, collections, containers, images, manifests, size, stored,
        unsigned, born, downloads)
    SELECT 'namespace', n.id, n.id % 16, TRUE, COALESCE(u.collections, 0), COALESCE(u.containers, 0),
        COALESCE(u.images, 0), COALESCE(u.manifests, 0), COALESCE(u.size, 0), COALESCE(b.size, 0),
        COALESCE(u.unsigned, 0), COALESCE(u.born, 0), COALESCE(u.downloads, 0)
    FROM namespace n
    LEFT JOIN (SELECT parent_id, COUNT(*) AS collections, CAST(SUM(containers) AS bigint) AS containers,
        CAST(SUM(images) AS bigint) AS images, CAST(SUM(manifests) AS bigint) AS manifests,
        CAST(SUM(size) AS bigint) AS size,
        CAST(SUM(unsigned) AS bigint) AS unsigned, CAST(SUM(born) AS bigint) AS born,
        CAST(SUM(downloads) AS bigint) AS downloads FROM usage
        WHERE extent = 'collection' AND counted GROUP BY parent_id) u ON u.parent_id = n.id
    LEFT JOIN (SELECT id, CAST(SUM(size) AS bigint) AS size FROM blob_use
        WHERE extent = 'namespace' GROUP BY id) b ON b.id = n.id",
    "INSERT INTO usage (extent, id, parent_id, counted, collections, containers, images, manifests, size, stored,
        unsigned, born, downloads)
    SELECT 'site', s.id, 0, TRUE, COALESCE(u.collections, 0), COALESCE(u.containers, 0), COALESCE(u.images, 0),
        COALESCE(u.manifests, 0), COALESCE(u.size, 0), COALESCE(b.size, 0),
        COALESCE(u.unsigned, 0), COALESCE(u.born, 0), COALESCE(u.downloads, 0)
    FROM (SELECT 0 AS id UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
        UNION SELECT 7 UNION SELECT 8 UNION SELECT 9 UNION SELECT 10 UNION SELECT 11 UNION SELECT 12
        UNION SELECT 13 UNION SELECT 14 UNION SELECT 15) s
    LEFT JOIN (SELECT parent_id, CAST(SUM(collections) AS bigint) AS collections,
        CAST(SUM(containers) AS bigint) AS containers, CAST(SUM(images) AS bigint) AS images,
        CAST(SUM(manifests) AS bigint) AS manifests, CAST(SUM(size) AS bigint) AS size,
        CAST(SUM(unsigned) AS bigint) AS unsigned, CAST(SUM(born) AS bigint) AS born,
        CAST(SUM(downloads) AS bigint) AS downloads FROM usage
        WHERE extent = 'namespace' GROUP BY parent_id) u ON u.parent_id = s.id
    LEFT JOIN (SELECT id, CAST(SUM(size) AS bigint) AS size FROM blob_use
        WHERE extent = 'site' GROUP BY id) b ON b.id = s.id",
];
