//! Lists are ordered by size, by the last pull and by the last change.
use sea_orm_migration::prelude::*;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for index in INDEXES {
            db.execute_unprepared(index).await?;
        }
        Ok(())
    }
}

/// What nobody has pulled comes first: statements write it as the same time.
const INDEXES: &[&str] = &[
    "CREATE INDEX idx_namespace_updated_at_id ON namespace (updated_at, id)",
    "CREATE INDEX idx_collection_updated_at_id ON collection (updated_at, id)",
    "CREATE INDEX idx_container_updated_at_id ON container (updated_at, id)",
    "CREATE INDEX idx_container_pulled_id ON container (COALESCE(last_pulled_at, '1970-01-01T00:00:00+00:00'), id)",
    "CREATE INDEX idx_image_pulled_id ON image (COALESCE(last_pulled_at, '1970-01-01T00:00:00+00:00'), id)",
    "CREATE INDEX idx_image_size_id ON image (size, id)",
    "CREATE INDEX idx_image_downloads_id ON image (downloads, id)",
    "CREATE INDEX idx_download_day_day ON download_day (day)",
];
