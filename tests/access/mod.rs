//! Who may do what, as one table: every route and every root field of the graph, tried by everybody on what is public
//! and on what is private. The outcome is `tests/access/matrix.md`, a page for people; `make update` writes it anew.
mod graph;
mod oci;
mod routes;
mod world;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures::{StreamExt, TryStreamExt, future::join_all, stream};
use serde_json::json;
use sifhub::{auth, download, graphql, hkp, http, library, page, shub, site};

use crate::{
    generated::assert_current,
    support::{Client, TestApp},
};
use world::{People, World};

/// Who tries: the one who owns the thing, others who were let in by grants or by a team, and those who were not.
const ACTORS: [&str; 10] = [
    "anonymous",
    "stranger",
    "reader",
    "writer",
    "namespace admin",
    "member",
    "maintainer",
    "read-only token",
    "owner",
    "site admin",
];
const VISIBILITIES: [&str; 3] = ["public", "internal", "private"];

/// What one actor got: an HTTP status, or `ok`, `null` or the error code of the graph.
type Outcome = String;

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_open_to_the_right_people_only() {
    let stages = join_all(VISIBILITIES.map(Stage::new)).await;
    let stages = Arc::new(stages);
    let cases = operations().await.into_iter().flat_map(|operation| {
        (0..VISIBILITIES.len()).map(move |number| (operation.clone(), number))
    });
    let tried = stream::iter(cases).map(|(operation, number)| {
        let stages = stages.clone();
        tokio::spawn(async move {
            let outcomes = stages[number].try_all(&operation).await;
            ((operation, number), outcomes)
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

/// A server on which each actor has a world of one visibility to try things on.
struct Stage {
    app: TestApp,
    /// A copy on which nothing is tried but to read.
    reading: TestApp,
    people: People,
    worlds: Vec<World>,
}

impl Stage {
    async fn new(visibility: &str) -> Self {
        let app = TestApp::sqlite().await;
        let people = People::new(&app).await;
        let mut worlds = Vec::new();
        for number in 0..ACTORS.len() {
            worlds.push(World::new(&app, &people, number, visibility).await);
        }
        app.indexed().await;
        let reading = app.copy().await;
        Self {
            app,
            reading,
            people,
            worlds,
        }
    }

    /// One operation by each actor. What may change something is done by each in a world of their own, in a copy of all.
    async fn try_all(&self, operation: &str) -> Option<Vec<Outcome>> {
        let reads = ["GET", "HEAD", "query", "subscription"];
        let changes = !reads.iter().any(|read| operation.starts_with(read));
        let copy = if changes {
            Some(self.app.copy().await)
        } else {
            None
        };
        let app = copy.as_ref().unwrap_or(&self.reading);
        let mut outcomes = Vec::new();
        for (actor, world) in ACTORS.into_iter().zip(&self.worlds) {
            let world = if changes { world } else { &self.worlds[0] }.at(app);
            let client = self.actor(actor, &world).at(app);
            outcomes.push(attempt(operation, &world, &client).await?);
        }
        Some(outcomes)
    }

    fn actor(&self, actor: &str, world: &World) -> Client {
        let people = &self.people;
        let who = match actor {
            "anonymous" => return self.app.anonymous(),
            "stranger" => &people.stranger,
            "reader" => &people.reader,
            "writer" => &people.writer,
            "namespace admin" => &people.keeper,
            "member" => &people.member,
            "maintainer" => &people.maintainer,
            "read-only token" => &world.reading,
            "owner" => &world.owner,
            _ => &people.admin,
        };
        who.clone()
    }
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

/// A line for each operation and outcome: what comes to the same on things of several visibilities is told once.
fn render(rows: &BTreeMap<(String, usize), Vec<Outcome>>) -> String {
    let mut page = String::from(
        "# Who may do what\n\nMade by `tests/access`, from every route and every root field of the graph; `make update` \
         writes it anew. Each is tried on a\npublic, an internal and a private thing. *reader*, *writer* and *namespace admin* \
         were granted read, write and admin on the namespace; *member* and\n*maintainer* are in a team that was granted \
         read, which the owner maintains, too; *read-only token* is the owner with one. Numbers are HTTP statuses; the graph\n\
         answers `ok`, `null` or an error code.\n\n",
    );
    page += &format!(
        "| operation | on | {} |\n|---|---|{}\n",
        ACTORS.join(" | "),
        "---|".repeat(ACTORS.len())
    );
    let mut told: Vec<(&str, Vec<&str>, &Vec<Outcome>)> = Vec::new();
    for ((operation, number), outcomes) in rows {
        let visibility = VISIBILITIES[*number];
        let same = |(other, _, others): &&mut (&str, Vec<&str>, &Vec<Outcome>)| {
            other == operation && *others == outcomes
        };
        match told.iter_mut().rev().take(VISIBILITIES.len()).find(same) {
            Some((_, on, _)) => on.push(visibility),
            None => told.push((operation, vec![visibility], outcomes)),
        }
    }
    for (operation, on, outcomes) in told {
        let on = if on.len() == VISIBILITIES.len() {
            "any".to_owned()
        } else {
            on.join(", ")
        };
        page += &format!("| `{operation}` | {on} | {} |\n", outcomes.join(" | "));
    }
    page
}
