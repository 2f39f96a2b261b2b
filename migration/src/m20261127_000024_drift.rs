//! Of sums, how many were found wrong when they were last compared with what there is.
use sea_orm_migration::{prelude::*, schema::big_integer};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter()
            .table("usage")
            .add_column(big_integer("wrong").default(0))
            .take();
        manager.alter_table(add).await
    }
}
