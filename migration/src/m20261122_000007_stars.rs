//! Stars and bookmarks, downloads by day, and links that share one image.
use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, boolean, date, integer_null, string, string_uniq, text,
        timestamp_with_time_zone as time, timestamp_with_time_zone_null as time_null,
    },
    sea_orm::DbBackend,
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("container", total("stars")),
            ("container", total("downloads")),
            ("container", time_null("last_pulled_at")),
            ("collection", total("stars")),
            ("collection", total("downloads")),
            ("image", total("downloads")),
            ("image", time_null("last_pulled_at")),
        ] {
            let alter = Table::alter().table(table).add_column(column).take();
            manager.alter_table(alter).await?;
        }
        for table in [star(), download_day(), share_link(), share_use()] {
            manager.create_table(table).await?;
        }
        for (table, columns) in [
            ("container", &["stars", "id"][..]),
            ("container", &["downloads", "id"]),
            ("collection", &["stars", "id"]),
            ("collection", &["downloads", "id"]),
            ("star", &["user_id", "private", "id"]),
            ("star", &["container_id", "private", "id"]),
            ("star", &["collection_id", "private", "id"]),
            ("download_day", &["item_id", "day"]),
            ("share_link", &["image_id", "id"]),
            ("share_link", &["container_id", "id"]),
            ("share_link", &["created_by"]),
        ] {
            manager.create_index(index(table, columns)).await?;
        }
        for target in ["container_id", "collection_id"] {
            let unique = index("star", &["user_id", target, "private"])
                .name(format!("uq_star_user_id_{target}_private"))
                .unique()
                .take();
            manager.create_index(unique).await?;
        }
        count_stars(manager).await
    }
}

/// Keeps the counts of stars, whatever gives or takes one: a request, or an account that goes and takes its stars along.
async fn count_stars(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let sqlite = db.get_database_backend() == DbBackend::Sqlite;
    for (event, row, step) in [("INSERT", "NEW", "+ 1"), ("DELETE", "OLD", "- 1")] {
        let name = format!("star_{}", event.to_lowercase());
        let changes = format!(
            "UPDATE container SET stars = stars {step} WHERE id = {row}.container_id; \
             UPDATE collection SET stars = stars {step} WHERE id = {row}.collection_id;"
        );
        if sqlite {
            db.execute_unprepared(&format!(
                "CREATE TRIGGER {name} AFTER {event} ON star WHEN NOT {row}.private BEGIN {changes} END"
            ))
            .await?;
        } else {
            db.execute_unprepared(&format!(
                "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN {changes} RETURN NULL; END $$"
            ))
            .await?;
            db.execute_unprepared(&format!(
                "CREATE TRIGGER {name} AFTER {event} ON star FOR EACH ROW \
                 WHEN (NOT {row}.private) EXECUTE FUNCTION {name}()"
            ))
            .await?;
        }
    }
    Ok(())
}

fn star() -> TableCreateStatement {
    let columns = vec![
        id(),
        big_integer("user_id"),
        big_integer_null("container_id"),
        big_integer_null("collection_id"),
        boolean("private"),
        time("created_at"),
    ];
    table("star", columns)
        .foreign_key(&mut owned("star", "user_id", "user"))
        .foreign_key(&mut owned("star", "container_id", "container"))
        .foreign_key(&mut owned("star", "collection_id", "collection"))
        .take()
}

/// What was counted stays when an image goes, hence no reference to one.
fn download_day() -> TableCreateStatement {
    let columns = vec![
        big_integer("container_id"),
        date("day"),
        big_integer("item_id"),
        string("tag"),
        string("door"),
        boolean("signed_in"),
        big_integer("count"),
    ];
    let mut key = Index::create()
        .col("container_id")
        .col("day")
        .col("item_id")
        .col("tag")
        .col("door")
        .col("signed_in")
        .take();
    table("download_day", columns)
        .primary_key(&mut key)
        .foreign_key(&mut owned("download_day", "container_id", "container"))
        .take()
}

fn share_link() -> TableCreateStatement {
    let columns = vec![
        id(),
        big_integer("image_id"),
        big_integer("container_id"),
        big_integer("created_by"),
        string_uniq("hash"),
        text("note"),
        time("created_at"),
        time("expires_at"),
        integer_null("max_uses"),
        big_integer("uses"),
        time_null("last_used_at"),
        time_null("revoked_at"),
    ];
    table("share_link", columns)
        .foreign_key(&mut owned("share_link", "image_id", "image"))
        .foreign_key(&mut owned("share_link", "container_id", "container"))
        .foreign_key(&mut owned("share_link", "created_by", "user"))
        .take()
}

fn share_use() -> TableCreateStatement {
    let columns = vec![big_integer("link_id"), string("client"), time("at")];
    table("share_use", columns)
        .primary_key(Index::create().col("link_id").col("client"))
        .foreign_key(&mut owned("share_use", "link_id", "share_link"))
        .take()
}

fn id() -> ColumnDef {
    big_integer("id").primary_key().take()
}

fn total(name: &'static str) -> ColumnDef {
    big_integer(name).default(0).take()
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
