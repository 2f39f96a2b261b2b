//! What a tree of sizes is coloured by, summed up as sizes are, and what each day took away.
use sea_orm_migration::{prelude::*, schema::big_integer, sea_orm::DbBackend};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, columns) in [
            ("usage", &["unsigned", "born", "downloads"][..]),
            (
                "usage_day",
                &[
                    "images_removed",
                    "manifests_removed",
                    "size_removed",
                    "stored_removed",
                ],
            ),
        ] {
            for column in columns {
                let column = big_integer(*column).default(0).take();
                let alter = Table::alter().table(table).add_column(column).take();
                manager.alter_table(alter).await?;
            }
        }
        let db = manager.get_connection();
        db.execute_unprepared(&of_containers(db.get_database_backend()))
            .await?;
        for sums in ABOVE {
            db.execute_unprepared(sums).await?;
        }
        Ok(())
    }
}

fn of_containers(backend: DbBackend) -> String {
    let seconds = |time: &str| match backend {
        DbBackend::Postgres => format!("CAST(FLOOR(EXTRACT(EPOCH FROM {time})) AS bigint)"),
        _ => format!("CAST(strftime('%s', {time}) AS bigint)"),
    };
    format!(
        "UPDATE usage SET
        unsigned = (SELECT COUNT(*) FROM image i WHERE i.container_id = usage.id AND i.blob IS NOT NULL AND NOT i.signed),
        born = CAST(COALESCE((SELECT SUM({image}) FROM image i
                WHERE i.container_id = usage.id AND i.blob IS NOT NULL), 0)
            + COALESCE((SELECT SUM({manifest}) FROM manifest m
                WHERE m.container_id = usage.id AND m.image_id IS NULL AND NOT m.generated), 0) AS bigint),
        downloads = COALESCE((SELECT c.downloads FROM container c WHERE c.id = usage.id), 0)
        WHERE extent = 'container'",
        image = seconds("COALESCE(i.uploaded_at, i.created_at)"),
        manifest = seconds("m.created_at"),
    )
}

/// From the bottom up.
const ABOVE: &[&str] = &[
    "UPDATE usage SET (unsigned, born, downloads) = (SELECT CAST(COALESCE(SUM(b.unsigned), 0) AS bigint),
        CAST(COALESCE(SUM(b.born), 0) AS bigint), CAST(COALESCE(SUM(b.downloads), 0) AS bigint)
        FROM usage b WHERE b.extent = 'container' AND b.parent_id = usage.id AND b.counted) WHERE extent = 'collection'",
    "UPDATE usage SET (unsigned, born, downloads) = (SELECT CAST(COALESCE(SUM(b.unsigned), 0) AS bigint),
        CAST(COALESCE(SUM(b.born), 0) AS bigint), CAST(COALESCE(SUM(b.downloads), 0) AS bigint)
        FROM usage b WHERE b.extent = 'collection' AND b.parent_id = usage.id AND b.counted) WHERE extent = 'namespace'",
    "UPDATE usage SET (unsigned, born, downloads) = (SELECT CAST(COALESCE(SUM(b.unsigned), 0) AS bigint),
        CAST(COALESCE(SUM(b.born), 0) AS bigint), CAST(COALESCE(SUM(b.downloads), 0) AS bigint)
        FROM usage b WHERE b.extent = 'namespace' AND b.parent_id = usage.id) WHERE extent = 'site'",
];
