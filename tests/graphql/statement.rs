//! How many SQL statements the queries of pages, dashboards and scripts cost: a fixed number, whatever the page size.
use serde_json::json;

use super::refused;
use crate::support::{Client, SifBuilder, TestApp, on_each_database};

/// A query with the number of statements that it may cost. `$n` is the page size, `$id` stands for a thing's id.
struct Listed {
    /// What it is for.
    name: &'static str,
    /// The operation.
    query: &'static str,
    /// The most statements, those to recognise the caller among them.
    most: usize,
}

const LISTED: &[Listed] = &[
    Listed {
        name: "collections with their namespaces, sizes and tags",
        query: "query($n: Int) { collections(first: $n) { totalCount nodes {
            name path size imageCount containerCount namespace { name size owner { name } }
            containers(first: $n) { totalCount nodes { name size tags(first: $n) { totalCount nodes { name arch } } } }
        } } }",
        most: 14,
    },
    Listed {
        name: "a container with its tags and images",
        query: "query($n: Int) { container(path: \"alice/c0/a0\") {
            path size imageCount collection { name namespace { name } }
            tags(first: $n) { totalCount nodes { name arch updatedBy { name } image { digest size arch signed labels { key value } } } }
            images(first: $n) { totalCount nodes { digest createdBy { name } tags(first: 5) { name } libraryUri } }
        } }",
        most: 20,
    },
    Listed {
        name: "images with what they refer to",
        query: "query($n: Int) { images(first: $n) { nodes {
            digest libraryUri labels { key } signatures { id } tags { name container { path } } createdBy { name } container { path size }
        } } }",
        most: 14,
    },
    Listed {
        name: "namespaces to the depth of images",
        query: "query($n: Int) { namespaces(first: $n) { nodes { name collections(first: 3) { nodes { name
            containers(first: 3) { nodes { name images(first: 3) { totalCount nodes { digest } } } } } } } } }",
        most: 9,
    },
    Listed {
        name: "the last of each list, newest first",
        query: "query($n: Int) { collections(last: $n, orderBy: { field: CREATED_AT, direction: DESC }) { nodes { name
            containers(last: 2, orderBy: { field: CREATED_AT }) { nodes { name tags(last: 1) { nodes { name } } } } } } }",
        most: 6,
    },
    Listed {
        name: "a search",
        query: "query($m: Int!) { search(text: \"ali\", first: $m) {
            namespaces { name size } collections { path size } containers { path size } images { digest container { path } tags { name } } } }",
        most: 18,
    },
    Listed {
        name: "the dashboard of whoever asks",
        query: "query($n: Int) { viewer { name
            namespaces(first: $n) { totalCount nodes { name size imageCount collections(first: $n) { nodes { name size } } } }
            tokens(first: $n) { totalCount nodes { name user { name } } } keys(first: $n) { nodes { fingerprint } } } }",
        most: 14,
    },
];

/// Alice's collections `c0`, `c1` …, each with containers `a0`, `a1` … of as many tags each.
async fn shelf(app: &TestApp, side: u64) -> Client {
    let alice = app.user("alice").await;
    let mut seed = 0;
    for collection in 0..side {
        let input =
            json!({"namespace": "alice", "name": format!("c{collection}"), "visibility": "PUBLIC"});
        assert_eq!(refused(&alice, "createCollection", input).await, "");
        for container in 0..side {
            for tag in 0..side {
                seed += 1;
                let image = SifBuilder::new("amd64").payload(64, seed);
                let path = format!("alice/c{collection}/a{container}");
                alice.push(&path, &tag.to_string(), image).await;
            }
        }
    }
    alice
}

/// The same server, which takes dear operations too.
fn unlimited(app: TestApp) -> TestApp {
    let mut config = app.registry.config().clone();
    config.graphql.max_complexity = usize::MAX;
    app.reconfigured(config)
}

on_each_database! {
    async fn no_listed_query_costs_more_statements_for_longer_pages(app) {
        let app = unlimited(app);
        let alice = shelf(&app, 3).await;
        let mut dear = Vec::new();
        for Listed { name, query, most } in LISTED {
            for size in [1, 2, 50] {
                let variables = json!({"n": size, "m": size});
                let (_, statements) = app.statements_of(alice.graphql(query, variables)).await;
                if statements > *most {
                    dear.push(format!("{name}, {size} each: {statements} statements where {most} are allowed"));
                }
            }
        }
        assert!(dear.is_empty(), "{dear:#?}");
    }

    async fn ids_cost_one_statement_for_each_kind(app) {
        let alice = shelf(&app, 3).await;
        let found = alice.graphql("{ containers { nodes { id tags { nodes { id } } images { nodes { id } } } } }", json!({})).await;
        let ids: Vec<String> = found.to_string().split('"').filter(|word| word.contains(':') && word.len() > 20).map(Into::into).collect();
        assert!(ids.len() > 50);
        let ask = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Container { path } ... on Tag { name image { digest } } } }";
        for some in [&ids[..3], &ids[..60]] {
            let (_, statements) = app.statements_of(alice.graphql(ask, json!({"ids": some}))).await;
            assert!(statements <= 8, "{} ids: {statements} statements", some.len());
        }
    }

    async fn lists_below_a_page_are_those_that_each_row_has_alone(app) {
        let alice = shelf(&app, 3).await;
        for window in [
            "first: 2", "last: 2", "first: 3", "first: 2, orderBy: { field: CREATED_AT, direction: DESC }",
            "last: 1, orderBy: { field: NAME, direction: DESC }",
        ] {
            let connection = format!("containers({window}) {{ totalCount nodes {{ name }} edges {{ cursor }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}");
            let together = alice.graphql(&format!("{{ collections {{ nodes {{ path {connection} }} }} }}"), json!({})).await;
            let rows = together["collections"]["nodes"].as_array().expect("nodes").clone();
            assert_eq!(rows.len(), 3);
            for row in rows {
                let alone = alice.graphql(
                    &format!("query($path: String!) {{ collection(path: $path) {{ path {connection} }} }}"),
                    json!({"path": row["path"]})).await;
                assert_eq!(alone["collection"], row, "{window}");
                assert_eq!(row["containers"]["totalCount"], 3);
            }
        }
    }

    async fn lists_below_a_page_go_on_from_their_cursors(app) {
        let alice = shelf(&app, 3).await;
        let ask = "query($after: String) { collection(path: \"alice/c1\") { containers(first: 2, after: $after) {
            nodes { name } pageInfo { hasNextPage endCursor } } } }";
        let first = alice.graphql(ask, json!({})).await["collection"]["containers"].clone();
        assert_eq!(first["nodes"], json!([{"name": "a0"}, {"name": "a1"}]));
        let rest = alice.graphql(ask, json!({"after": first["pageInfo"]["endCursor"]})).await["collection"]["containers"].clone();
        assert_eq!(rest["nodes"], json!([{"name": "a2"}]));
        assert_eq!(rest["pageInfo"]["hasNextPage"], false);
    }

    async fn lists_below_a_page_show_and_count_only_what_the_asker_may_see(app) {
        let alice = shelf(&app, 2).await;
        assert_eq!(refused(&alice, "updateCollection", json!({"id": "alice/c1", "visibility": "PRIVATE"})).await, "");
        let ask = "{ namespaces(first: 2) { nodes { name collections(first: 3) { totalCount nodes { name containers(first: 3) { totalCount nodes { name } } } } } } }";
        let seen = app.anonymous().graphql(ask, json!({})).await;
        let namespaces = seen["namespaces"]["nodes"].as_array().expect("nodes");
        assert_eq!(namespaces.len(), 1);
        assert_eq!(namespaces[0]["collections"], json!({"totalCount": 1, "nodes": [
            {"name": "c0", "containers": {"totalCount": 2, "nodes": [{"name": "a0"}, {"name": "a1"}]}}]}));
        let own = alice.graphql(ask, json!({})).await;
        assert_eq!(own["namespaces"]["nodes"][0]["collections"]["totalCount"], 2);
    }
}
