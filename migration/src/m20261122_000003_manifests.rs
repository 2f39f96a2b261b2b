//! OCI manifests, the blobs that a container holds, and their uploads.
use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, blob, boolean, integer, json_binary, json_binary_null,
        string, string_null, text, timestamp_with_time_zone as time,
    },
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            container_blob(),
            manifest(),
            manifest_content(),
            manifest_part(),
            manifest_tag(),
            blob_upload(),
            blob_chunk(),
        ] {
            manager.create_table(table).await?;
        }
        for (table, columns) in [
            ("container_blob", &["digest"][..]),
            ("manifest", &["container_id", "subject"]),
            ("manifest", &["image_id"]),
            ("manifest_part", &["digest"]),
            ("manifest_tag", &["manifest_id"]),
            ("manifest", &["created_by"]),
            ("manifest_tag", &["updated_by"]),
            ("blob_upload", &["container_id"]),
            ("blob_upload", &["user_id"]),
            ("blob_upload", &["expires_at"]),
        ] {
            manager.create_index(index(table, columns)).await?;
        }
        let unique = index("manifest", &["container_id", "digest"])
            .name("uq_manifest_container_id_digest")
            .unique()
            .take();
        manager.create_index(unique).await
    }
}

fn container_blob() -> TableCreateStatement {
    let columns = vec![
        big_integer("container_id"),
        string("digest"),
        time("linked_at"),
    ];
    table("container_blob", columns)
        .primary_key(Index::create().col("container_id").col("digest"))
        .foreign_key(&mut owned("container_blob", "container_id", "container"))
        .foreign_key(
            ForeignKey::create()
                .name("fk_container_blob_digest")
                .from("container_blob", "digest")
                .to("blob", "digest"),
        )
        .take()
}

fn manifest() -> TableCreateStatement {
    let columns = vec![
        id(),
        big_integer("container_id"),
        string("digest"),
        string("kind"),
        text("media_type"),
        ColumnDef::new("artifact_type").text().null().take(),
        string_null("subject"),
        integer("length"),
        big_integer("size"),
        string_null("arch"),
        json_binary("annotations"),
        big_integer_null("image_id"),
        boolean("generated"),
        time("created_at"),
        big_integer_null("created_by"),
    ];
    table("manifest", columns)
        .foreign_key(&mut owned("manifest", "container_id", "container"))
        .foreign_key(&mut owned("manifest", "image_id", "image"))
        .foreign_key(&mut forgets_user("manifest", "created_by"))
        .take()
}

/// Apart, so that lists do not read it.
fn manifest_content() -> TableCreateStatement {
    let columns = vec![
        big_integer("manifest_id").primary_key().take(),
        blob("content"),
    ];
    table("manifest_content", columns)
        .foreign_key(&mut owned("manifest_content", "manifest_id", "manifest"))
        .take()
}

fn manifest_part() -> TableCreateStatement {
    let columns = vec![
        big_integer("manifest_id"),
        integer("position"),
        string("role"),
        string("digest"),
        text("media_type"),
        big_integer("size"),
        json_binary_null("platform"),
    ];
    table("manifest_part", columns)
        .primary_key(Index::create().col("manifest_id").col("position"))
        .foreign_key(&mut owned("manifest_part", "manifest_id", "manifest"))
        .take()
}

fn manifest_tag() -> TableCreateStatement {
    let columns = vec![
        big_integer("container_id"),
        string("name"),
        big_integer("manifest_id"),
        time("updated_at"),
        big_integer_null("updated_by"),
    ];
    table("manifest_tag", columns)
        .primary_key(Index::create().col("container_id").col("name"))
        .foreign_key(&mut owned("manifest_tag", "container_id", "container"))
        .foreign_key(&mut owned("manifest_tag", "manifest_id", "manifest"))
        .foreign_key(&mut forgets_user("manifest_tag", "updated_by"))
        .take()
}

fn blob_upload() -> TableCreateStatement {
    let columns = vec![
        id(),
        big_integer("container_id"),
        big_integer("user_id"),
        big_integer("received"),
        time("created_at"),
        time("expires_at"),
    ];
    table("blob_upload", columns)
        .foreign_key(&mut owned("blob_upload", "container_id", "container"))
        .foreign_key(&mut owned("blob_upload", "user_id", "user"))
        .take()
}

fn blob_chunk() -> TableCreateStatement {
    let columns = vec![
        big_integer("upload_id"),
        big_integer("start"),
        string("staged"),
        big_integer("size"),
        string("digest"),
    ];
    table("blob_chunk", columns)
        .primary_key(Index::create().col("upload_id").col("start"))
        .foreign_key(&mut owned("blob_chunk", "upload_id", "blob_upload"))
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
