//! Work that takes long is written down, so that everybody who may can see how far it is.
use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, boolean, string, text_null,
        timestamp_with_time_zone as time, timestamp_with_time_zone_null as time_null,
    },
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(job()).await?;
        for column in ["state", "asked_by"] {
            let index = Index::create()
                .name(format!("idx_job_{column}"))
                .table("job")
                .col(column)
                .take();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn job() -> TableCreateStatement {
    let asker = ForeignKey::create()
        .name("fk_job_asked_by")
        .from("job", "asked_by")
        .to("user", "id")
        .on_delete(ForeignKeyAction::SetNull)
        .take();
    let mut table = Table::create();
    table.table("job");
    for mut column in [
        big_integer("id").primary_key().take(),
        string("kind"),
        string("state"),
        big_integer_null("asked_by"),
        time("before"),
        big_integer_null("rate"),
        boolean("mend"),
        time("created_at"),
        time_null("started_at"),
        time_null("seen_at"),
        time_null("ended_at"),
        big_integer("done"),
        big_integer_null("total"),
        big_integer("found"),
        text_null("failure"),
        boolean("cancelled"),
    ] {
        table.col(&mut column);
    }
    table.foreign_key(&mut asker.clone()).take()
}
