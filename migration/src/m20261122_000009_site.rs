//! The site itself: who runs it, its banner, whether it takes changes, its terms of use and who agreed to them.
use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, integer, string, string_null, text,
        timestamp_with_time_zone as time, timestamp_with_time_zone_null as time_null,
    },
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [site(), terms(), terms_agreement()] {
            manager.create_table(table).await?;
        }
        Ok(())
    }
}

/// One row, whose id is 1.
fn site() -> TableCreateStatement {
    let columns = vec![
        integer("id").primary_key().take(),
        string("registry_id"),
        text("name"),
        text("description"),
        text("contact"),
        string_null("country"),
        text_null("logo_url"),
        text_null("banner"),
        string("banner_level"),
        time_null("banner_from"),
        time_null("banner_until"),
        text_null("read_only"),
        time_null("read_only_since"),
        integer("terms_version"),
        time("updated_at"),
    ];
    table("site", columns)
}

fn terms() -> TableCreateStatement {
    let columns = vec![
        integer("version").primary_key().take(),
        text("text"),
        time("published_at"),
        big_integer_null("published_by"),
    ];
    table("terms", columns)
        .foreign_key(
            ForeignKey::create()
                .name("fk_terms_published_by")
                .from("terms", "published_by")
                .to("user", "id")
                .on_delete(ForeignKeyAction::SetNull),
        )
        .take()
}

fn terms_agreement() -> TableCreateStatement {
    let columns = vec![
        big_integer("user_id"),
        integer("version"),
        time("agreed_at"),
    ];
    table("terms_agreement", columns)
        .primary_key(Index::create().col("user_id").col("version"))
        .foreign_key(
            ForeignKey::create()
                .name("fk_terms_agreement_user_id")
                .from("terms_agreement", "user_id")
                .to("user", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .name("fk_terms_agreement_version")
                .from("terms_agreement", "version")
                .to("terms", "version"),
        )
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

fn text_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().null().take()
}
