//! READMEs and topics are searched, too. Stars and pulls no longer make documents anew: only what those are made of does.
use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        for (table, change, row) in TEXTS {
            for (kind, ids) in marked(table, row) {
                let trigger = match postgres {
                    true => postgres_trigger(table, change, kind, &ids),
                    false => sqlite_trigger(table, change, kind, &ids),
                };
                db.execute_unprepared(&trigger).await?;
            }
        }
        for (table, columns, kind, id) in NARROWED {
            let statements = match postgres {
                true => narrow_postgres(table, columns, kind),
                false => narrow_sqlite(table, columns, kind, id),
            };
            db.execute_unprepared(&statements).await?;
        }
        // What is there already is written anew by the job that reads marks; until then the old documents are found.
        db.execute_unprepared(
            "INSERT INTO search_mark (kind, target_id, version, done_to)
             VALUES ('containers', 0, 2, 0), ('collections', 0, 2, 0)
             ON CONFLICT (kind, target_id) DO UPDATE SET version = excluded.version, done_to = 0",
        )
        .await?;
        Ok(())
    }
}

/// Which change of which table marks what it belongs to, and which of its rows tells that.
const TEXTS: &[(&str, &str, &str)] = &[
    ("container_topic", "INSERT", "new"),
    ("container_topic", "DELETE", "old"),
    ("readme", "INSERT", "new"),
    ("readme", "UPDATE", "new"),
    ("readme", "DELETE", "old"),
];

/// Updates that marked whatever they changed, and the columns that matter.
const NARROWED: &[(&str, &str, &str, &str)] = &[
    (
        "container",
        "name, description, collection_id",
        "container",
        "new.id",
    ),
    (
        "image",
        "description, blob, arch, signed, container_id",
        "container",
        "new.container_id",
    ),
    (
        "collection",
        "name, description, namespace_id",
        "collection",
        "new.id",
    ),
];

/// The kinds of marks that a row sets, and the ids of what is marked.
fn marked(table: &str, row: &str) -> Vec<(&'static str, String)> {
    if table == "container_topic" {
        return vec![("container", format!("SELECT {row}.container_id AS id"))];
    }
    let of = |kind: &'static str| {
        let column = format!("{kind}_id");
        let ids = format!(
            "SELECT {column} AS id FROM about WHERE about.id = {row}.about_id AND {column} IS NOT NULL"
        );
        (kind, ids)
    };
    vec![of("container"), of("collection")]
}

fn mark(kind: &str, ids: &str, version: &str) -> String {
    format!(
        "INSERT INTO search_mark (kind, target_id, version, done_to)
         SELECT '{kind}', marked.id, {version}, 0 FROM ({ids}) marked WHERE marked.id IS NOT NULL
         ON CONFLICT (kind, target_id) DO UPDATE SET version = excluded.version, done_to = 0
         WHERE search_mark.version <> excluded.version;"
    )
}

fn trigger_name(table: &str, change: &str, kind: &str) -> String {
    format!("search_{table}_{}_{kind}", change.to_lowercase())
}

fn sqlite_trigger(table: &str, change: &str, kind: &str, ids: &str) -> String {
    let name = trigger_name(table, change, kind);
    let mark = mark(kind, ids, "random()");
    format!("CREATE TRIGGER {name} AFTER {change} ON {table} BEGIN {mark} END")
}

fn postgres_trigger(table: &str, change: &str, kind: &str, ids: &str) -> String {
    let name = trigger_name(table, change, kind);
    let mark = mark(kind, ids, "txid_current()");
    format!(
        "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {mark} RETURN NULL; END $$;
         CREATE TRIGGER {name} AFTER {change} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();"
    )
}

fn narrow_sqlite(table: &str, columns: &str, kind: &str, id: &str) -> String {
    let name = trigger_name(table, "UPDATE", kind);
    let mark = mark(kind, &format!("SELECT {id} AS id"), "random()");
    format!(
        "DROP TRIGGER {name};
         CREATE TRIGGER {name} AFTER UPDATE OF {columns} ON {table} BEGIN {mark} END"
    )
}

/// The function that it calls stays.
fn narrow_postgres(table: &str, columns: &str, kind: &str) -> String {
    let name = trigger_name(table, "UPDATE", kind);
    format!(
        "DROP TRIGGER {name} ON {table};
         CREATE TRIGGER {name} AFTER UPDATE OF {columns} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();"
    )
}
