//! The tabs of a first visit work on a server with the data of the tour in the README.
use serde_json::{Value, json};

use super::{live::told, refused};
use crate::support::{Client, SifBuilder, TestApp};

#[tokio::test]
async fn every_example_of_the_page_works() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    alice
        .push("alice/tools/hello", "1.0", SifBuilder::new("amd64"))
        .await;
    let mut examples = 0;
    for entry in std::fs::read_dir("web/src/examples").expect("the folder") {
        let path = entry.expect("an entry").path();
        let query = std::fs::read_to_string(&path).expect("an example");
        if query.contains("createCollection") {
            let input = json!({"id": "alice/tools", "withContent": true});
            assert_eq!(refused(&alice, "deleteCollection", input).await, "");
        }
        alice.graphql(&query, json!({})).await;
        if query.contains("createCollection") {
            alice
                .push("alice/tools/hello", "1.0", SifBuilder::new("amd64"))
                .await;
        }
        examples += 1;
    }
    assert!(examples >= 4);
    let container =
        std::fs::read_to_string("web/src/examples/container.graphql").expect("an example");
    let data = alice.graphql(&container, json!({})).await;
    assert_eq!(data["container"]["tags"]["edges"][0]["node"]["name"], "1.0");
}

#[tokio::test]
async fn every_example_of_the_documentation_works() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    alice
        .push("alice/tools/hello", "1.0", SifBuilder::new("amd64"))
        .await;
    // The cookbook has a test of its own.
    let page = include_str!("../../docs/graphql.md");
    let page = page.split("## Cookbook").next().unwrap_or_default();
    let blocks = page.split("```graphql\n").skip(1);
    let queries: Vec<&str> = blocks
        .filter_map(|block| block.split("```").next())
        .collect();
    assert!(queries.len() >= 4);
    for query in queries {
        let data = match query.starts_with("subscription") {
            true => first_told(&app, &alice, query).await,
            false => alice.graphql(query, json!({})).await,
        };
        assert!(!data.to_string().contains("null"), "{query}: {data}");
    }
}

/// What a subscription to tags tells when one of them moves.
async fn first_told(app: &TestApp, alice: &Client, query: &str) -> Value {
    told(app).await;
    let mut listening = alice.listen(query, json!({})).await;
    let next = SifBuilder::new("amd64").payload(4096, 77);
    alice.push("alice/tools/hello", "1.0", next).await;
    told(app).await;
    let answer = listening.answer().await;
    assert!(answer["errors"].is_null(), "{query}: {answer}");
    answer["data"].clone()
}
