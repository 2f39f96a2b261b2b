//! What is searched: a document for each container, collection and namespace, its words, and marks of what is out of date.
//!
//! The two databases search text in ways of their own, so their statements stand side by side. Triggers set the marks:
//! whoever changes what a document is made of marks it in the same transaction, without knowing of the search.
use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = match manager.get_database_backend() {
            DbBackend::Postgres => POSTGRES,
            _ => SQLITE,
        };
        let db = manager.get_connection();
        db.execute_unprepared(tables).await?;
        for (table, change, kind, id) in MARKS {
            let trigger = match manager.get_database_backend() {
                DbBackend::Postgres => postgres_trigger(table, change, kind, id),
                _ => sqlite_trigger(table, change, kind, id),
            };
            db.execute_unprepared(&trigger).await?;
        }
        // What is there already is put in by the job that reads marks.
        db.execute_unprepared(
            "INSERT INTO search_mark (kind, target_id, version, done_to)
             VALUES ('containers', 0, 1, 0), ('collections', 0, 1, 0), ('namespaces', 0, 1, 0)",
        )
        .await?;
        Ok(())
    }
}

/// Which change of which table marks what: the table, the change, the kind of the mark, and what it names.
const MARKS: &[(&str, &str, &str, &str)] = &[
    ("container", "INSERT", "container", "new.id"),
    ("container", "UPDATE", "container", "new.id"),
    ("image", "INSERT", "container", "new.container_id"),
    ("image", "UPDATE", "container", "new.container_id"),
    ("image", "DELETE", "container", "old.container_id"),
    ("tag", "INSERT", "container", "new.container_id"),
    ("tag", "UPDATE", "container", "new.container_id"),
    ("tag", "DELETE", "container", "old.container_id"),
    ("collection", "INSERT", "collection", "new.id"),
    ("collection", "UPDATE", "collection", "new.id"),
    (
        "collection",
        "UPDATE OF name, namespace_id",
        "in_collection",
        "new.id",
    ),
    ("namespace", "INSERT", "namespace", "new.id"),
    ("namespace", "UPDATE", "namespace", "new.id"),
    ("namespace", "UPDATE OF name", "in_namespace", "new.id"),
];

fn trigger_name(table: &str, change: &str, kind: &str) -> String {
    let verb = change.split(' ').next().unwrap_or_default().to_lowercase();
    format!("search_{table}_{verb}_{kind}")
}

/// The version tells this mark from those before and after it. Within one transaction of PostgreSQL it stays, so that a
/// transaction that touches a thousand images of a container writes one mark.
fn mark(kind: &str, id: &str, version: &str) -> String {
    format!(
        "INSERT INTO search_mark (kind, target_id, version, done_to) VALUES ('{kind}', {id}, {version}, 0)
         ON CONFLICT (kind, target_id) DO UPDATE SET version = excluded.version, done_to = 0
         WHERE search_mark.version <> excluded.version;"
    )
}

fn sqlite_trigger(table: &str, change: &str, kind: &str, id: &str) -> String {
    let name = trigger_name(table, change, kind);
    let mark = mark(kind, id, "random()");
    format!("CREATE TRIGGER {name} AFTER {change} ON {table} BEGIN {mark} END")
}

fn postgres_trigger(table: &str, change: &str, kind: &str, id: &str) -> String {
    let name = trigger_name(table, change, kind);
    let mark = mark(kind, id, "txid_current()");
    format!(
        "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {mark} RETURN NULL; END $$;
         CREATE TRIGGER {name} AFTER {change} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();"
    )
}

/// The index keeps no text of its own: what it is made of is in the document.
const SQLITE: &str = r#"
CREATE TABLE search_document (
    id INTEGER PRIMARY KEY NOT NULL,
    container_id BIGINT UNIQUE REFERENCES container (id) ON DELETE CASCADE,
    collection_id BIGINT UNIQUE REFERENCES collection (id) ON DELETE CASCADE,
    namespace_id BIGINT UNIQUE REFERENCES namespace (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    about TEXT NOT NULL,
    readme TEXT NOT NULL,
    definition TEXT NOT NULL
);
CREATE INDEX idx_search_document_name ON search_document (name);
CREATE VIRTUAL TABLE search_index USING fts5 (
    title, about, readme, definition,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3 4'
);
CREATE TRIGGER search_document_delete AFTER DELETE ON search_document BEGIN
    DELETE FROM search_index WHERE rowid = old.id;
END;
CREATE TABLE search_word (
    word TEXT NOT NULL,
    document_id BIGINT NOT NULL REFERENCES search_document (id) ON DELETE CASCADE,
    PRIMARY KEY (word, document_id)
) WITHOUT ROWID;
CREATE INDEX idx_search_word_document_id ON search_word (document_id);
CREATE TABLE search_vocabulary (
    id INTEGER PRIMARY KEY NOT NULL,
    word TEXT NOT NULL UNIQUE,
    reversed TEXT NOT NULL
);
CREATE INDEX idx_search_vocabulary_reversed ON search_vocabulary (reversed);
CREATE VIRTUAL TABLE search_trigram USING fts5 (
    word, content = 'search_vocabulary', content_rowid = 'id', tokenize = 'trigram case_sensitive 1'
);
CREATE TRIGGER search_vocabulary_insert AFTER INSERT ON search_vocabulary BEGIN
    INSERT INTO search_trigram (rowid, word) VALUES (new.id, new.word);
END;
CREATE TRIGGER search_vocabulary_delete AFTER DELETE ON search_vocabulary BEGIN
    INSERT INTO search_trigram (search_trigram, rowid, word) VALUES ('delete', old.id, old.word);
END;
CREATE TABLE search_facet (
    container_id BIGINT NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (container_id, kind, value)
) WITHOUT ROWID;
CREATE INDEX idx_search_facet_kind_value ON search_facet (kind, value, container_id);
CREATE TABLE search_mark (
    kind TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    done_to BIGINT NOT NULL,
    PRIMARY KEY (kind, target_id)
) WITHOUT ROWID;
"#;

/// Words compare by their bytes, as in SQLite. Without `pg_trgm`, which needs the right to create in the database or an
/// administrator who has made it before, parts within words are looked for without an index.
const POSTGRES: &str = r#"
CREATE TABLE search_document (
    id BIGINT PRIMARY KEY,
    container_id BIGINT UNIQUE REFERENCES container (id) ON DELETE CASCADE,
    collection_id BIGINT UNIQUE REFERENCES collection (id) ON DELETE CASCADE,
    namespace_id BIGINT UNIQUE REFERENCES namespace (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    title TEXT NOT NULL,
    about TEXT NOT NULL,
    readme TEXT NOT NULL,
    definition TEXT NOT NULL,
    title_words TSVECTOR NOT NULL,
    words TSVECTOR NOT NULL
);
CREATE INDEX idx_search_document_name ON search_document (name);
CREATE INDEX idx_search_document_title_words ON search_document USING gin (title_words);
CREATE INDEX idx_search_document_words ON search_document USING gin (words);
CREATE TABLE search_word (
    word TEXT COLLATE "C" NOT NULL,
    document_id BIGINT NOT NULL REFERENCES search_document (id) ON DELETE CASCADE,
    PRIMARY KEY (word, document_id)
);
CREATE INDEX idx_search_word_document_id ON search_word (document_id);
CREATE TABLE search_vocabulary (
    word TEXT COLLATE "C" PRIMARY KEY,
    reversed TEXT COLLATE "C" NOT NULL
);
CREATE INDEX idx_search_vocabulary_reversed ON search_vocabulary (reversed);
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX idx_search_vocabulary_word ON search_vocabulary USING gin (word gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR undefined_object OR feature_not_supported THEN
    RAISE WARNING 'pg_trgm cannot be made: a search for parts of words reads the whole vocabulary';
END $$;
CREATE TABLE search_facet (
    container_id BIGINT NOT NULL REFERENCES container (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (container_id, kind, value)
);
CREATE INDEX idx_search_facet_kind_value ON search_facet (kind, value, container_id);
CREATE TABLE search_mark (
    kind TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    done_to BIGINT NOT NULL,
    PRIMARY KEY (kind, target_id)
);
"#;
