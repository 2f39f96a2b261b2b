use serde_json::{Value, json};
use sifhub::registry::Scope;

use super::{alice, code, field, mutate, refused};
use crate::support::{Client, SifBuilder, on_each_database};

const TOPICS: &str = "query($first: Int, $after: String, $last: Int, $before: String) { topics(first: $first, after: $after, last: $last, before: $before) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { name containerCount } } }";

async fn set(who: &Client, path: &str, topics: &[&str]) {
    assert_eq!(
        refused(
            who,
            "setTopics",
            json!({"container": path, "topics": topics})
        )
        .await,
        ""
    );
}

async fn topics(who: &Client, args: Value) -> (Vec<(String, u64)>, Value) {
    let list = who.graphql(TOPICS, args).await["topics"].clone();
    let nodes = list["nodes"].as_array().expect("topics").iter();
    let pair = |node: &Value| {
        (
            node["name"].as_str().expect("a name").to_owned(),
            node["containerCount"].as_u64().expect("a count"),
        )
    };
    (nodes.map(pair).collect(), list)
}

fn pairs(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect()
}

on_each_database! {
    async fn topics_are_normalised_and_replaced(app) {
        let alice = alice(&app).await;
        set(&alice, "alice/tools/hello", &["Machine Learning", "genomics", "machine_learning", "CUDA-12"]).await;
        let shown = async || alice.graphql("{ container(path: \"alice/tools/hello\") { topics } }", json!({})).await["container"]["topics"].clone();
        assert_eq!(shown().await, json!(["cuda-12", "genomics", "machine-learning"]));
        set(&alice, "alice/tools/hello", &["new"]).await;
        assert_eq!(shown().await, json!(["new"]));
        set(&alice, "alice/tools/hello", &[]).await;
        assert_eq!(shown().await, json!([]));
    }

    async fn topics_count_what_the_viewer_sees_only(app) {
        let alice = alice(&app).await;
        set(&alice, "alice/tools/hello", &["genomics", "shared"]).await;
        set(&alice, "alice/secret/hello", &["hush", "shared"]).await;
        let (own, list) = topics(&alice, json!({})).await;
        assert_eq!((own, list["totalCount"].clone()), (pairs(&[("shared", 2), ("genomics", 1), ("hush", 1)]), json!(3)));
        let (others, list) = topics(&app.anonymous(), json!({})).await;
        assert_eq!((others, list["totalCount"].clone()), (pairs(&[("genomics", 1), ("shared", 1)]), json!(2)));
    }

    async fn containers_are_found_by_topics(app) {
        let alice = alice(&app).await;
        alice.push("alice/tools/other", "1", SifBuilder::new("amd64").payload(4096, 5)).await;
        set(&alice, "alice/tools/hello", &["genomics", "gpu"]).await;
        set(&alice, "alice/tools/other", &["gpu"]).await;
        set(&alice, "alice/secret/hello", &["gpu"]).await;
        let found = async |who: &Client, topics: Value| {
            let data = who.graphql("query($topics: [String!]) { containers(topics: $topics) { totalCount nodes { path } } }", json!({"topics": topics})).await;
            let nodes = data["containers"]["nodes"].as_array().expect("containers").clone();
            assert_eq!(data["containers"]["totalCount"], nodes.len());
            let mut paths: Vec<_> = nodes.iter().map(|node| node["path"].as_str().expect("a path").to_owned()).collect();
            paths.sort();
            paths
        };
        assert_eq!(found(&alice, json!(["GPU"])).await, ["alice/secret/hello", "alice/tools/hello", "alice/tools/other"]);
        assert_eq!(found(&alice, json!(["gpu", "genomics"])).await, ["alice/tools/hello"]);
        assert_eq!(found(&app.anonymous(), json!(["gpu"])).await, ["alice/tools/hello", "alice/tools/other"]);
        assert_eq!(found(&alice, json!(["nothing"])).await, [""; 0]);
    }

    async fn topics_come_in_pages_in_both_directions(app) {
        let alice = alice(&app).await;
        set(&alice, "alice/tools/hello", &["a", "b", "c", "d", "e"]).await;
        set(&alice, "alice/secret/hello", &["c", "e"]).await;
        let all = pairs(&[("c", 2), ("e", 2), ("a", 1), ("b", 1), ("d", 1)]);
        let (first, list) = topics(&alice, json!({"first": 3})).await;
        assert_eq!((&first[..], &list["pageInfo"]["hasNextPage"]), (&all[..3], &json!(true)));
        let (second, list) = topics(&alice, json!({"first": 3, "after": list["pageInfo"]["endCursor"]})).await;
        assert_eq!((&second[..], &list["pageInfo"]["hasNextPage"]), (&all[3..], &json!(false)));
        let (back, list) = topics(&alice, json!({"last": 2, "before": list["pageInfo"]["startCursor"]})).await;
        assert_eq!((&back[..], &list["pageInfo"]["hasPreviousPage"]), (&all[1..3], &json!(true)));
        let (end, _) = topics(&alice, json!({"last": 2})).await;
        assert_eq!(end, all[3..]);
        let cursor = alice.graphql("{ containers { pageInfo { endCursor } } }", json!({})).await["containers"]["pageInfo"]["endCursor"].clone();
        let answer = alice.try_graphql(TOPICS, json!({"after": cursor})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "after"));
    }

    async fn wrong_topics_are_invalid_inputs(app) {
        let alice = alice(&app).await;
        let too_many: Vec<_> = (0..21).map(|number| format!("t{number}")).collect();
        let long = "t".repeat(51);
        for wrong in ["", "-", "a\u{0}", "g\u{0435}nomics", "a/b", &long] {
            let topics = json!({"container": "alice/tools/hello", "topics": ["right", wrong]});
            let answer = mutate(&alice, "setTopics", topics).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.topics.1"), "{wrong}");
        }
        let answer = mutate(&alice, "setTopics", json!({"container": "alice/tools/hello", "topics": too_many})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.topics"));
        for (who, why) in [
            (app.user("bob").await, "FORBIDDEN"),
            (app.holding("alice", Scope::Read).await, "FORBIDDEN"),
            (app.anonymous(), "UNAUTHENTICATED"),
        ] {
            assert_eq!(refused(&who, "setTopics", json!({"container": "alice/tools/hello", "topics": []})).await, why);
        }
    }
}
