//! Teams that whoever is signed in may join.
use sea_orm_migration::{prelude::*, schema::boolean};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter()
            .table("team")
            .add_column(boolean("open").default(false))
            .take();
        manager.alter_table(add).await
    }
}
