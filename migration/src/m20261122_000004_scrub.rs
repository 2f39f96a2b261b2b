//! When a blob was last read again, and what was found.
use sea_orm_migration::{prelude::*, schema::timestamp_with_time_zone_null as time_null};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["verified_at", "damaged_at"] {
            let alter = Table::alter()
                .table("blob")
                .add_column(time_null(column))
                .take();
            manager.alter_table(alter).await?;
        }
        let index = Index::create()
            .name("idx_blob_verified_at")
            .table("blob")
            .col("verified_at")
            .take();
        manager.create_index(index).await
    }
}
