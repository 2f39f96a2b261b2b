//! The trash: what was deleted, by whom and why, and until when it may come back. What is in it is marked with its entry.
use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, json_binary, string, text, timestamp_with_time_zone as time,
    },
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(trash()).await?;
        for column in INDEXED {
            let index = Index::create()
                .name(format!("idx_trash_{column}"))
                .table("trash")
                .col(*column)
                .take();
            manager.create_index(index).await?;
        }
        for table in ["collection", "container"] {
            let add = Table::alter()
                .table(table)
                .add_column(big_integer_null("trash_id"))
                .take();
            manager.alter_table(add).await?;
            let index = format!(
                "CREATE INDEX idx_{table}_trash_id ON {table} (trash_id) WHERE trash_id IS NOT NULL"
            );
            manager.get_connection().execute_unprepared(&index).await?;
        }
        Ok(())
    }
}

const INDEXED: &[&str] = &[
    "collection_id",
    "container_id",
    "origin_id",
    "deleted_by",
    "purge_at",
];

fn trash() -> TableCreateStatement {
    let columns = [
        big_integer("id").primary_key().take(),
        string("kind"),
        big_integer("collection_id"),
        big_integer_null("container_id"),
        big_integer_null("origin_id"),
        text("name"),
        text("path"),
        text("reason"),
        big_integer_null("deleted_by"),
        time("deleted_at"),
        time("purge_at"),
        big_integer("size"),
        json_binary("tags"),
    ];
    let mut table = Table::create();
    table.table("trash");
    for mut column in columns {
        table.col(&mut column);
    }
    for (column, of, then) in [
        ("collection_id", "collection", ForeignKeyAction::Cascade),
        ("container_id", "container", ForeignKeyAction::Cascade),
        ("origin_id", "container", ForeignKeyAction::SetNull),
        ("deleted_by", "user", ForeignKeyAction::SetNull),
    ] {
        let mut key = ForeignKey::create()
            .name(format!("fk_trash_{column}"))
            .from("trash", column)
            .to(of, "id")
            .on_delete(then)
            .take();
        table.foreign_key(&mut key);
    }
    table.take()
}
