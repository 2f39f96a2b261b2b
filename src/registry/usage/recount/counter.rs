//! What there is in one collection, namespace or part of the site, beside what its sums say.
use std::collections::BTreeMap;

use entity::{kind::Extent, usage};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DbBackend, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value, sea_query::Expr,
};

use super::Drift;
use crate::{
    access::internal,
    error::Result,
    registry::{
        Tx,
        usage::{CONTAINER_COUNTS, seconds},
    },
};

/// What there is of one thing, or what its row says.
#[derive(Clone, Copy, Debug, Default, FromQueryResult)]
struct Count {
    id: i64,
    parent_id: i64,
    /// 1: it counts in its parent; 0: it is in the trash.
    counted: i64,
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

impl Count {
    fn fields(self) -> [(&'static str, i64); 11] {
        [
            ("parent", self.parent_id),
            ("counted", self.counted),
            ("collections", self.collections),
            ("containers", self.containers),
            ("images", self.images),
            ("manifests", self.manifests),
            ("size", self.size),
            ("stored", self.stored),
            ("unsigned", self.unsigned),
            ("born", self.born),
            ("downloads", self.downloads),
        ]
    }
}

/// What is in the containers of the collection `$1`.
fn containers(backend: DbBackend) -> String {
    let (image, manifest) = (
        seconds(backend, "COALESCE(i.uploaded_at, i.created_at)"),
        seconds(backend, "m.created_at"),
    );
    format!(
        "SELECT c.id, c.collection_id AS parent_id,
        CAST(CASE WHEN {CONTAINER_COUNTS} THEN 1 ELSE 0 END AS bigint) AS counted, CAST(0 AS bigint) AS collections, CAST(1 AS bigint) AS containers,
        COALESCE(i.n, 0) AS images, COALESCE(m.n, 0) AS manifests,
        CAST(COALESCE(i.size, 0) + COALESCE(m.size, 0) AS bigint) AS size,
        CAST((SELECT COALESCE(SUM(b.size), 0) FROM container_blob l JOIN blob b ON b.digest = l.digest
            WHERE l.container_id = c.id) AS bigint) AS stored,
        COALESCE(i.unsigned, 0) AS unsigned, CAST(COALESCE(i.born, 0) + COALESCE(m.born, 0) AS bigint) AS born, c.downloads
        FROM container c
        LEFT JOIN (SELECT i.container_id, COUNT(*) AS n, SUM(i.size) AS size, SUM({image}) AS born,
            COUNT(CASE WHEN i.signed THEN NULL ELSE 1 END) AS unsigned FROM image i
            WHERE i.blob IS NOT NULL AND i.container_id IN (SELECT id FROM container WHERE collection_id = $1)
            GROUP BY i.container_id) i ON i.container_id = c.id
        LEFT JOIN (SELECT m.container_id, COUNT(*) AS n, SUM(m.size) AS size, SUM({manifest}) AS born FROM manifest m
            WHERE m.image_id IS NULL AND NOT m.generated
                AND m.container_id IN (SELECT id FROM container WHERE collection_id = $1)
            GROUP BY m.container_id) m ON m.container_id = c.id
        WHERE c.collection_id = $1"
    )
}

const COUNTED: &str =
    "SELECT id, parent_id, CAST(CASE WHEN counted THEN 1 ELSE 0 END AS bigint) AS counted, collections, containers, images, manifests, size, stored, unsigned, born, downloads FROM usage
    WHERE extent = 'container' AND parent_id = $1";

/// Counts one collection, namespace or part of the site.
pub(super) struct Counter<'a> {
    pub(super) tx: &'a Tx,
    pub(super) extent: Extent,
    pub(super) id: i64,
    pub(super) mend: bool,
}

impl Counter<'_> {
    /// Its row, once those that change it are done. Pushes lock containers before the collection, so this does, too.
    pub(super) async fn locked(&self) -> Result<Option<usage::Model>> {
        if self.extent == Extent::Collection {
            self.lock(usage::Column::ParentId.eq(self.id), Extent::Container)
                .await?;
        }
        let row = self
            .lock(usage::Column::Id.eq(self.id), self.extent)
            .await?;
        Ok(row.into_iter().next())
    }

    /// Locks rows in the order of their ids.
    async fn lock(&self, which: Expr, extent: Extent) -> Result<Vec<usage::Model>> {
        let rows = internal::<usage::Entity>()
            .filter(usage::Column::Extent.eq(extent))
            .filter(which)
            .order_by_asc(usage::Column::Id)
            .lock_exclusive();
        Ok(rows.all(self.tx.db()).await?)
    }

    /// Compares the sums of what is locked with what there is, and puts them right where that is wanted.
    pub(super) async fn check(&self, row: &usage::Model) -> Result<Vec<Drift>> {
        let mut drifts = Vec::new();
        if self.extent == Extent::Collection {
            drifts = self.check_containers().await?;
        }
        drifts.extend(self.check_blobs().await?);
        drifts.extend(self.check_own(row).await?);
        if !drifts.is_empty() && self.mend {
            self.doubt_parent(row.parent_id).await?;
        }
        self.note(&drifts).await?;
        Ok(drifts)
    }

    /// When it was counted, and what is still wrong.
    async fn note(&self, drifts: &[Drift]) -> Result<()> {
        let wrong = if self.mend { 0 } else { drifts.len() };
        let note = "UPDATE usage SET recounted_at = $3, wrong = $4 WHERE extent = $1 AND id = $2";
        let values = [
            self.extent.to_value().into(),
            self.id.into(),
            self.tx.now().into(),
            i64::try_from(wrong).unwrap_or(i64::MAX).into(),
        ];
        self.run(note, values).await
    }

    async fn check_own(&self, row: &usage::Model) -> Result<Vec<Drift>> {
        let was = Count {
            id: row.id,
            parent_id: row.parent_id,
            counted: row.counted.into(),
            collections: row.collections,
            containers: row.containers,
            images: row.images,
            manifests: row.manifests,
            size: row.size,
            stored: row.stored,
            unsigned: row.unsigned,
            born: row.born,
            downloads: row.downloads,
        };
        let Some(is) = self.count().await? else {
            if self.mend {
                self.drop_row(self.extent, self.id).await?;
            }
            return Ok(compare(self.extent, was, Count::default()));
        };
        let drifts = compare(self.extent, was, is);
        if !drifts.is_empty() && self.mend {
            self.put(self.extent, is).await?;
        }
        Ok(drifts)
    }

    async fn check_containers(&self) -> Result<Vec<Drift>> {
        let is = self.rows(&self.containers(), [self.id.into()]).await?;
        let was = self.rows(COUNTED, [self.id.into()]).await?;
        let mut was: BTreeMap<_, _> = was.into_iter().map(|row| (row.id, row)).collect();
        let mut drifts = Vec::new();
        for is in is {
            let before = was.remove(&is.id).unwrap_or(Count {
                id: is.id,
                parent_id: is.parent_id,
                ..Count::default()
            });
            let found = compare(Extent::Container, before, is);
            if !found.is_empty() && self.mend {
                self.put(Extent::Container, is).await?;
            }
            drifts.extend(found);
        }
        for (id, row) in was {
            let none = Count {
                id,
                ..Count::default()
            };
            drifts.extend(compare(Extent::Container, row, none));
            if self.mend {
                self.drop_row(Extent::Container, id).await?;
            }
        }
        Ok(drifts)
    }

    fn containers(&self) -> String {
        containers(self.tx.db().get_database_backend())
    }

    /// Who holds which blob, as a selection of digest, holders and size, and the same of what is noted.
    fn held(&self) -> String {
        let id = self.id;
        match self.extent {
            Extent::Container | Extent::Collection => format!(
                "SELECT l.digest, COUNT(*) AS uses, MIN(b.size) AS size FROM container_blob l
                JOIN container c ON c.id = l.container_id JOIN blob b ON b.digest = l.digest
                WHERE c.collection_id = {id} GROUP BY l.digest"
            ),
            Extent::Namespace => format!(
                "SELECT u.digest, COUNT(*) AS uses, MIN(u.size) AS size FROM blob_use u
                JOIN collection c ON c.id = u.id
                WHERE u.extent = 'collection' AND c.namespace_id = {id} GROUP BY u.digest"
            ),
            Extent::Site => format!(
                "SELECT u.digest, COUNT(*) AS uses, MIN(u.size) AS size FROM blob_use u
                WHERE u.extent = 'namespace' AND substr(u.digest, 8, 1) = '{id:x}' GROUP BY u.digest"
            ),
        }
    }

    async fn check_blobs(&self) -> Result<Option<Drift>> {
        let held = self.held();
        let wrong = format!(
            "SELECT (SELECT COUNT(*) FROM ({held}) t LEFT JOIN blob_use n ON n.extent = $1 AND n.id = $2
                AND n.digest = t.digest WHERE n.uses IS NULL OR n.uses <> t.uses OR n.size <> t.size)
            + (SELECT COUNT(*) FROM blob_use n LEFT JOIN ({held}) t ON t.digest = n.digest
                WHERE n.extent = $1 AND n.id = $2 AND t.digest IS NULL) AS wrong"
        );
        let values = || [Value::from(self.extent.to_value()), self.id.into()];
        let row = self
            .tx
            .db()
            .query_one_raw(self.statement(&wrong, values()))
            .await?;
        let wrong: i64 = row.map_or(Ok(0), |row| row.try_get("", "wrong"))?;
        if wrong == 0 {
            return Ok(None);
        }
        if self.mend {
            let clear = "DELETE FROM blob_use WHERE extent = $1 AND id = $2";
            self.run(clear, values()).await?;
            let put = format!(
                "INSERT INTO blob_use (extent, id, digest, uses, size)
                SELECT $1, CAST($2 AS bigint), t.digest, t.uses, t.size FROM ({held}) t"
            );
            self.run(&put, values()).await?;
        }
        Ok(Some(Drift {
            extent: self.extent,
            id: self.id,
            what: "blobs",
            was: wrong,
            is: 0,
        }))
    }

    /// What there is, by what is known of the things below; `None` where the thing itself is gone.
    async fn count(&self) -> Result<Option<Count>> {
        let (of, own, parent, counted) = match self.extent {
            Extent::Container | Extent::Collection => (
                "collection",
                "1",
                "t.namespace_id",
                "CASE WHEN t.trash_id IS NULL THEN 1 ELSE 0 END",
            ),
            Extent::Namespace => ("namespace", "SUM(u.collections)", "t.id % 16", "1"),
            Extent::Site => (
                "(SELECT CAST($1 AS bigint) AS id)",
                "SUM(u.collections)",
                "0",
                "1",
            ),
        };
        let count = format!(
            "SELECT t.id, CAST(MIN({parent}) AS bigint) AS parent_id,
            CAST(MIN({counted}) AS bigint) AS counted,
            CAST(COALESCE({own}, 0) AS bigint) AS collections,
            CAST(COALESCE(SUM(u.containers), 0) AS bigint) AS containers,
            CAST(COALESCE(SUM(u.images), 0) AS bigint) AS images,
            CAST(COALESCE(SUM(u.manifests), 0) AS bigint) AS manifests,
            CAST(COALESCE(SUM(u.size), 0) AS bigint) AS size,
            CAST((SELECT COALESCE(SUM(h.size), 0) FROM ({held}) h) AS bigint) AS stored,
            CAST(COALESCE(SUM(u.unsigned), 0) AS bigint) AS unsigned, CAST(COALESCE(SUM(u.born), 0) AS bigint) AS born,
            CAST(COALESCE(SUM(u.downloads), 0) AS bigint) AS downloads
            FROM {of} t LEFT JOIN ({below}) u ON u.parent_id = t.id
            WHERE t.id = $1 GROUP BY t.id",
            held = self.held(),
            below = self.below(),
        );
        Ok(self.rows(&count, [self.id.into()]).await?.pop())
    }

    /// What is directly below and counts.
    fn below(&self) -> String {
        let columns = "parent_id, collections, containers, images, manifests, size, unsigned, born, downloads";
        match self.extent {
            Extent::Container | Extent::Collection => format!(
                "{} AND {CONTAINER_COUNTS}",
                self.containers()
            ),
            Extent::Namespace => format!(
                "SELECT {columns} FROM usage u WHERE u.extent = 'collection' AND u.parent_id = $1
                AND NOT EXISTS (SELECT 1 FROM collection c WHERE c.id = u.id AND c.trash_id IS NOT NULL)"
            ),
            Extent::Site => {
                format!("SELECT {columns} FROM usage WHERE extent = 'namespace' AND parent_id = $1")
            }
        }
    }

    async fn put(&self, extent: Extent, is: Count) -> Result<()> {
        let put = "INSERT INTO usage (extent, id, parent_id, counted, collections, containers, images, manifests, size, stored,
                unsigned, born, downloads)
            VALUES ($1, $2, $3, $13, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (extent, id) DO UPDATE SET parent_id = excluded.parent_id, counted = excluded.counted, collections = excluded.collections,
            containers = excluded.containers, images = excluded.images, manifests = excluded.manifests,
            size = excluded.size, stored = excluded.stored, unsigned = excluded.unsigned, born = excluded.born,
            downloads = excluded.downloads";
        let values = [
            extent.to_value().into(),
            is.id.into(),
            is.parent_id.into(),
            is.collections.into(),
            is.containers.into(),
            is.images.into(),
            is.manifests.into(),
            is.size.into(),
            is.stored.into(),
            is.unsigned.into(),
            is.born.into(),
            is.downloads.into(),
            (is.counted != 0).into(),
        ];
        self.run(put, values).await
    }

    async fn drop_row(&self, extent: Extent, id: i64) -> Result<()> {
        for table in ["usage", "usage_day", "blob_use"] {
            let delete = format!("DELETE FROM {table} WHERE extent = $1 AND id = $2");
            self.run(&delete, [extent.to_value().into(), id.into()])
                .await?;
        }
        Ok(())
    }

    /// What this is in was summed up from what was wrong here.
    async fn doubt_parent(&self, parent: i64) -> Result<()> {
        let (extent, which) = match self.extent {
            Extent::Container | Extent::Collection => {
                (Extent::Namespace, usage::Column::Id.eq(parent))
            }
            Extent::Namespace => (Extent::Site, usage::Column::Id.gte(0)),
            Extent::Site => return Ok(()),
        };
        for above in self.lock(which, extent).await? {
            let doubt = "UPDATE usage SET recounted_at = NULL WHERE extent = $1 AND id = $2";
            self.run(doubt, [extent.to_value().into(), above.id.into()])
                .await?;
        }
        Ok(())
    }

    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        let backend = self.tx.db().get_database_backend();
        Statement::from_sql_and_values(backend, sql, values)
    }

    async fn rows(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Vec<Count>> {
        let statement = self.statement(sql, values);
        Ok(Count::find_by_statement(statement)
            .all(self.tx.db())
            .await?)
    }

    async fn run(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<()> {
        self.tx
            .db()
            .execute_raw(self.statement(sql, values))
            .await?;
        Ok(())
    }
}

fn compare(extent: Extent, was: Count, is: Count) -> Vec<Drift> {
    let id = was.id;
    let fields = was.fields().into_iter().zip(is.fields());
    let differ = fields.filter(|((_, was), (_, is))| was != is);
    differ
        .map(|((what, was), (_, is))| Drift {
            extent,
            id,
            what,
            was,
            is,
        })
        .collect()
}
