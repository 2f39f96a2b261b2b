//! What a newer server makes of the data of an older one.
use migration::MigratorTrait;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use serde_json::json;

use crate::support::{SifBuilder, on_each_database};

const SIGNER: &str = "8883491F4268F173C6E5DC49EDECE4F3F38D871E";

#[tokio::test]
async fn names_are_ordered_by_their_bytes_whatever_the_language_of_the_database() {
    let server = crate::support::postgres::server();
    let swedish = "create database swedish template template0 locale_provider icu icu_locale 'sv' locale 'C.UTF-8'";
    assert!(server.psql(swedish), "a database in another language");
    let db = Database::connect(server.url("swedish"))
        .await
        .expect("a connection");
    migration::Migrator::up(&db, None)
        .await
        .expect("the schema");
    for insert in [
        "insert into \"user\" (id, name, admin, created_at) values (1, 'alice', false, now())",
        "insert into namespace (id, name, owner_id, description, created_at, updated_at) select row_number() over (), name, 1, '', now(), now() from unnest(array['ab', 'a-c', 'a.b', 'aa', 'a1']) name",
    ] {
        db.execute_unprepared(insert).await.expect("some names");
    }
    let one = async |sql: &str| {
        let row = db
            .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
            .await;
        row.expect("an answer")
            .expect("a row")
            .try_get_by_index::<String>(0)
            .expect("a text")
    };
    let names = one("select string_agg(name, ' ' order by name) from namespace").await;
    assert_eq!(names, "a-c a.b a1 aa ab");
    let columns = one(
        "select string_agg(table_name, ' ' order by table_name) from information_schema.columns
        where collation_name = 'C' and column_name in ('name', 'topic')",
    )
    .await;
    for table in [
        "collection",
        "container",
        "container_topic",
        "manifest_tag",
        "namespace",
        "tag",
    ] {
        assert!(
            columns.split(' ').any(|known| known == table),
            "{table}: {columns}"
        );
    }
}

on_each_database! {
    async fn who_signed_is_told_of_images_that_came_before_it_was_kept_apart(app) {
        let alice = app.user("alice").await;
        let image = SifBuilder::new("amd64").signed_by(SIGNER);
        alice.push("alice/tools/signed", "1.0", image).await;
        alice.push("alice/tools/plain", "1.0", SifBuilder::new("amd64").payload(4096, 1)).await;
        let db = Database::connect(app.database_url()).await.expect("a connection");
        for back in [
            "alter table sif drop column fingerprints",
            "delete from seaql_migrations where version = 'm20261122_000002_fingerprints'",
        ] {
            db.execute_unprepared(back).await.expect("the older schema");
        }
        migration::Migrator::up(&db, None).await.expect("an upgrade");
        let shown = async |name: &str| {
            let path = format!("/v1/images/alice/tools/{name}:1.0?arch=amd64");
            alice.get(&path).await.expect(200).json()["data"]["fingerprints"].clone()
        };
        assert_eq!(shown("signed").await, json!([SIGNER]));
        assert_eq!(shown("plain").await, json!([]));
    }
}
