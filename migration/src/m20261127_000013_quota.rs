//! Quotas that namespaces, users and the site have of their own: NULL where the default holds, -1 for no limit.
use sea_orm_migration::{prelude::*, schema::big_integer_null};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["namespace", "user", "site"] {
            for column in ["quota_bytes", "quota_images"] {
                // SQLite adds one column at a time.
                let add = Table::alter()
                    .table(table)
                    .add_column(big_integer_null(column))
                    .take();
                manager.alter_table(add).await?;
            }
        }
        Ok(())
    }
}
