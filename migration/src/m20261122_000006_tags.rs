//! What tags meant, what keeps them, labels and topics to find things by, and what people say about things.
use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, json_binary_null, string, string_null, text,
        timestamp_with_time_zone as time, timestamp_with_time_zone_null as time_null,
    },
    sea_orm::{ConnectionTrait, DbBackend},
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            tag_move(),
            protection(),
            image_label(),
            image_unlabelled(),
            container_topic(),
            about(),
            readme(),
        ] {
            manager.create_table(table).await?;
        }
        for (table, columns) in [
            ("tag_move", &["container_id", "id"][..]),
            ("tag_move", &["container_id", "name", "arch", "id"]),
            ("tag_move", &["moved_by"]),
            ("protection", &["frozen_by"]),
            ("image_label", &["key", "value", "image_id"]),
            ("container_topic", &["topic", "container_id"]),
            ("about", &["updated_by"]),
        ] {
            manager.create_index(index(table, columns)).await?;
        }
        for (table, column) in [
            ("protection", "container_id"),
            ("protection", "collection_id"),
            ("about", "collection_id"),
            ("about", "container_id"),
            ("about", "image_id"),
        ] {
            let unique = index(table, &[column])
                .name(format!("uq_{table}_{column}"))
                .unique()
                .take();
            manager.create_index(unique).await?;
        }
        let waiting =
            "INSERT INTO image_unlabelled (image_id) SELECT id FROM image WHERE blob IS NOT NULL";
        manager.get_connection().execute_unprepared(waiting).await?;
        order_by_bytes(manager).await
    }
}

/// Names are ordered by their bytes, as SQLite does and the registry protocol demands, whatever the language of the database.
async fn order_by_bytes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for (table, column) in [
        ("namespace", "name"),
        ("collection", "name"),
        ("container", "name"),
        ("tag", "name"),
        ("manifest_tag", "name"),
        ("container_topic", "topic"),
    ] {
        let alter = format!(
            "ALTER TABLE {table} ALTER COLUMN {column} TYPE character varying COLLATE \"C\""
        );
        manager.get_connection().execute_unprepared(&alter).await?;
    }
    Ok(())
}

fn tag_move() -> TableCreateStatement {
    let columns = vec![
        id(),
        big_integer("container_id"),
        string("name"),
        string_null("arch"),
        string_null("from_image"),
        string_null("to_image"),
        string_null("from_manifest"),
        string_null("to_manifest"),
        time("moved_at"),
        big_integer_null("moved_by"),
    ];
    table("tag_move", columns)
        .foreign_key(&mut owned("tag_move", "container_id", "container"))
        .foreign_key(&mut forgets_user("tag_move", "moved_by"))
        .take()
}

fn protection() -> TableCreateStatement {
    let columns = vec![
        id(),
        big_integer_null("container_id"),
        big_integer_null("collection_id"),
        json_binary_null("immutable_tags"),
        time_null("frozen_at"),
        big_integer_null("frozen_by"),
        text("frozen_why"),
    ];
    table("protection", columns)
        .foreign_key(&mut owned("protection", "container_id", "container"))
        .foreign_key(&mut owned("protection", "collection_id", "collection"))
        .foreign_key(&mut forgets_user("protection", "frozen_by"))
        .take()
}

fn image_label() -> TableCreateStatement {
    let columns = vec![big_integer("image_id"), string("key"), text("value")];
    table("image_label", columns)
        .primary_key(Index::create().col("image_id").col("key"))
        .foreign_key(&mut owned("image_label", "image_id", "image"))
        .take()
}

fn image_unlabelled() -> TableCreateStatement {
    let columns = vec![big_integer("image_id").primary_key().take()];
    table("image_unlabelled", columns)
        .foreign_key(&mut owned("image_unlabelled", "image_id", "image"))
        .take()
}

fn container_topic() -> TableCreateStatement {
    let columns = vec![big_integer("container_id"), string("topic")];
    table("container_topic", columns)
        .primary_key(Index::create().col("container_id").col("topic"))
        .foreign_key(&mut owned("container_topic", "container_id", "container"))
        .take()
}

fn about() -> TableCreateStatement {
    let columns = vec![
        id(),
        big_integer_null("collection_id"),
        big_integer_null("container_id"),
        big_integer_null("image_id"),
        text("licence"),
        text("source"),
        text("citation"),
        time_null("deprecated_at"),
        text("deprecation"),
        text("superseded_by"),
        time_null("ends_at"),
        time("updated_at"),
        big_integer_null("updated_by"),
    ];
    table("about", columns)
        .foreign_key(&mut owned("about", "collection_id", "collection"))
        .foreign_key(&mut owned("about", "container_id", "container"))
        .foreign_key(&mut owned("about", "image_id", "image"))
        .foreign_key(&mut forgets_user("about", "updated_by"))
        .take()
}

fn readme() -> TableCreateStatement {
    let columns = vec![
        big_integer("about_id").primary_key().take(),
        text("markdown"),
    ];
    table("readme", columns)
        .foreign_key(&mut owned("readme", "about_id", "about"))
        .take()
}

fn id() -> ColumnDef {
    big_integer("id").primary_key().take()
}

fn table(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    for mut column in columns {
        table.col(&mut column);
    }
    table.take()
}

fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index
        .name(format!("idx_{table}_{}", columns.join("_")))
        .table(table);
    for column in columns {
        index.col(*column);
    }
    index.take()
}

/// `from.column` refers to `to.id` and goes with it.
fn owned(from: &'static str, column: &'static str, to: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{from}_{column}"))
        .from(from, column)
        .to(to, "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

fn forgets_user(from: &'static str, column: &'static str) -> ForeignKeyCreateStatement {
    owned(from, column, "user")
        .on_delete(ForeignKeyAction::SetNull)
        .take()
}
