//! What takes how much, as one tree.
use std::time::Duration;

use serde_json::{Value, json};

use super::{count_again, drifts, image, sums};
use crate::{
    graphql::code,
    support::{Client, TestApp, on_each_database},
};

const NODE: &str = "id parentId kind name path bytes othersCount imageCount containerCount
    age: measure downloads: measure(of: DOWNLOADS) unsigned: measure(of: UNSIGNED_SHARE)";

async fn tree(who: &Client, arguments: &str) -> Vec<Value> {
    let data = who
        .graphql(
            &format!("{{ sizeTree{arguments} {{ {NODE} }} }}"),
            json!({}),
        )
        .await;
    data["sizeTree"].as_array().cloned().unwrap_or_default()
}

/// Kind, what is told of the name, and images of each node.
fn outline(tree: &[Value]) -> Vec<String> {
    let line = |node: &Value| {
        let name = node["path"].as_str().unwrap_or_default();
        let others = node["othersCount"].as_u64().map(|n| format!("+{n}"));
        format!(
            "{} {name}{} {}",
            node["kind"].as_str().expect("a kind"),
            others.unwrap_or_default(),
            node["imageCount"]
        )
    };
    tree.iter().map(line).collect()
}

fn bytes(node: &Value) -> u64 {
    node["bytes"]
        .as_str()
        .expect("bytes")
        .parse()
        .expect("a number")
}

/// `alice/big` with three containers, `alice/small` and `alice/secret`, which is private, with one each.
async fn shelves(app: &TestApp) -> Client {
    let alice = app.user("alice").await;
    for (name, visibility) in [
        ("big", "PUBLIC"),
        ("small", "PUBLIC"),
        ("secret", "PRIVATE"),
    ] {
        let new = "mutation($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } } }";
        let input = json!({"namespace": "alice", "name": name, "visibility": visibility});
        alice.graphql(new, json!({ "input": input })).await;
    }
    for (path, size, seed) in [
        ("alice/big/a", 90_000, 1),
        ("alice/big/b", 60_000, 2),
        ("alice/big/c", 30_000, 3),
        ("alice/small/a", 20_000, 4),
        ("alice/secret/a", 500_000, 5),
        ("alice/secret/b", 90_000, 1),
    ] {
        alice.push(path, "1", image(size, seed)).await;
    }
    alice
}

on_each_database! {
    async fn the_tree_tells_what_is_where_the_biggest_first(app) {
        let alice = shelves(&app).await;
        let found = tree(&alice, "(depth: 3)").await;
        assert_eq!(outline(&found), [
            "SITE  6", "NAMESPACE alice 6",
            "COLLECTION alice/secret 2", "COLLECTION alice/big 3", "COLLECTION alice/small 1",
            "CONTAINER alice/secret/a 1", "CONTAINER alice/secret/b 1",
            "CONTAINER alice/big/a 1", "CONTAINER alice/big/b 1", "CONTAINER alice/big/c 1", "CONTAINER alice/small/a 1",
        ]);
        for node in &found {
            let children: Vec<_> = found.iter().filter(|child| child["parentId"] == node["id"]).collect();
            if !children.is_empty() {
                assert_eq!(bytes(node), children.iter().map(|child| bytes(child)).sum::<u64>(), "{node}");
            }
        }
        let all = sums(&alice, r#"namespace(name: "alice")"#).await;
        assert_eq!(found[1]["bytes"], all["size"]);
        let root = app.admin("root").await;
        assert_eq!(outline(&tree(&root, "(depth: 3)").await), outline(&found));
    }

    async fn what_is_beyond_a_number_is_gathered_with_its_count_and_bytes(app) {
        let alice = shelves(&app).await;
        let found = tree(&alice, r#"(root: "alice/big", first: 1)"#).await;
        assert_eq!(outline(&found), ["COLLECTION alice/big 3", "CONTAINER alice/big/a 1", "OTHERS +2 2"]);
        assert_eq!(bytes(&found[0]), bytes(&found[1]) + bytes(&found[2]));
        assert_eq!(found[2]["id"], format!("others:{}", found[0]["id"].as_str().expect("an id")));
        let found = tree(&alice, r#"(root: "alice", first: 1, depth: 2)"#).await;
        assert_eq!(outline(&found), [
            "NAMESPACE alice 6", "COLLECTION alice/secret 2", "OTHERS +2 4", "CONTAINER alice/secret/a 1", "OTHERS +1 1",
        ]);
    }

    async fn private_things_are_in_no_sum_of_a_stranger(app) {
        let alice = shelves(&app).await;
        for stranger in [app.anonymous(), app.user("bob").await] {
            for by in ["SIZE", "STORED"] {
                let found = tree(&stranger, &format!("(root: \"alice\", depth: 2, first: 1, by: {by})")).await;
                assert_eq!(outline(&found), [
                    "NAMESPACE alice 4", "COLLECTION alice/big 3", "OTHERS +1 1", "CONTAINER alice/big/a 1", "OTHERS +2 2",
                ]);
                assert_eq!(bytes(&found[0]), bytes(&found[1]) + bytes(&found[2]), "{by}");
                assert_eq!(tree(&stranger, &format!("(by: {by})")).await[0]["imageCount"], 4);
            }
            assert_eq!(tree(&stranger, r#"(root: "alice/secret")"#).await, [Value::Null; 0]);
        }
        let secret = tree(&alice, r#"(root: "alice/secret")"#).await[0]["id"].clone();
        let text = "query($root: ID) { sizeTree(root: $root) { id } }";
        let hidden = app.anonymous().graphql(text, json!({"root": secret})).await;
        assert_eq!(hidden["sizeTree"], Value::Null);
    }

    async fn whoever_was_let_into_one_container_sees_it_alone(app) {
        let alice = shelves(&app).await;
        let bob = app.user("bob").await;
        let grant = "mutation($input: SetGrantInput!) { setGrant(input: $input) { grant { id } } }";
        let input = json!({"user": "bob", "container": "alice/secret/b", "level": "READ"});
        alice.graphql(grant, json!({ "input": input })).await;
        for by in ["SIZE", "STORED"] {
            let found = tree(&bob, &format!(r#"(root: "alice", depth: 2, by: {by})"#)).await;
            assert_eq!(outline(&found), [
                "NAMESPACE alice 5", "COLLECTION alice/big 3", "COLLECTION alice/secret 1", "COLLECTION alice/small 1",
                "CONTAINER alice/big/a 1", "CONTAINER alice/big/b 1", "CONTAINER alice/big/c 1",
                "CONTAINER alice/secret/b 1", "CONTAINER alice/small/a 1",
            ]);
        }
    }

    async fn blobs_that_are_shared_count_once_where_all_is_seen(app) {
        let alice = shelves(&app).await;
        let found = tree(&alice, "(by: STORED)").await;
        let all = sums(&alice, r#"namespace(name: "alice")"#).await;
        assert_eq!((&found[0]["bytes"], &found[1]["bytes"]), (&all["stored"], &all["stored"]));
        let parts: u64 = found[2..].iter().map(bytes).sum();
        assert!(parts > bytes(&found[1]), "{parts}");
    }

    async fn the_tree_is_coloured_by_age_downloads_and_unsigned_share(app) {
        use sea_orm::ConnectionTrait;
        let alice = shelves(&app).await;
        alice.push("alice/small/a", "2", image(20_000, 9).signed_by(&"AB".repeat(20))).await;
        for path in ["alice/small/a:1", "alice/small/a:1", "alice/big/b:1"] {
            alice.get(&format!("/v1/imagefile/{path}?arch=amd64")).await.expect(200);
        }
        sifhub::registry::download::flush(&app.operator()).await.expect("a flush");
        let at = |found: &[Value], path: &str| found.iter().find(|node| node["path"] == path).expect("a node").clone();
        let found = tree(&alice, "(depth: 3)").await;
        assert_eq!((&found[0]["downloads"], &found[0]["unsigned"]), (&json!(3.0), &json!(6.0 / 7.0)));
        let small = at(&found, "alice/small");
        assert_eq!((&small["downloads"], &small["unsigned"]), (&json!(2.0), &json!(0.5)));
        assert_eq!(at(&found, "alice/secret/a")["downloads"], json!(0.0));
        assert_eq!(drifts(&app).await, []);
        // All that is big came ten days ago.
        let day = app.operator().now() - chrono::TimeDelta::days(10);
        let older = format!(
            "UPDATE image SET uploaded_at = '{}' WHERE container_id IN (SELECT k.id FROM container k
            JOIN collection c ON c.id = k.collection_id WHERE c.name = 'big')", day.to_rfc3339());
        app.db.execute_unprepared(&older).await.expect("an update");
        count_again(&app, true).await;
        let found = tree(&alice, "(depth: 2)").await;
        let age = |path: &str| at(&found, path)["age"].as_f64().expect("an age");
        assert!((age("alice/big") - 10.0).abs() < 0.1, "{}", age("alice/big"));
        assert!((age("alice") - 30.0 / 7.0).abs() < 0.1, "{}", age("alice"));
        assert!(age("alice/small") < 0.1);
    }

    async fn downloads_leave_the_sums_with_what_was_pulled(app) {
        let alice = shelves(&app).await;
        alice.get("/v1/imagefile/alice/small/a:1?arch=amd64").await.expect(200);
        sifhub::registry::download::flush(&app.operator()).await.expect("a flush");
        let text = "mutation { deleteContainer(input: {id: \"alice/small/a\", withContent: true}) { deletedId } }";
        alice.graphql(text, json!({})).await;
        assert_eq!(tree(&alice, "(depth: 1)").await[0]["downloads"], json!(0.0));
        assert_eq!(drifts(&app).await, []);
    }

    async fn a_tree_costs_a_statement_for_each_level(app) {
        let alice = shelves(&app).await;
        let (_, before) = app.statements_of(tree(&alice, "(depth: 3, first: 1)")).await;
        for n in 0..12 {
            alice.push(&format!("alice/c{n}/a"), "1", image(10_000, 20 + n)).await;
            alice.push(&format!("alice/big/x{n}"), "1", image(10_000, 20 + n)).await;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        let (found, after) = app.statements_of(tree(&alice, "(depth: 3, first: 20)")).await;
        assert!(found.len() > 25, "{}", found.len());
        assert!(after <= before && after <= 8, "{before} became {after}");
    }

    async fn a_tree_is_told_again_at_once_until_something_changes(app) {
        let alice = shelves(&app).await;
        let (anyone, bob) = (app.anonymous(), app.user("bob").await);
        let told = async |who: &Client| outline(&tree(who, "(depth: 2)").await);
        let before = told(&anyone).await;
        let mut own = told(&bob).await;
        own.retain(|line| line != "NAMESPACE bob 0");
        assert_eq!(own, before);
        let (again, statements) = app.statements_of(told(&anyone)).await;
        assert_eq!((&again, statements), (&before, 1));

        let grant = "mutation($input: SetGrantInput!) { setGrant(input: $input) { grant { id } } }";
        let input = json!({"user": "bob", "collection": "alice/secret", "level": "READ"});
        alice.graphql(grant, json!({ "input": input })).await;
        assert!(told(&bob).await.contains(&"COLLECTION alice/secret 2".to_owned()));
        assert_eq!(told(&anyone).await, before);

        alice.push("alice/small/b", "1", image(20_000, 8)).await;
        assert!(told(&anyone).await.contains(&"COLLECTION alice/small 2".to_owned()));

        let hide = r#"mutation { updateCollection(input: {id: "alice/big", visibility: PRIVATE}) { collection { id } } }"#;
        alice.graphql(hide, json!({})).await;
        assert_eq!(told(&anyone).await, ["SITE  2", "NAMESPACE alice 2", "COLLECTION alice/small 2"]);

        alice.get("/v1/imagefile/alice/small/a:1?arch=amd64").await.expect(200);
        assert_eq!(tree(&anyone, "").await[0]["downloads"], json!(0.0));
        sifhub::registry::download::flush(&app.operator()).await.expect("a flush");
        assert_eq!(tree(&anyone, "").await[0]["downloads"], json!(1.0));
    }

    async fn a_tree_that_is_too_large_is_refused(app) {
        let alice = app.user("alice").await;
        for (arguments, expected) in [
            ("(depth: 4)", "INVALID"),
            ("(depth: 0)", "INVALID"),
            ("(depth: 1, first: 101)", "INVALID"),
            ("(root: \"team:0000000000a1b2c3d4e5f607\")", "INVALID"),
            ("(root: \"alice/a/b\")", "INVALID"),
            ("(depth: 3, first: 100)", "TOO_COMPLEX"),
        ] {
            let answer = alice.try_graphql(&format!("{{ sizeTree{arguments} {{ id }} }}"), json!({})).await;
            assert_eq!(code(&answer), expected, "{arguments}: {answer}");
        }
    }
}
