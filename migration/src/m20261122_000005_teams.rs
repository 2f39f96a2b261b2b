//! Teams, invitations, grants, and what things were called before.
use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, string, string_null, text, timestamp_with_time_zone as time,
    },
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            team(),
            team_member(),
            invitation(),
            access_grant(),
            namespace_redirect(),
            redirect("collection", "namespace"),
            redirect("container", "collection"),
        ] {
            manager.create_table(table).await?;
        }
        manager.alter_table(owning_team()).await?;
        for (table, columns) in UNIQUE {
            let unique = index(table, columns)
                .name(format!("uq_{table}_{}", columns.join("_")))
                .unique()
                .take();
            manager.create_index(unique).await?;
        }
        for (table, columns) in INDEXES {
            manager.create_index(index(table, columns)).await?;
        }
        Ok(())
    }
}

/// The grants of a subject are found by these, too.
const UNIQUE: &[(&str, &[&str])] = &[
    ("team", &["name"]),
    ("team_member", &["user_id", "team_id"]),
    ("invitation", &["hash"]),
    ("invitation", &["user_id", "team_id"]),
    ("access_grant", &["user_id", "namespace_id"]),
    ("access_grant", &["user_id", "collection_id"]),
    ("access_grant", &["user_id", "container_id"]),
    ("access_grant", &["team_id", "namespace_id"]),
    ("access_grant", &["team_id", "collection_id"]),
    ("access_grant", &["team_id", "container_id"]),
];

const INDEXES: &[(&str, &[&str])] = &[
    ("namespace", &["team_id"]),
    ("collection", &["namespace_id", "visibility"]),
    ("team_member", &["team_id", "role"]),
    ("invitation", &["team_id"]),
    ("invitation", &["created_by"]),
    ("access_grant", &["namespace_id"]),
    ("access_grant", &["collection_id"]),
    ("access_grant", &["container_id"]),
    ("access_grant", &["created_by"]),
    ("namespace_redirect", &["target_id"]),
    ("collection_redirect", &["target_id"]),
    ("container_redirect", &["target_id"]),
];

/// SQLite takes a reference of a column that is added only in the column itself.
fn owning_team() -> TableAlterStatement {
    let column = ColumnDef::new("team_id")
        .big_integer()
        .null()
        .extra("REFERENCES \"team\" (\"id\")")
        .take();
    Table::alter().table("namespace").add_column(column).take()
}

fn team() -> TableCreateStatement {
    let columns = vec![
        id(),
        string("name"),
        text("description"),
        time("created_at"),
        time("updated_at"),
    ];
    table("team", columns)
}

fn team_member() -> TableCreateStatement {
    let columns = vec![
        id(),
        big_integer("team_id"),
        big_integer("user_id"),
        string("role"),
        time("created_at"),
    ];
    table("team_member", columns)
        .foreign_key(&mut owned("team_member", "team_id", "team"))
        .foreign_key(&mut owned("team_member", "user_id", "user"))
        .take()
}

fn invitation() -> TableCreateStatement {
    let columns = vec![
        id(),
        big_integer("team_id"),
        string("role"),
        big_integer_null("user_id"),
        string_null("hash"),
        time("created_at"),
        time("expires_at"),
        big_integer_null("created_by"),
    ];
    table("invitation", columns)
        .foreign_key(&mut owned("invitation", "team_id", "team"))
        .foreign_key(&mut owned("invitation", "user_id", "user"))
        .foreign_key(&mut forgets_user("invitation"))
        .check(Expr::cust("(user_id IS NULL) <> (hash IS NULL)"))
        .take()
}

fn access_grant() -> TableCreateStatement {
    let columns = vec![
        id(),
        big_integer_null("user_id"),
        big_integer_null("team_id"),
        big_integer_null("namespace_id"),
        big_integer_null("collection_id"),
        big_integer_null("container_id"),
        string("level"),
        time("created_at"),
        big_integer_null("created_by"),
    ];
    let mut grant = table("access_grant", columns);
    for noun in ["user", "team", "namespace", "collection", "container"] {
        grant.foreign_key(&mut owned("access_grant", &format!("{noun}_id"), noun));
    }
    grant
        .foreign_key(&mut forgets_user("access_grant"))
        .check(Expr::cust("(user_id IS NULL) <> (team_id IS NULL)"))
        .check(Expr::cust(
            "(CASE WHEN namespace_id IS NULL THEN 0 ELSE 1 END) \
             + (CASE WHEN collection_id IS NULL THEN 0 ELSE 1 END) \
             + (CASE WHEN container_id IS NULL THEN 0 ELSE 1 END) = 1",
        ))
        .take()
}

fn namespace_redirect() -> TableCreateStatement {
    let columns = vec![string("name"), big_integer("target_id"), time("created_at")];
    table("namespace_redirect", columns)
        .primary_key(Index::create().col("name"))
        .foreign_key(&mut owned("namespace_redirect", "target_id", "namespace"))
        .take()
}

/// Where things of the kind `noun` were in their `parent`.
fn redirect(noun: &str, parent: &str) -> TableCreateStatement {
    let (name, place) = (format!("{noun}_redirect"), format!("{parent}_id"));
    let columns = vec![
        big_integer(place.clone()),
        string("name"),
        big_integer("target_id"),
        time("created_at"),
    ];
    table(&name, columns)
        .primary_key(Index::create().col(place.clone()).col("name"))
        .foreign_key(&mut owned(&name, &place, parent))
        .foreign_key(&mut owned(&name, "target_id", noun))
        .take()
}

fn id() -> ColumnDef {
    big_integer("id").primary_key().take()
}

fn table(name: &str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name.to_owned());
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
fn owned(from: &str, column: &str, to: &str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{from}_{column}"))
        .from(from.to_owned(), column.to_owned())
        .to(to.to_owned(), "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

fn forgets_user(from: &str) -> ForeignKeyCreateStatement {
    owned(from, "created_by", "user")
        .on_delete(ForeignKeyAction::SetNull)
        .take()
}
