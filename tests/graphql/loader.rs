use serde_json::json;

use super::refused;
use crate::support::{SifBuilder, on_each_database};

const QUERY: &str = "{ collections { nodes {
    name path size imageCount containerCount
    namespace { name size collectionCount owner { name } }
} } }";
const IMAGES: &str = "{ images { nodes {
    digest libraryUri labels { key } signatures { id } tags { name container { path } } createdBy { name } container { path size }
} } }";

on_each_database! {
    async fn page_costs_the_same_number_of_statements_whatever_its_length(app) {
        let alice = app.user("alice").await;
        let make = async |number: usize| {
            let input = json!({"namespace": "alice", "name": format!("c{number}"), "visibility": "PUBLIC"});
            assert_eq!(refused(&alice, "createCollection", input).await, "");
        };
        make(0).await;
        let (_, one) = app.statements_of(alice.graphql(QUERY, json!({}))).await;
        for number in 1..20 {
            make(number).await;
        }
        let (data, twenty) = app.statements_of(alice.graphql(QUERY, json!({}))).await;
        assert_eq!(data["collections"]["nodes"].as_array().expect("nodes").len(), 20);
        assert_eq!(twenty, one);
        assert!(twenty <= 8, "{twenty} statements");
    }

    async fn images_with_all_they_refer_to_cost_the_same_number_of_statements(app) {
        let alice = app.user("alice").await;
        alice.push("alice/tools/a", "1", SifBuilder::new("amd64").payload(4096, 1)).await;
        let (_, one) = app.statements_of(alice.graphql(IMAGES, json!({}))).await;
        for seed in 2..6 {
            alice.push(&format!("alice/tools/a{seed}"), "1", SifBuilder::new("amd64").payload(4096, seed)).await;
        }
        let (data, five) = app.statements_of(alice.graphql(IMAGES, json!({}))).await;
        assert_eq!(data["images"]["nodes"].as_array().expect("nodes").len(), 5);
        // Paths are wanted on three ways of different length; whether two of them meet in one statement is chance.
        assert!(five <= one + 2, "{one} statements for one image, {five} for five");
    }
}
