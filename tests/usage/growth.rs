//! How things grew by day, and what takes how much as a table.
use serde_json::{Value, json};

use super::image;
use crate::{
    graphql::code,
    support::{Client, on_each_database},
};

const DAY: &str =
    "{ sizeAdded sizeRemoved storedAdded storedRemoved imagesAdded imagesRemoved manifestsAdded }";

async fn growth(who: &Client, lookup: &str) -> Value {
    let text = format!("{{ found: {lookup} {{ growth {DAY} }} }}");
    who.graphql(&text, json!({})).await["found"]["growth"].clone()
}

on_each_database! {
    async fn growth_tells_what_each_day_added_and_took(app) {
        let (alice, root) = (app.user("alice").await, app.admin("root").await);
        alice.push("alice/tools/box", "1", image(4096, 1)).await;
        alice.push("alice/tools/box", "2", image(4096, 2)).await;
        let size = image(4096, 1).build().len();
        alice.delete("/v1/images/alice/tools/box:1?arch=amd64").await.expect(200);
        let expected = |removed: usize| json!([{
            "sizeAdded": (2 * size).to_string(), "sizeRemoved": size.to_string(),
            "storedAdded": (2 * size + 2).to_string(), "storedRemoved": removed.to_string(),
            "imagesAdded": 2, "imagesRemoved": 1, "manifestsAdded": 0,
        }]);
        // The trash of a collection is stored in it.
        for (lookup, removed) in [(r#"container(path: "alice/tools/box")"#, size), (r#"collection(path: "alice/tools")"#, 0), (r#"namespace(name: "alice")"#, 0)] {
            assert_eq!(growth(&alice, lookup).await, expected(removed), "{lookup}");
        }
        assert_eq!(growth(&root, "server").await, expected(0));
        let before = r#"{ namespace(name: "alice") { growth(since: "2020-01-01", until: "2020-01-31") { day } } }"#;
        assert_eq!(root.graphql(before, json!({})).await["namespace"]["growth"], json!([]));
        let long = r#"{ server { growth(since: "2020-01-01", until: "2026-01-31") { day } } }"#;
        assert_eq!(code(&root.try_graphql(long, json!({})).await), "INVALID");
    }

    async fn growth_is_told_only_to_those_who_see_all_there_is(app) {
        let alice = app.user("alice").await;
        for (name, visibility) in [("tools", "PUBLIC"), ("secret", "PRIVATE")] {
            let new = "mutation($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } } }";
            alice.graphql(new, json!({"input": {"namespace": "alice", "name": name, "visibility": visibility}})).await;
            alice.push(&format!("alice/{name}/box"), "1", image(4096, 1)).await;
        }
        for who in [app.anonymous(), app.user("bob").await] {
            assert_eq!(growth(&who, r#"namespace(name: "alice")"#).await, Value::Null);
            assert_eq!(growth(&who, "server").await, Value::Null);
            assert_eq!(growth(&who, r#"collection(path: "alice/tools")"#).await[0]["imagesAdded"], 1);
        }
        assert_eq!(growth(&alice, r#"namespace(name: "alice")"#).await[0]["imagesAdded"], 2);
    }

    async fn sizes_are_a_table_too(app) {
        let alice = app.user("alice").await;
        alice.push("alice/tools/big", "1", image(9000, 1)).await;
        alice.push("alice/tools/small", "1", image(4096, 2)).await;
        alice.push("alice/more/box", "1", image(4096, 3)).await;
        let answer = app.anonymous().get("/sizes.csv?root=alice&depth=2&first=1").await.expect(200);
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
        let text = answer.text();
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let head = table.headers().expect("a head").clone();
        let expected = "kind path parent bytes containers images manifests downloads age_days unsigned_share others";
        assert_eq!(head.iter().collect::<Vec<_>>().join(" "), expected);
        let rows: Vec<csv::StringRecord> = table.records().collect::<Result<_, _>>().expect("rows");
        let shown: Vec<_> = rows.iter().map(|row| (&row[0], &row[1], &row[2], &row[5], &row[10])).collect();
        assert_eq!(shown, [
            ("namespace", "alice", "", "3", ""),
            ("collection", "alice/tools", "alice", "2", ""),
            ("others", "", "alice", "1", "1"),
            ("container", "alice/tools/big", "alice/tools", "1", ""),
            ("others", "", "alice/tools", "1", "1"),
        ]);
        assert_eq!(rows[3][3], image(9000, 1).build().len().to_string());
        assert_eq!((&rows[3][7], &rows[3][9]), ("0", "1.0"));
    }

    async fn tables_of_sizes_show_what_may_be_seen_and_refuse_what_they_cannot_tell(app) {
        let alice = app.user("alice").await;
        let new = "mutation($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } } }";
        alice.graphql(new, json!({"input": {"namespace": "alice", "name": "secret", "visibility": "PRIVATE"}})).await;
        alice.push("alice/secret/box", "1", image(4096, 1)).await;
        alice.get("/sizes.csv?root=alice/secret").await.expect(200);
        let anonymous = app.anonymous();
        for hidden in ["alice", "alice/secret", "nobody", "nobody/tools"] {
            anonymous.get(&format!("/sizes.csv?root={hidden}")).await.expect(404);
        }
        assert_eq!(anonymous.get("/sizes.csv").await.expect(200).text().lines().count(), 2);
        for wrong in ["depth=0", "depth=4", "first=0", "first=101", "first=many", "by=colour", "depth=3&first=100", "root=a/b/c", "colour=age"] {
            anonymous.get(&format!("/sizes.csv?{wrong}")).await.expect(400);
        }
    }
}
