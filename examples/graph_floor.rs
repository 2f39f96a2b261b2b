//! What the graph cannot be faster than, for `make bench`: the rows of its answers by SQL that was written by hand, through
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
/// The newest thousand matches, best first.
const SEARCH: &str = "SELECT found.*, n.name || '/' || o.name || '/' || found.name AS path, COUNT(*) OVER () AS total
    FROM (SELECT c.id, c.name, c.collection_id, c.description, c.stars, c.downloads, c.created_at,
        -bm25(search_index, 10.0, 4.0, 2.0, 1.0) AS rank
        FROM search_index JOIN search_document d ON d.id = search_index.rowid JOIN container c ON c.id = d.container_id
        WHERE search_index MATCH ? AND EXISTS (SELECT 1 FROM collection o WHERE o.id = c.collection_id AND o.visibility = 'public')
        ORDER BY search_index.rowid DESC LIMIT 1001) found
    JOIN collection o ON o.id = found.collection_id JOIN namespace n ON n.id = o.namespace_id ORDER BY rank DESC LIMIT 21";
const NAMESPACES_OF: &str = "SELECT n.id, n.name, s.size, s.images FROM user u JOIN namespace n ON n.owner_id = u.id
    JOIN usage s ON s.extent = 'namespace' AND s.id = n.id WHERE u.name = ? ORDER BY n.name LIMIT 6";
const COLLECTIONS_OF: &str =
    "SELECT c.namespace_id, c.name, s.size FROM namespace n JOIN collection c ON c.id IN
    (SELECT i.id FROM collection i WHERE i.namespace_id = n.id ORDER BY i.name LIMIT 6)
    JOIN usage s ON s.extent = 'collection' AND s.id = c.id WHERE n.id IN (?)";
const TOKENS_OF: &str = "SELECT t.id, t.name FROM user u JOIN token t ON t.user_id = u.id
    WHERE u.name = ? AND t.revoked_at IS NULL ORDER BY t.id LIMIT 6";
const NODE: &str = "SELECT c.id, n.name || '/' || o.name || '/' || c.name AS path, c.description, s.size
    FROM container c JOIN collection o ON o.id = c.collection_id JOIN namespace n ON n.id = o.namespace_id
    JOIN usage s ON s.extent = 'container' AND s.id = c.id WHERE c.id = ? AND o.visibility = 'public'";
/// What everybody sees of the site: namespaces, then what is in the twenty biggest.
const TREE: &str = "SELECT n.id, n.name, SUM(s.size) AS size, SUM(s.images) AS images
    FROM collection c JOIN namespace n ON n.id = c.namespace_id JOIN usage s ON s.extent = 'collection' AND s.id = c.id
    WHERE c.visibility = 'public' GROUP BY n.id ORDER BY size DESC LIMIT 20";
const TREE_BELOW: &str = "SELECT * FROM (SELECT c.id, c.namespace_id, c.name, s.size, s.images,
        ROW_NUMBER() OVER (PARTITION BY c.namespace_id ORDER BY s.size DESC) AS place
    FROM collection c JOIN usage s ON s.extent = 'collection' AND s.id = c.id
    WHERE c.visibility = 'public' AND c.namespace_id IN (?)) WHERE place <= 20";

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
        .at("/search/:word", get(search))
        .at("/viewer/:name", get(viewer))
        .at("/node/:id", get(node))
        .at("/tree", get(tree))
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

#[handler]
async fn search(
    Data(db): Data<&DatabaseConnection>,
    Path(word): Path<String>,
) -> poem::Result<Json<JsonValue>> {
    Ok(Json(rows(db, SEARCH, vec![word.into()]).await?.into()))
}

#[handler]
async fn viewer(
    Data(db): Data<&DatabaseConnection>,
    Path(name): Path<String>,
) -> poem::Result<Json<JsonValue>> {
    let namespaces = rows(db, NAMESPACES_OF, vec![name.clone().into()]).await?;
    let below = rows_of(db, COLLECTIONS_OF, &namespaces).await?;
    let tokens = rows(db, TOKENS_OF, vec![name.into()]).await?;
    Ok(Json(
        json!({"namespaces": namespaces, "collections": below, "tokens": tokens}),
    ))
}

#[handler]
async fn node(
    Data(db): Data<&DatabaseConnection>,
    Path(id): Path<i64>,
) -> poem::Result<Json<JsonValue>> {
    Ok(Json(rows(db, NODE, vec![id.into()]).await?.into()))
}

#[handler]
async fn tree(Data(db): Data<&DatabaseConnection>) -> poem::Result<Json<JsonValue>> {
    let namespaces = rows(db, TREE, vec![]).await?;
    let below = rows_of(db, TREE_BELOW, &namespaces).await?;
    Ok(Json(
        json!({"namespaces": namespaces, "collections": below}),
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
