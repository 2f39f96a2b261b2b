//! What the configurations of container images say.
use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, json_binary_null},
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Apart, so that lists do not read it.
        let config = Table::create()
            .table("manifest_config")
            .col(big_integer("manifest_id").primary_key())
            .col(json_binary_null("content"))
            .foreign_key(
                ForeignKey::create()
                    .name("fk_manifest_config_manifest_id")
                    .from("manifest_config", "manifest_id")
                    .to("manifest", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .take();
        manager.create_table(config).await?;
        let waiting = "INSERT INTO manifest_config (manifest_id) SELECT id FROM manifest WHERE kind = 'image'";
        manager.get_connection().execute_unprepared(waiting).await?;
        Ok(())
    }
}
