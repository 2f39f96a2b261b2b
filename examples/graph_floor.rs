//! What the graph cannot be faster than, for `make bench`: the rows of two pages by SQL that was written by hand, through
//! the pool that the server has, as JSON; and a handler that does nothing.
//!
//! `graph_floor DATA_DIR ADDRESS`, where DATA_DIR holds SQLite's database of a registry.
use std::env;

use anyhow::{Result, bail};
use poem::{
    EndpointExt, Route, Server, get, handler,
    http::StatusCode,
    listener::TcpListener,
    web::{Data, Json, Path},
};
use sea_orm::{DatabaseConnection, FromQueryResult, JsonValue, Statement, Value};
use serde_json::json;
use sifhub::{
    config::{Config, Sources},
    registry::connect,
};

/// Containers and tags are found by the names that indexes hold in order, a few of each.
const COLLECTIONS: &str =
    "SELECT c.id, n.name AS namespace, c.name, c.description, c.visibility, c.stars,
    u.size, u.images, u.containers
    FROM collection c JOIN namespace n ON n.id = c.namespace_id
    JOIN usage u ON u.extent = 'collection' AND u.id = c.id
    WHERE c.visibility = 'public' ORDER BY c.name, c.id LIMIT 21";
const CONTAINERS: &str = "SELECT c.id, c.collection_id, c.name, c.stars FROM collection o JOIN container c ON c.id IN
    (SELECT i.id FROM container i WHERE i.collection_id = o.id ORDER BY i.name LIMIT 4) WHERE o.id IN (?)";
const TAGS: &str = "SELECT t.container_id, t.name, t.arch FROM container o JOIN tag t ON t.id IN
    (SELECT i.id FROM tag i WHERE i.container_id = o.id ORDER BY i.name LIMIT 4) WHERE o.id IN (?)";
const CONTAINER: &str = "SELECT c.id, c.name, c.description, c.stars, c.downloads, u.size, u.images, u.stored
    FROM namespace n JOIN collection o ON o.namespace_id = n.id JOIN container c ON c.collection_id = o.id
    JOIN usage u ON u.extent = 'container' AND u.id = c.id
    WHERE n.name = ? AND o.name = ? AND c.name = ? AND o.visibility = 'public'";
const TAGS_OF: &str = "SELECT t.name, t.arch, t.updated_at, i.digest, i.size, i.signed
    FROM tag t JOIN image i ON i.id = t.image_id WHERE t.container_id = ? ORDER BY t.name, t.id LIMIT 21";
const IMAGES_OF: &str =
    "SELECT digest, size, arch, signed, created_at FROM image WHERE container_id = ?
    AND blob IS NOT NULL ORDER BY id DESC LIMIT 21";

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [data, address] = &words[..] else {
        bail!("usage: graph_floor DATA_DIR ADDRESS");
    };
    let sources = Sources {
        file: None,
        env: vec![("SIFHUB__DATA_DIR".into(), data.clone())],
        flags: Vec::new(),
    };
    let db = connect(&Config::load(&sources)?.config).await?;
    let app = Route::new()
        .at("/empty", get(empty))
        .at("/collections", get(collections))
        .at(
            "/container/:namespace/:collection/:container",
            get(container),
        )
        .data(db);
    Ok(Server::new(TcpListener::bind(address.clone()))
        .run(app)
        .await?)
}

#[handler]
fn empty() {}

#[handler]
async fn collections(Data(db): Data<&DatabaseConnection>) -> poem::Result<Json<JsonValue>> {
    let collections = rows(db, COLLECTIONS, vec![]).await?;
    let containers = rows_of(db, CONTAINERS, &collections).await?;
    let tags = rows_of(db, TAGS, &containers).await?;
    Ok(Json(
        json!({"collections": collections, "containers": containers, "tags": tags}),
    ))
}

#[handler]
async fn container(
    Data(db): Data<&DatabaseConnection>,
    Path((namespace, collection, container)): Path<(String, String, String)>,
) -> poem::Result<Json<JsonValue>> {
    let path = [namespace, collection, container].map(Value::from);
    let found = rows(db, CONTAINER, path.into()).await?;
    let Some(id) = found.first().and_then(|row| row["id"].as_i64()) else {
        return Err(StatusCode::NOT_FOUND.into());
    };
    let tags = rows(db, TAGS_OF, vec![id.into()]).await?;
    let images = rows(db, IMAGES_OF, vec![id.into()]).await?;
    Ok(Json(
        json!({"container": found[0], "tags": tags, "images": images}),
    ))
}

/// What belongs to some rows, whose ids stand for the `?`.
async fn rows_of(
    db: &DatabaseConnection,
    sql: &str,
    above: &[JsonValue],
) -> poem::Result<Vec<JsonValue>> {
    let ids: Vec<Value> = above
        .iter()
        .filter_map(|row| row["id"].as_i64())
        .map(Value::from)
        .collect();
    rows(db, &sql.replace('?', &vec!["?"; ids.len()].join(", ")), ids).await
}

async fn rows(
    db: &DatabaseConnection,
    sql: &str,
    values: Vec<Value>,
) -> poem::Result<Vec<JsonValue>> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    JsonValue::find_by_statement(statement)
        .all(db)
        .await
        .map_err(poem::error::InternalServerError)
}
