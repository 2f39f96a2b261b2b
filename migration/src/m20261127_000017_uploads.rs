//! How many uploads somebody has under way is asked at the start of each.
use sea_orm_migration::prelude::*;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::create()
            .name("idx_upload_user_id")
            .table("upload")
            .col("user_id")
            .take();
        manager.create_index(index).await
    }
}
