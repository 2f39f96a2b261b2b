//! A number that grows with every change, in sixteen parts, so that those who change something do not wait for each other.
use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer},
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let revision = Table::create()
            .table("revision")
            .col(integer("part").primary_key())
            .col(big_integer("number").default(0))
            .take();
        manager.create_table(revision).await?;
        let parts: Vec<String> = (0..16).map(|part| format!("({part})")).collect();
        let insert = format!("INSERT INTO revision (part) VALUES {}", parts.join(", "));
        manager.get_connection().execute_unprepared(&insert).await?;
        Ok(())
    }
}
