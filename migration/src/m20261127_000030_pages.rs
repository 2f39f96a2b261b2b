//! A container's tags by name and its images by age in the order of an index, so that a page of them costs the same however
//! many there are: without, all of them were read and sorted for each.
use sea_orm_migration::prelude::*;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tags = Index::create()
            .name("idx_tag_container_id_name_id")
            .table("tag")
            .col("container_id")
            .col("name")
            .col("id")
            .take();
        manager.create_index(tags).await?;
        let images = Index::create()
            .name("idx_image_container_id_id")
            .table("image")
            .col("container_id")
            .col("id")
            .take();
        manager.create_index(images).await
    }
}
