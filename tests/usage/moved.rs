//! Sums of what is somewhere else now.
use serde_json::{Value, json};

use super::{drifts, image, sums};
use crate::support::{Client, on_each_database};

async fn mutate(who: &Client, name: &str, input: Value) {
    let kind = name[..1].to_uppercase() + &name[1..];
    let text =
        format!("mutation($input: {kind}Input!) {{ {name}(input: $input) {{ __typename }} }}");
    who.graphql(&text, json!({"input": input})).await;
}

async fn count(who: &Client, lookup: &str) -> Value {
    sums(who, lookup).await["imageCount"].clone()
}

const ALICE: &str = r#"namespace(name: "alice")"#;
const FAR: &str = r#"namespace(name: "far")"#;

on_each_database! {
    async fn sums_follow_a_container_to_another_collection(app) {
        let root = app.admin("root").await;
        for (path, seed) in [("alice/tools/a", 1), ("alice/tools/b", 1), ("far/more/c", 2)] {
            root.push(path, "1", image(4096, seed)).await;
            root.push(path, "2", image(5000, 3)).await;
        }
        let (tools, more) = (r#"collection(path: "alice/tools")"#, r#"collection(path: "far/more")"#);
        mutate(&root, "moveContainer", json!({"id": "alice/tools/a", "collection": "far/more"})).await;
        assert!(drifts(&app).await.is_empty());
        assert_eq!((count(&root, tools).await, count(&root, ALICE).await), (json!(2), json!(2)));
        assert_eq!((count(&root, more).await, count(&root, FAR).await), (json!(4), json!(4)));
        mutate(&root, "moveContainer", json!({"id": "far/more/a", "collection": "alice/tools"})).await;
        assert!(drifts(&app).await.is_empty());
        assert_eq!((count(&root, ALICE).await, count(&root, FAR).await), (json!(4), json!(2)));
    }

    async fn sums_follow_a_collection_to_another_namespace(app) {
        let root = app.admin("root").await;
        for path in ["alice/tools/a", "alice/more/b", "far/away/c"] {
            root.push(path, "1", image(4096, 1)).await;
        }
        mutate(&root, "moveCollection", json!({"id": "alice/tools", "namespace": "far"})).await;
        assert!(drifts(&app).await.is_empty());
        assert_eq!((count(&root, ALICE).await, count(&root, FAR).await), (json!(1), json!(2)));
        root.push("far/tools/a", "2", image(5000, 2)).await;
        mutate(&root, "deleteContainer", json!({"id": "far/tools/a", "withContent": true})).await;
        assert!(drifts(&app).await.is_empty());
        assert_eq!((count(&root, ALICE).await, count(&root, FAR).await), (json!(1), json!(1)));
    }

    async fn moves_at_once_leave_the_sums_as_they_should_be(app) {
        let root = app.admin("root").await;
        for path in ["alice/tools/a", "far/more/b", "near/by/c"] {
            root.push(path, "1", image(4096, 1)).await;
        }
        let container = root.graphql(r#"{ container(path: "alice/tools/a") { id } }"#, json!({})).await["container"]["id"].clone();
        let collection = root.graphql(r#"{ collection(path: "far/more") { id } }"#, json!({})).await["collection"]["id"].clone();
        let container = (0..8).map(|n| {
            let to = ["alice/tools", "near/by"][n % 2];
            let input = json!({"id": container, "collection": to});
            let root = root.clone();
            async move {
                let text = "mutation($input: MoveContainerInput!) { moveContainer(input: $input) { __typename } }";
                root.try_graphql(text, json!({"input": input})).await;
            }
        });
        let collection = (0..8).map(|n| {
            let to = ["alice", "near", "far"][n % 3];
            let input = json!({"id": collection, "namespace": to});
            let root = root.clone();
            async move {
                let text = "mutation($input: MoveCollectionInput!) { moveCollection(input: $input) { __typename } }";
                root.try_graphql(text, json!({"input": input})).await;
            }
        });
        futures::join!(futures::future::join_all(container), futures::future::join_all(collection));
        assert!(drifts(&app).await.is_empty());
    }
}
