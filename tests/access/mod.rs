//! Who may do what, as one table: every route and every root field of the graph, tried by everybody on what is public
//! and on what is private. The outcome is `tests/access/matrix.md`, a page for people; `make update` writes it anew.
mod graph;
mod oci;
mod routes;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use sifhub::{auth, download, graphql, hkp, http, library, page, shub, site};

use crate::{
    generated::assert_current,
    support::{Client, TestApp},
};
use world::World;

/// Who tries. "owner" owns the thing, and holds a token of the scope write; "reader" is the owner with a read-only
/// token.
const ACTORS: [&str; 5] = ["anonymous", "stranger", "reader", "owner", "admin"];

/// What one actor got: an HTTP status, or `ok`, `null` or the error code of the graph.
type Outcome = String;

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_open_to_the_right_people_only() {
    let cases = operations().await.into_iter().flat_map(|operation| {
        ["public", "internal", "private"].map(|visibility| (operation.clone(), visibility))
    });
    let tried = stream::iter(cases).map(|(operation, visibility)| {
        tokio::spawn(async move {
            let outcomes = try_all(&operation, visibility).await;
            ((operation, visibility), outcomes)
        })
    });
    let tried: Vec<_> = tried
        .buffer_unordered(4)
        .try_collect()
        .await
        .expect("no attempt panics");
    let (rows, unlisted): (Vec<_>, Vec<_>) = tried
        .into_iter()
        .partition(|(_, outcomes)| outcomes.is_some());
    let unlisted: BTreeSet<_> = unlisted
        .into_iter()
        .map(|((operation, _), _)| operation)
        .collect();
    let rows = rows
        .into_iter()
        .filter_map(|(case, outcomes)| Some((case, outcomes?)))
        .collect();
    assert!(
        unlisted.is_empty(),
        "operations that tests/access does not try: {unlisted:#?}"
    );
    assert_current("tests/access/matrix.md", &render(&rows));
}

/// Every route of every surface, and every root field.
async fn operations() -> BTreeSet<String> {
    let tables = [
        http::ROUTES,
        page::ROUTES,
        auth::ROUTES,
        auth::TOKEN_ROUTES,
        library::ROUTES,
        sifhub::oci::ROUTES,
        hkp::ROUTES,
        download::ROUTES,
        shub::ROUTES,
        graphql::ROUTES,
        site::ROUTES,
    ];
    let routes = tables
        .into_iter()
        .flatten()
        .map(|(method, path)| format!("{method} {path}"));
    let app = TestApp::sqlite().await;
    let admin = app.admin("root").await;
    let query = "{ __schema { queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } } } }";
    let schema = admin.graphql(query, json!({})).await["__schema"].clone();
    let fields = |kind: &str, word: &'static str| {
        let fields = schema[kind]["fields"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        fields
            .into_iter()
            .map(move |field| format!("{word} {}", field["name"].as_str().expect("a name")))
    };
    routes
        .chain(fields("queryType", "query"))
        .chain(fields("mutationType", "mutation"))
        .chain(fields("subscriptionType", "subscription"))
        .collect()
}

/// One operation by each actor. What may have changed something leaves a fresh world to the next.
async fn try_all(operation: &str, visibility: &str) -> Option<Vec<Outcome>> {
    let app = TestApp::sqlite().await;
    let stranger = app.user("stranger").await;
    let admin = app.admin("root").await;
    let changes = !operation.starts_with("GET")
        && !operation.starts_with("HEAD")
        && !operation.starts_with("query")
        && !operation.starts_with("subscription");
    let mut world = World::new(&app, 0, visibility).await;
    let mut outcomes = Vec::new();
    for (number, actor) in (1..).zip(ACTORS) {
        if changes && outcomes.last().is_some_and(|last| !is_refusal(last)) {
            world = World::new(&app, number, visibility).await;
        }
        let client = match actor {
            "anonymous" => app.anonymous(),
            "stranger" => stranger.clone(),
            "reader" => world.reader.clone(),
            "owner" => world.owner.clone(),
            _ => admin.clone(),
        };
        app.indexed().await;
        outcomes.push(attempt(operation, &world, &client).await?);
    }
    Some(outcomes)
}

/// Whether somebody was refused, so that nothing has changed: a code of the graph, or a status of 400 or more.
fn is_refusal(outcome: &Outcome) -> bool {
    let code = |c: char| c.is_ascii_uppercase() || c == '_';
    outcome.chars().all(code) || outcome.parse().is_ok_and(|status: u16| status >= 400)
}

/// Tries an operation; `None` when nobody has written down how.
async fn attempt(operation: &str, world: &World, client: &Client) -> Option<Outcome> {
    match operation.split_once(' ')? {
        ("query", field) => graph::query(field, world, client).await,
        ("mutation", field) => graph::mutation(field, world, client).await,
        ("subscription", field) => graph::subscription(field, world, client).await,
        (method, path) => routes::attempt(method, path, world, client).await,
    }
}

fn render(rows: &BTreeMap<(String, &str), Vec<Outcome>>) -> String {
    let mut page = String::from(
        "# Who may do what\n\nMade by `tests/access`, from every route and every root field of the graph; `make update` \
         writes it anew. Each is tried on a\npublic, an internal and a private thing. *reader* is the owner with a read-only \
         token. Numbers are HTTP statuses; the graph answers `ok`, `null` or an error code.\n\n",
    );
    page += &format!(
        "| operation | on | {} |\n|---|---|{}\n",
        ACTORS.join(" | "),
        "---|".repeat(ACTORS.len())
    );
    for ((operation, visibility), outcomes) in rows {
        page += &format!(
            "| `{operation}` | {visibility} | {} |\n",
            outcomes.join(" | ")
        );
    }
    page
}
