//! Who signed an image, beside the rest of what was read out of it, so that lists need not read the rest.
use std::collections::BTreeSet;

use sea_orm_migration::{
    prelude::*,
    schema::json_binary,
    sea_orm::{FromQueryResult, JsonValue},
};

/// How many rows are brought up to date at once: a single one may have some MiB.
const BATCH: u64 = 50;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = json_binary("fingerprints").default("[]").take();
        let alter = Table::alter().table("sif").add_column(column).take();
        manager.alter_table(alter).await?;
        let mut after = String::new();
        loop {
            let rows = batch(manager, &after).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after.clone_from(&last.digest);
            for row in rows {
                let update = Query::update()
                    .table("sif")
                    .value("fingerprints", fingerprints(&row.inspection))
                    .and_where(Expr::col("digest").eq(row.digest))
                    .take();
                manager.execute(update).await?;
            }
        }
    }
}

#[derive(FromQueryResult)]
struct Row {
    digest: String,
    inspection: JsonValue,
}

async fn batch(manager: &SchemaManager<'_>, after: &str) -> Result<Vec<Row>, DbErr> {
    let select = Query::select()
        .columns(["digest", "inspection"])
        .from("sif")
        .and_where(Expr::col("digest").gt(after))
        .order_by("digest", Order::Asc)
        .limit(BATCH)
        .take();
    let rows = manager.get_connection().query_all(&select).await?;
    rows.iter()
        .map(|row| Row::from_query_result(row, ""))
        .collect()
}

/// Those that the signatures name, sorted, each once.
fn fingerprints(inspection: &JsonValue) -> JsonValue {
    let signatures = inspection["signatures"].as_array().into_iter().flatten();
    let names: BTreeSet<_> = signatures
        .filter_map(|signature| signature["fingerprint"].as_str())
        .collect();
    names.into_iter().collect()
}
