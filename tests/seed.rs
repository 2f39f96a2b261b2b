//! Synthetic data, to try and to measure a registry with.
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sifhub::{
    error::Error,
    registry::seed::{Plan, fill},
};

use crate::support::{Client, TestApp, on_each_database};

fn plan(seed: u64) -> Plan {
    Plan {
        users: 30,
        namespaces: 4,
        collections: 12,
        containers: 40,
        images: 300,
        seed,
        end: "2026-11-01T00:00:00Z"
            .parse::<DateTime<Utc>>()
            .expect("a time"),
    }
}

async fn seed(app: &TestApp, number: u64) {
    fill(&app.operator(), &plan(number), |_| {})
        .await
        .expect("synthetic data");
}

/// Everything that a list shows, with all that its nodes tell.
async fn all(who: &Client, list: &str, selection: &str) -> Vec<Value> {
    let (mut nodes, mut after) = (Vec::new(), Value::Null);
    loop {
        let query = format!(
            "query($after: String) {{ {list}(first: 100, after: $after) {{ nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let page = who.graphql(&query, json!({ "after": after })).await[list].clone();
        nodes.extend(page["nodes"].as_array().expect("nodes").clone());
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            return nodes;
        }
    }
}

async fn tree(who: &Client) -> Vec<Value> {
    let mut tree = all(who, "collections", "path visibility createdAt").await;
    tree.extend(all(who, "containers", "id path description topics").await);
    tree.extend(
        all(
            who,
            "images",
            "id digest size arch signed tags { name arch }",
        )
        .await,
    );
    tree
}

on_each_database! {
    async fn a_database_is_filled_with_as_much_as_was_asked_for(app) {
        seed(&app, 1).await;
        let admin = app.admin("root").await;
        let query = "{ users { totalCount } namespaces { totalCount } collections { totalCount } containers { totalCount } images { totalCount } }";
        let counts = admin.graphql(query, json!({})).await;
        let count = |list: &str| counts[list]["totalCount"].clone();
        // Root comes with a namespace.
        let found = ["users", "namespaces", "collections", "containers", "images"].map(count);
        assert_eq!(found, [31, 5, 12, 40, 300].map(Value::from));
    }

    async fn images_are_found_by_their_labels_and_containers_by_their_topics(app) {
        seed(&app, 1).await;
        let admin = app.admin("root").await;
        for image in all(&admin, "images", "digest labels { key value }").await.iter().take(5) {
            let query = "query($label: [LabelInput!]) { images(first: 100, labels: $label) { nodes { digest } } }";
            let found = admin.graphql(query, json!({"label": image["labels"]})).await;
            assert!(found.to_string().contains(image["digest"].as_str().expect("a digest")), "{image}");
        }
        let topics = all(&admin, "topics", "name").await;
        assert!(topics.len() > 5, "{topics:?}");
    }

    async fn every_image_is_found_by_its_tag_at_each_door(app) {
        seed(&app, 1).await;
        let admin = app.admin("root").await;
        for image in all(&admin, "images", "digest arch container { path } tags { name }").await {
            let path = image["container"]["path"].as_str().expect("a path");
            let tag = image["tags"][0]["name"].as_str().expect("a tag");
            let arch = image["arch"].as_str().expect("an architecture");
            let library = admin.get(&format!("/v1/images/{path}:{tag}?arch={arch}")).await.expect(200);
            let hash = image["digest"].as_str().expect("a digest").replace(':', ".");
            assert_eq!(library.json()["data"]["hash"], hash);
            admin.get(&format!("/v2/{path}/manifests/{tag}")).await.expect(200);
        }
    }
}

#[tokio::test]
async fn the_same_plan_makes_the_same_data_on_both_databases() {
    let mut trees = Vec::new();
    for app in [TestApp::sqlite().await, TestApp::postgres().await] {
        seed(&app, 7).await;
        trees.push(tree(&app.admin("root").await).await);
    }
    assert_eq!(trees[0], trees[1]);
    let other = TestApp::sqlite().await;
    seed(&other, 8).await;
    assert_ne!(tree(&other.admin("root").await).await, trees[0]);
}

#[tokio::test]
async fn a_database_that_holds_something_is_left_alone() {
    let app = TestApp::sqlite().await;
    app.user("alice").await;
    let refused = fill(&app.operator(), &plan(1), |_| {}).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    let alice = app.admin("root").await;
    assert_eq!(all(&alice, "containers", "path").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_plan_that_nothing_can_fulfil_is_refused() {
    let app = TestApp::sqlite().await;
    let end = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
    let plans = [
        Plan {
            images: 0,
            ..plan(1)
        },
        Plan {
            containers: u64::MAX,
            ..plan(1)
        },
        Plan {
            end: end("2024-06-01T00:00:00Z"),
            ..plan(1)
        },
        Plan {
            end: DateTime::<Utc>::MAX_UTC,
            ..plan(1)
        },
        Plan {
            end: DateTime::<Utc>::MIN_UTC,
            ..plan(1)
        },
    ];
    for plan in plans {
        let refused = fill(&app.operator(), &plan, |_| {}).await;
        assert!(
            matches!(refused, Err(Error::Invalid { .. })),
            "{plan:?}: {refused:?}"
        );
    }
}
