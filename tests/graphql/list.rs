use serde_json::{Value, json};

use super::{alice, code, field, refused};
use crate::support::{Client, SifBuilder, on_each_database};

const LIST: &str =
    "query($first: Int, $after: String, $last: Int, $before: String, $order: CollectionOrder) {
    collections(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
        totalCount
        nodes { name }
        edges { cursor node { name } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } }";

async fn make(who: &Client, names: &[&str]) {
    for name in names {
        let input = json!({"namespace": "alice", "name": name, "visibility": "PUBLIC"});
        assert_eq!(refused(who, "createCollection", input).await, "");
    }
}

async fn page(who: &Client, args: Value) -> (Vec<String>, Value) {
    let list = who.graphql(LIST, args).await["collections"].clone();
    let edges = list["edges"].as_array().expect("edges").clone();
    let name = |edge: &Value| edge["node"]["name"].as_str().expect("a name").to_owned();
    assert_eq!(list["nodes"].as_array().expect("nodes").len(), edges.len());
    (edges.iter().map(name).collect(), list["pageInfo"].clone())
}

on_each_database! {
    async fn pages_go_forward_and_backward_in_any_order(app) {
        let alice = app.user("alice").await;
        make(&alice, &["c", "a", "e", "b", "d"]).await;
        let orders = [
            (json!(null), ["a", "b", "c", "d", "e"]),
            (json!({"field": "NAME", "direction": "DESC"}), ["e", "d", "c", "b", "a"]),
            (json!({"field": "CREATED_AT"}), ["c", "a", "e", "b", "d"]),
            (json!({"field": "CREATED_AT", "direction": "DESC"}), ["d", "b", "e", "a", "c"]),
        ];
        for (order, expected) in orders {
            let (first, info) = page(&alice, json!({"first": 2, "order": order})).await;
            assert_eq!(first, expected[..2]);
            assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(true), &json!(false)));
            let (second, info) = page(&alice, json!({"first": 2, "after": info["endCursor"], "order": order})).await;
            assert_eq!(second, expected[2..4]);
            let (third, info) = page(&alice, json!({"first": 2, "after": info["endCursor"], "order": order})).await;
            assert_eq!(third, expected[4..]);
            assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(false), &json!(true)));
            let (back, info) = page(&alice, json!({"last": 2, "before": info["startCursor"], "order": order})).await;
            assert_eq!(back, expected[2..4]);
            assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(true), &json!(true)));
            let (end, info) = page(&alice, json!({"last": 3, "order": order})).await;
            assert_eq!(end, expected[2..]);
            assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(false), &json!(true)));
        }
    }

    async fn pages_neither_repeat_nor_skip_while_rows_come_and_go(app) {
        let alice = app.user("alice").await;
        make(&alice, &["b", "d", "f", "h"]).await;
        let (first, info) = page(&alice, json!({"first": 2})).await;
        assert_eq!(first, ["b", "d"]);
        make(&alice, &["a", "e"]).await;
        for gone in ["alice/b", "alice/d"] {
            assert_eq!(refused(&alice, "deleteCollection", json!({"id": gone})).await, "");
        }
        let (rest, _) = page(&alice, json!({"first": 9, "after": info["endCursor"]})).await;
        assert_eq!(rest, ["e", "f", "h"]);
        let (back, _) = page(&alice, json!({"last": 9, "before": info["endCursor"]})).await;
        assert_eq!(back, ["a"]);
    }

    async fn cursor_of_another_list_or_order_is_an_invalid_input(app) {
        let alice = alice(&app).await;
        let (_, info) = page(&alice, json!({"first": 1})).await;
        let cursor = &info["endCursor"];
        let answer = alice.try_graphql(LIST, json!({"after": cursor, "order": {"field": "CREATED_AT"}})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "after"));
        let answer = alice.try_graphql("query($c: String) { containers(before: $c) { totalCount } }", json!({"c": cursor})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "before"));
        for forged in ["", "!", "eyJ9", "AAAA"] {
            let answer = alice.try_graphql(LIST, json!({"after": forged})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "after"), "{forged}");
        }
    }

    async fn cursor_of_the_list_of_another_thing_or_filter_is_an_invalid_input(app) {
        let (alice, _) = (alice(&app).await, app.user("bob").await);
        let first = async |query: &str, path: &str| alice.graphql(query, json!({})).await.pointer(path).expect("a cursor").clone();
        let below = first(r#"{ namespace(name: "alice") { collections(first: 1) { pageInfo { endCursor } } } }"#, "/namespace/collections/pageInfo/endCursor").await;
        let bare = first("{ collections(first: 1) { pageInfo { endCursor } } }", "/collections/pageInfo/endCursor").await;
        let tags = first(r#"{ container(path: "alice/tools/hello") { tagHistory(first: 1) { pageInfo { endCursor } } } }"#, "/container/tagHistory/pageInfo/endCursor").await;
        let root = app.admin("root").await;
        assert_eq!(refused(&root, "createCollection", json!({"namespace": "bob", "name": "open", "visibility": "PUBLIC"})).await, "");
        for (query, cursor, good) in [
            (r#"query($c: String) { namespace(name: "alice") { collections(after: $c) { nodes { id } } } }"#, &below, true),
            (r#"query($c: String) { namespace(name: "bob") { collections(after: $c) { nodes { id } } } }"#, &below, false),
            ("query($c: String) { collections(after: $c) { nodes { id } } }", &bare, true),
            ("query($c: String) { collections(after: $c) { nodes { id } } }", &below, false),
            (r#"query($c: String) { collections(after: $c, visibility: PUBLIC) { nodes { id } } }"#, &bare, false),
            (r#"query($c: String) { container(path: "alice/tools/hello") { tagHistory(after: $c) { nodes { name } } } }"#, &tags, true),
            (r#"query($c: String) { container(path: "alice/tools/hello") { tagHistory(after: $c, name: "1.0") { nodes { name } } } }"#, &tags, false),
        ] {
            let answer = alice.try_graphql(query, json!({"c": cursor})).await;
            let expected = if good { ("", "") } else { ("INVALID", "after") };
            assert_eq!((code(&answer), field(&answer)), expected, "{query}: {answer}");
        }
    }

    async fn hidden_pulls_show_neither_in_the_order_nor_in_cursors(app) {
        let alice = alice(&app).await;
        let bob = app.user("bob").await;
        alice.push("alice/secret/other", "1.0", SifBuilder::new("amd64").payload(4096, 77)).await;
        assert_eq!(refused(&alice, "setGrant", json!({"user": "bob", "container": "alice/secret/hello", "level": "READ"})).await, "");
        let pull = async |path: &str, times: usize| {
            for _ in 0..times {
                alice.get(&format!("/v1/imagefile/{path}:1.0?arch=amd64")).await.expect(200);
            }
            sifhub::registry::download::flush(&app.operator()).await.expect("it is written");
        };
        let listed = async |who: &Client| {
            let order = "orderBy: {field: DOWNLOADS, direction: DESC}";
            let query = format!("{{ collections({order}) {{ edges {{ cursor node {{ name downloads {{ total }} }} }} }}
                namespace(name: \"alice\") {{ collections({order}) {{ edges {{ cursor node {{ name }} }} }} }} }}");
            who.graphql(&query, json!({})).await
        };
        let names = |data: &Value| {
            let names = |list: &Value| list["edges"].as_array().expect("edges").iter().map(|edge| edge["node"]["name"].clone()).collect::<Vec<_>>();
            assert_eq!(names(&data["collections"]), names(&data["namespace"]["collections"]));
            names(&data["collections"])
        };
        pull("alice/tools/hello", 2).await;
        pull("alice/secret/hello", 1).await;
        let before = listed(&bob).await;
        assert_eq!(names(&before), ["tools", "secret"]);
        pull("alice/secret/other", 4).await;
        assert_eq!(listed(&bob).await, before);
        assert_eq!(names(&listed(&alice).await), ["secret", "tools"]);
        let (first, info) = page(&bob, json!({"first": 1, "order": {"field": "DOWNLOADS", "direction": "DESC"}})).await;
        let (second, _) = page(&bob, json!({"first": 1, "after": info["endCursor"], "order": {"field": "DOWNLOADS", "direction": "DESC"}})).await;
        assert_eq!((first, second), (vec!["tools".into()], vec!["secret".into()]));
        // What is gone counts for nobody.
        assert_eq!(refused(&alice, "deleteContainer", json!({"id": "alice/secret/other", "withContent": true})).await, "");
        assert_eq!(names(&listed(&alice).await), ["tools", "secret"]);
    }

    async fn page_sizes_beyond_the_limits_are_invalid_inputs(app) {
        let alice = app.user("alice").await;
        for size in [0, -1, 101] {
            let answer = alice.try_graphql(LIST, json!({"first": size})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "first"), "{size}");
            let answer = alice.try_graphql(LIST, json!({"last": size})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "last"), "{size}");
        }
        let answer = alice.try_graphql(LIST, json!({"first": 1, "last": 1})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "last"));
    }

    async fn every_list_counts_only_when_asked(app) {
        let alice = alice(&app).await;
        for list in ["namespaces", "collections", "containers", "images", "users"] {
            let (_, bare) = app.statements_of(alice.graphql(&format!("{{ {list} {{ nodes {{ id }} }} }}"), json!({}))).await;
            let counted = format!("{{ {list} {{ nodes {{ id }} ...Count }} }} fragment Count on {}{}Connection {{ total: totalCount }}",
                list[..1].to_uppercase(), &list[1..list.len() - 1]);
            let (data, with_count) = app.statements_of(alice.graphql(&counted, json!({}))).await;
            assert_eq!(with_count, bare + 1, "{list}");
            assert_eq!(data[list]["total"], data[list]["nodes"].as_array().expect("nodes").len());
        }
    }
}
