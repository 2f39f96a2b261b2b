//! What events are about, in which order they were handed on, and the webhooks that they are handed to.
use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, boolean, integer, integer_null, json_binary, string,
        string_null, text, text_null, timestamp_with_time_zone as time,
        timestamp_with_time_zone_null as time_null,
    },
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut column in [
            big_integer_null("actor_id"),
            string_null("client"),
            big_integer_null("namespace_id"),
            big_integer_null("collection_id"),
            big_integer_null("container_id"),
            big_integer_null("account_id"),
            big_integer_null("position"),
        ] {
            let alter = Table::alter().table("event").add_column(&mut column).take();
            manager.alter_table(alter).await?;
        }
        for column in [
            "actor_id",
            "namespace_id",
            "collection_id",
            "container_id",
            "account_id",
            "action",
        ] {
            manager
                .create_index(index("event", &[column, "id"]))
                .await?;
        }
        manager
            .create_index(index("event", &["position"]).unique().take())
            .await?;
        // What happened before anybody could listen is not told again.
        let told = Query::update()
            .table("event")
            .value("dispatched_at", Expr::col("at"))
            .take();
        manager.execute(told).await?;
        let waiting = index("event", &["id"])
            .name("idx_event_waiting")
            .cond_where(Expr::col("dispatched_at").is_null())
            .take();
        manager.create_index(waiting).await?;
        manager.create_table(webhook()).await?;
        for column in [
            "namespace_id",
            "collection_id",
            "container_id",
            "created_by",
        ] {
            manager.create_index(index("webhook", &[column])).await?;
        }
        manager.create_table(delivery()).await?;
        manager
            .create_index(index("delivery", &["webhook_id", "id"]))
            .await?;
        let pending = index("delivery", &["webhook_id", "due_at"])
            .name("idx_delivery_pending")
            .cond_where(Expr::col("state").eq("pending"))
            .take();
        manager.create_index(pending).await
    }
}

fn webhook() -> TableCreateStatement {
    let columns = vec![
        big_integer("id").primary_key().take(),
        big_integer_null("namespace_id"),
        big_integer_null("collection_id"),
        big_integer_null("container_id"),
        text("url"),
        text("secret"),
        json_binary("actions"),
        boolean("active"),
        time("created_at"),
        time("updated_at"),
        big_integer_null("created_by"),
        time_null("failing_since"),
        integer("failures"),
        time_null("disabled_at"),
        time_null("retry_at"),
        time_null("claimed_until"),
        big_integer_null("claim"),
    ];
    let maker = ForeignKey::create()
        .name("fk_webhook_created_by")
        .from("webhook", "created_by")
        .to("user", "id")
        .on_delete(ForeignKeyAction::SetNull)
        .take();
    table("webhook", columns)
        .foreign_key(&mut maker.clone())
        .take()
}

fn delivery() -> TableCreateStatement {
    let columns = vec![
        big_integer("id").primary_key().take(),
        big_integer("webhook_id"),
        big_integer("event_id"),
        string("state"),
        integer("attempts"),
        time("due_at"),
        time("created_at"),
        time_null("tried_at"),
        integer_null("status"),
        text_null("error"),
        integer_null("duration"),
        text_null("response"),
    ];
    let webhook = ForeignKey::create()
        .name("fk_delivery_webhook_id")
        .from("delivery", "webhook_id")
        .to("webhook", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take();
    table("delivery", columns)
        .foreign_key(&mut webhook.clone())
        .take()
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
