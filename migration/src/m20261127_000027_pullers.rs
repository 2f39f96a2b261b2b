//! Who pulled from a container, and how often, by day.
use sea_orm_migration::prelude::*;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for statement in STATEMENTS {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

/// Accounts take what they pulled along when they go; days go by their age.
const STATEMENTS: &[&str] = &[
    "CREATE TABLE download_user (
        container_id bigint NOT NULL REFERENCES container (id) ON DELETE CASCADE,
        day date NOT NULL,
        user_id bigint NOT NULL REFERENCES \"user\" (id) ON DELETE CASCADE,
        count bigint NOT NULL,
        PRIMARY KEY (container_id, day, user_id)
    )",
    "CREATE INDEX idx_download_user_user_id ON download_user (user_id)",
    "CREATE INDEX idx_download_user_day ON download_user (day)",
];
