//! Accounts, the tree of namespaces, blobs and uploads, keys and events.
use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, boolean, integer, json_binary, small_integer, string, string_null,
        string_uniq, text, timestamp_with_time_zone as time,
        timestamp_with_time_zone_null as time_null,
    },
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [accounts(), tree(), bytes(), keys(), events()];
        for (table, indexes) in tables.into_iter().flatten() {
            manager.create_table(table).await?;
            for index in indexes {
                manager.create_index(index).await?;
            }
        }
        Ok(())
    }
}

type Tables = Vec<(TableCreateStatement, Vec<IndexCreateStatement>)>;

fn table(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    for mut column in columns {
        table.col(&mut column);
    }
    table.take()
}

fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name)
        .big_integer()
        .not_null()
        .primary_key()
        .take()
}

fn name_key(name: &'static str) -> ColumnDef {
    ColumnDef::new(name)
        .string()
        .not_null()
        .primary_key()
        .take()
}

fn big_integer_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().take()
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

fn unique(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index(table, columns)
        .name(format!("uq_{table}_{}", columns.join("_")))
        .unique()
        .take()
}

/// `from.column` refers to `to.key` and goes with it.
fn owned(
    from: &'static str,
    column: &'static str,
    to: &'static str,
    key: &'static str,
) -> ForeignKeyCreateStatement {
    refers(from, column, to, key)
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

/// `from.column` refers to `to.key`, which cannot go before it.
fn refers(
    from: &'static str,
    column: &'static str,
    to: &'static str,
    key: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{from}_{column}"))
        .from(from, column)
        .to(to, key)
        .take()
}

/// `from.column` refers to `to.key` and is emptied with it.
fn forgets(
    from: &'static str,
    column: &'static str,
    to: &'static str,
    key: &'static str,
) -> ForeignKeyCreateStatement {
    refers(from, column, to, key)
        .on_delete(ForeignKeyAction::SetNull)
        .take()
}

fn accounts() -> Tables {
    let user = table(
        "user",
        vec![
            id("id"),
            string_uniq("name"),
            boolean("admin"),
            string_null("password_hash"),
            time_null("disabled_at"),
            time("created_at"),
            time_null("last_login_at"),
        ],
    );
    let token = table(
        "token",
        vec![
            id("id"),
            big_integer("user_id"),
            string("name"),
            string_uniq("hash"),
            string("scope"),
            time("created_at"),
            time_null("expires_at"),
            time_null("last_used_at"),
            time_null("revoked_at"),
        ],
    )
    .foreign_key(&mut owned("token", "user_id", "user", "id"))
    .take();
    let session = table(
        "session",
        vec![
            id("id"),
            big_integer("user_id"),
            string_uniq("hash"),
            time("created_at"),
            time("expires_at"),
        ],
    )
    .foreign_key(&mut owned("session", "user_id", "user", "id"))
    .take();
    vec![
        (user, vec![]),
        (token, vec![index("token", &["user_id"])]),
        (
            session,
            vec![
                index("session", &["user_id"]),
                index("session", &["expires_at"]),
            ],
        ),
    ]
}

fn tree() -> Tables {
    let namespace = table(
        "namespace",
        vec![
            id("id"),
            string_uniq("name"),
            big_integer("owner_id"),
            text("description"),
            string_null("default_visibility"),
            time("created_at"),
            time("updated_at"),
        ],
    )
    .foreign_key(&mut refers("namespace", "owner_id", "user", "id"))
    .take();
    let collection = table(
        "collection",
        vec![
            id("id"),
            big_integer("namespace_id"),
            string("name"),
            text("description"),
            string("visibility"),
            time("created_at"),
            time("updated_at"),
        ],
    )
    .foreign_key(&mut owned("collection", "namespace_id", "namespace", "id"))
    .take();
    let container = table(
        "container",
        vec![
            id("id"),
            big_integer("collection_id"),
            string("name"),
            text("description"),
            time("created_at"),
            time("updated_at"),
        ],
    )
    .foreign_key(&mut owned("container", "collection_id", "collection", "id"))
    .take();
    vec![
        (namespace, vec![index("namespace", &["owner_id"])]),
        (
            collection,
            vec![
                unique("collection", &["namespace_id", "name"]),
                index("collection", &["name", "id"]),
            ],
        ),
        (
            container,
            vec![
                unique("container", &["collection_id", "name"]),
                index("container", &["name", "id"]),
            ],
        ),
    ]
}

fn bytes() -> Tables {
    let blob = table(
        "blob",
        vec![
            name_key("digest"),
            big_integer("size"),
            time("touched_at"),
            boolean("removing"),
        ],
    );
    let sif = table("sif", vec![name_key("digest"), json_binary("inspection")])
        .foreign_key(&mut owned("sif", "digest", "blob", "digest"))
        .take();
    vec![
        (blob, vec![index("blob", &["touched_at"])]),
        (sif, vec![]),
        (
            image(),
            vec![
                unique("image", &["container_id", "digest"]),
                index("image", &["digest"]),
                index("image", &["blob"]),
            ],
        ),
        (
            tag(),
            vec![
                unique("tag", &["container_id", "arch", "name"]),
                index("tag", &["image_id"]),
            ],
        ),
        (
            upload(),
            vec![
                index("upload", &["image_id"]),
                index("upload", &["expires_at"]),
            ],
        ),
        (upload_part(), vec![]),
    ]
}

fn image() -> TableCreateStatement {
    table(
        "image",
        vec![
            id("id"),
            big_integer("container_id"),
            string("digest"),
            text("description"),
            string_null("blob"),
            big_integer("size"),
            string_null("arch"),
            boolean("signed"),
            boolean("encrypted"),
            time("created_at"),
            time_null("uploaded_at"),
            big_integer_null("created_by"),
        ],
    )
    .foreign_key(&mut owned("image", "container_id", "container", "id"))
    .foreign_key(&mut refers("image", "blob", "blob", "digest"))
    .foreign_key(&mut forgets("image", "created_by", "user", "id"))
    .take()
}

fn tag() -> TableCreateStatement {
    table(
        "tag",
        vec![
            id("id"),
            big_integer("container_id"),
            string("arch"),
            string("name"),
            big_integer("image_id"),
            time("created_at"),
            time("updated_at"),
            big_integer_null("updated_by"),
        ],
    )
    .foreign_key(&mut owned("tag", "container_id", "container", "id"))
    .foreign_key(&mut owned("tag", "image_id", "image", "id"))
    .foreign_key(&mut forgets("tag", "updated_by", "user", "id"))
    .take()
}

fn upload() -> TableCreateStatement {
    table(
        "upload",
        vec![
            id("id"),
            big_integer("image_id"),
            big_integer("user_id"),
            big_integer("size"),
            big_integer("part_size"),
            integer("part_count"),
            time("created_at"),
            time("expires_at"),
        ],
    )
    .foreign_key(&mut owned("upload", "image_id", "image", "id"))
    .foreign_key(&mut owned("upload", "user_id", "user", "id"))
    .take()
}

fn upload_part() -> TableCreateStatement {
    table(
        "upload_part",
        vec![
            big_integer("upload_id"),
            integer("number"),
            string("staged"),
            big_integer("size"),
            string("digest"),
        ],
    )
    .primary_key(Index::create().col("upload_id").col("number"))
    .foreign_key(&mut owned("upload_part", "upload_id", "upload", "id"))
    .take()
}

fn keys() -> Tables {
    let key = table(
        "key",
        vec![
            name_key("fingerprint"),
            big_integer("owner_id"),
            text("armored"),
            small_integer("algorithm"),
            integer("bits"),
            time("created_at"),
            time_null("expires_at"),
            boolean("revoked"),
            time("added_at"),
            time("updated_at"),
        ],
    )
    .foreign_key(&mut refers("key", "owner_id", "user", "id"))
    .take();
    let key_id = table(
        "key_id",
        vec![
            string("key"),
            string("fingerprint"),
            string("long_id"),
            string("short_id"),
            small_integer("algorithm"),
            integer("bits"),
            time("created_at"),
            time_null("expires_at"),
            boolean("revoked"),
        ],
    )
    .primary_key(Index::create().col("key").col("fingerprint"))
    .foreign_key(&mut owned("key_id", "key", "key", "fingerprint"))
    .take();
    let key_uid = table(
        "key_uid",
        vec![
            string("key"),
            integer("position"),
            text("text"),
            text("folded"),
            time_null("created_at"),
            time_null("expires_at"),
            boolean("revoked"),
        ],
    )
    .primary_key(Index::create().col("key").col("position"))
    .foreign_key(&mut owned("key_uid", "key", "key", "fingerprint"))
    .take();
    vec![
        (key, vec![index("key", &["owner_id"])]),
        (
            key_id,
            vec![
                index("key_id", &["fingerprint"]),
                index("key_id", &["long_id"]),
                index("key_id", &["short_id"]),
            ],
        ),
        (key_uid, vec![]),
    ]
}

fn events() -> Tables {
    let event = table(
        "event",
        vec![
            id("id"),
            time("at"),
            string("actor"),
            string("action"),
            text("target"),
            string("target_id"),
            string("request_id"),
            json_binary("payload"),
            time_null("dispatched_at"),
        ],
    );
    vec![(
        event,
        vec![index("event", &["target_id"]), index("event", &["actor"])],
    )]
}
