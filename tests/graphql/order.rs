//! Lists by size, by the last pull and by the last change, and lists of what nobody pulls, signs or tags.
use serde_json::{Value, json};
use sifhub::registry::download::flush;

use super::{code, field, refused};
use crate::support::{Client, SifBuilder, TestApp, on_each_database};

/// Lists with what names their rows, and the orders that they can be had in.
const LISTS: &[(&str, &str, &str, &[&str])] = &[
    (
        "namespaces",
        "Namespace",
        "name",
        &["NAME", "CREATED_AT", "SIZE", "UPDATED_AT"],
    ),
    (
        "collections",
        "Collection",
        "path",
        &["SIZE", "UPDATED_AT", "STARS", "DOWNLOADS"],
    ),
    (
        "containers",
        "Container",
        "path",
        &["SIZE", "UPDATED_AT", "LAST_PULLED_AT", "DOWNLOADS"],
    ),
    (
        "images",
        "Image",
        "id",
        &["SIZE", "DOWNLOADS", "LAST_PULLED_AT"],
    ),
];

fn image(kilobytes: usize, seed: u64) -> SifBuilder {
    SifBuilder::new("amd64").payload(kilobytes * 1024, seed)
}

/// Alice's `tools`, which everybody sees, holds 40 kB; her `secret` 200 kB, 8 of which Bob may see, and Bob's `own` 16.
async fn shelves(app: &TestApp) -> (Client, Client) {
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    for (owner, name, visibility) in [
        ("alice", "tools", "PUBLIC"),
        ("alice", "secret", "PRIVATE"),
        ("bob", "own", "PUBLIC"),
    ] {
        let input = json!({"namespace": owner, "name": name, "visibility": visibility});
        let who = if owner == "alice" { &alice } else { &bob };
        assert_eq!(refused(who, "createCollection", input).await, "");
    }
    alice.push("alice/tools/a", "1", image(12, 1)).await;
    alice.push("alice/tools/b", "1", image(28, 2)).await;
    alice.push("alice/secret/big", "1", image(192, 3)).await;
    alice.push("alice/secret/small", "1", image(8, 4)).await;
    bob.push("bob/own/c", "1", image(16, 5)).await;
    let input = json!({"user": "bob", "container": "alice/secret/small", "level": "READ"});
    assert_eq!(refused(&alice, "setGrant", input).await, "");
    (alice, bob)
}

async fn names(who: &Client, list: &str) -> Vec<String> {
    let data = who
        .graphql(&format!("{{ found: {list} }}"), json!({}))
        .await;
    let rows = data["found"]["nodes"].as_array().expect("nodes").clone();
    let name = |row: &Value| {
        let name = row["path"].as_str().or(row["name"].as_str());
        name.or(row["digest"].as_str()).expect("a name").to_owned()
    };
    rows.iter().map(name).collect()
}

/// The rows of a list in an order, page by page of one row.
async fn walked(
    who: &Client,
    (list, kind, name): (&str, &str, &str),
    (order, backwards): (&Value, bool),
) -> Vec<String> {
    let (size, place, cursor) = match backwards {
        false => ("first", "after", "endCursor"),
        true => ("last", "before", "startCursor"),
    };
    let query = format!(
        "query($at: String, $order: {kind}Order) {{ {list}({size}: 1, {place}: $at, orderBy: $order) {{
            nodes {{ {name} }} pageInfo {{ {cursor} hasNextPage hasPreviousPage }} }} }}"
    );
    let (mut rows, mut at) = (Vec::new(), Value::Null);
    loop {
        let data = who.graphql(&query, json!({"at": at, "order": order})).await;
        let page = &data[list];
        rows.push(page["nodes"][0][name].as_str().expect("a row").to_owned());
        let more = if backwards {
            "hasPreviousPage"
        } else {
            "hasNextPage"
        };
        if page["pageInfo"][more] != true {
            break;
        }
        at = page["pageInfo"][cursor].clone();
    }
    rows
}

async fn pull(app: &TestApp, who: &Client, address: &str) {
    who.get(address).await.expect(200);
    flush(&app.operator()).await.expect("it is written");
}

on_each_database! {
    async fn size_is_that_of_what_the_viewer_sees(app) {
        let (alice, bob) = shelves(&app).await;
        let nobody = app.anonymous();
        let root = app.admin("root").await;
        let collections = "collections(orderBy: {field: SIZE, direction: DESC}) { nodes { path } }";
        assert_eq!(names(&alice, collections).await, ["alice/secret", "alice/tools", "bob/own"]);
        assert_eq!(names(&root, collections).await, ["alice/secret", "alice/tools", "bob/own"]);
        assert_eq!(names(&bob, collections).await, ["alice/tools", "bob/own", "alice/secret"]);
        assert_eq!(names(&nobody, collections).await, ["alice/tools", "bob/own"]);
        bob.push("bob/own/d", "1", image(30, 6)).await;
        let namespaces = "namespaces(orderBy: {field: SIZE, direction: DESC}) { nodes { name } }";
        assert_eq!(names(&alice, namespaces).await[..2], ["alice", "bob"]);
        assert_eq!(names(&root, namespaces).await[..2], ["alice", "bob"]);
        assert_eq!(names(&nobody, namespaces).await, ["bob", "alice"], "what is hidden puts nothing first");
        let containers = "containers(orderBy: {field: SIZE}) { nodes { path } }";
        assert_eq!(names(&bob, containers).await, ["alice/secret/small", "alice/tools/a", "bob/own/c", "alice/tools/b", "bob/own/d"]);
    }

    async fn lists_below_are_ordered_by_what_the_viewer_sees_too(app) {
        let (alice, bob) = shelves(&app).await;
        let query = r#"{ namespace(name: "alice") { collections(orderBy: {field: SIZE, direction: DESC}) { nodes { path
            containers(first: 1, orderBy: {field: SIZE, direction: DESC}) { nodes { path } pageInfo { endCursor hasNextPage } } } } } }"#;
        let seen = async |who: &Client| {
            let data = who.graphql(query, json!({})).await;
            let rows = data["namespace"]["collections"]["nodes"].as_array().expect("nodes").clone();
            rows.iter().map(|row| row["containers"]["nodes"][0]["path"].as_str().expect("a path").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(seen(&alice).await, ["alice/secret/big", "alice/tools/b"]);
        assert_eq!(seen(&bob).await, ["alice/tools/b", "alice/secret/small"]);
        let data = alice.graphql(query, json!({})).await;
        let page = &data["namespace"]["collections"]["nodes"][0]["containers"]["pageInfo"];
        assert_eq!(page["hasNextPage"], true);
        let rest = r#"query($at: String) { collection(path: "alice/secret") {
            containers(after: $at, orderBy: {field: SIZE, direction: DESC}) { nodes { path } } } }"#;
        let rest = alice.graphql(rest, json!({"at": page["endCursor"]})).await;
        assert_eq!(rest["collection"]["containers"]["nodes"], json!([{"path": "alice/secret/small"}]));
    }

    async fn pages_of_every_order_are_the_list_in_both_directions(app) {
        let (alice, bob) = shelves(&app).await;
        pull(&app, &alice, "/sif/alice/tools/b:1").await;
        pull(&app, &alice, "/sif/alice/secret/small:1").await;
        for who in [&alice, &bob, &app.anonymous()] {
            for (list, kind, name, orders) in LISTS {
                for order in *orders {
                    let asked = |direction| json!({"field": order, "direction": direction});
                    let query = format!("query($order: {kind}Order) {{ {list}(first: 100, orderBy: $order) {{ nodes {{ {name} }} }} }}");
                    let data = who.graphql(&query, json!({"order": asked("ASC")})).await;
                    let whole: Vec<_> = data[list]["nodes"].as_array().expect("nodes").iter()
                        .map(|row| row[name].as_str().expect("a name").to_owned()).collect();
                    let way = (*list, *kind, *name);
                    let reversed: Vec<_> = whole.iter().rev().cloned().collect();
                    assert_eq!(walked(who, way, (&asked("ASC"), false)).await, whole, "{list} by {order}");
                    assert_eq!(walked(who, way, (&asked("ASC"), true)).await, reversed, "{list} by {order}");
                    assert_eq!(walked(who, way, (&asked("DESC"), false)).await, reversed, "{list} by {order}");
                    assert_eq!(walked(who, way, (&asked("DESC"), true)).await, whole, "{list} by {order}");
                }
            }
        }
    }

    async fn what_was_never_pulled_comes_before_what_was(app) {
        let (alice, _) = shelves(&app).await;
        pull(&app, &alice, "/sif/alice/tools/b:1").await;
        pull(&app, &alice, "/sif/alice/tools/a:1").await;
        let containers = r#"collection(path: "alice/tools") { containers(orderBy: {field: LAST_PULLED_AT, direction: DESC}) { nodes { path } } }"#;
        let data = alice.graphql(&format!("{{ {containers} }}"), json!({})).await;
        assert_eq!(data["collection"]["containers"]["nodes"], json!([{"path": "alice/tools/a"}, {"path": "alice/tools/b"}]));
        let all = names(&alice, "containers(orderBy: {field: LAST_PULLED_AT}) { nodes { path } }").await;
        assert_eq!(all[all.len() - 2..], ["alice/tools/b", "alice/tools/a"]);
    }

    async fn images_are_narrowed_to_what_is_signed_tagged_and_of_an_architecture(app) {
        let alice = app.user("alice").await;
        let plain = alice.push("alice/tools/a", "1", image(1, 1)).await;
        let old = alice.push("alice/tools/a", "2", image(1, 2)).await;
        let signed = alice.push("alice/tools/a", "2", image(1, 3).signed_by(&"AB".repeat(20))).await;
        let arm = alice.push("alice/tools/a", "3", SifBuilder::new("arm64").payload(64, 4)).await;
        let found = async |filter: &str| {
            let data = alice.graphql(&format!("{{ images({filter}, orderBy: {{field: CREATED_AT}}) {{ totalCount nodes {{ digest }} }} }}"), json!({})).await;
            let rows = data["images"]["nodes"].as_array().expect("nodes").clone();
            assert_eq!(data["images"]["totalCount"], rows.len(), "{filter}");
            rows.iter().map(|row| row["digest"].as_str().expect("a digest").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("signed: true").await, std::slice::from_ref(&signed));
        assert_eq!(found("signed: false").await, [plain.clone(), old.clone(), arm.clone()]);
        assert_eq!(found("tagged: false").await, std::slice::from_ref(&old));
        assert_eq!(found("signed: false, tagged: true").await, [plain, arm.clone()]);
        assert_eq!(found("arch: \"arm64\"").await, [arm]);
        assert_eq!(found("arch: \"none\"").await, Vec::<String>::new());
        let long = "a".repeat(1000);
        let answer = alice.try_graphql("query($arch: String) { images(arch: $arch) { totalCount } }", json!({"arch": long})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "arch"));
    }

    async fn what_was_pulled_since_or_came_since_is_not_cold(app) {
        let (alice, bob) = shelves(&app).await;
        let cold = async |who: &Client, time: &Value| {
            let query = "query($time: DateTime) { images(pulledBefore: $time) { totalCount }
                containers(pulledBefore: $time, orderBy: {field: SIZE}) { totalCount nodes { path } } }";
            who.graphql(query, json!({"time": time})).await
        };
        let early = cold(&alice, &json!("2000-01-01T00:00:00Z")).await;
        assert_eq!((&early["images"]["totalCount"], &early["containers"]["totalCount"]), (&json!(0), &json!(0)));
        pull(&app, &alice, "/sif/alice/tools/b:1").await;
        let data = alice.graphql(r#"{ container(path: "alice/tools/b") { downloads { lastPulledAt } } }"#, json!({})).await;
        let pulled = &data["container"]["downloads"]["lastPulledAt"];
        let before = cold(&alice, pulled).await;
        assert_eq!(before["containers"]["nodes"], json!([{"path": "alice/secret/small"}, {"path": "alice/tools/a"},
            {"path": "bob/own/c"}, {"path": "alice/secret/big"}]));
        assert_eq!(before["images"]["totalCount"], 4);
        let later = cold(&bob, &json!("2100-01-01T00:00:00Z")).await;
        assert_eq!((&later["images"]["totalCount"], &later["containers"]["totalCount"]), (&json!(4), &json!(4)));
    }

    async fn cursor_of_another_measure_is_an_invalid_input(app) {
        let (alice, _) = shelves(&app).await;
        let data = alice.graphql("{ containers(first: 1, orderBy: {field: SIZE}) { pageInfo { endCursor } } }", json!({})).await;
        let cursor = &data["containers"]["pageInfo"]["endCursor"];
        for order in ["NAME", "CREATED_AT", "UPDATED_AT", "LAST_PULLED_AT", "STARS"] {
            let query = format!("query($at: String) {{ containers(after: $at, orderBy: {{field: {order}}}) {{ totalCount }} }}");
            let answer = alice.try_graphql(&query, json!({"at": cursor})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "after"), "{order}");
        }
    }

    async fn server_and_namespaces_add_up_what_the_viewer_sees(app) {
        let (alice, bob) = shelves(&app).await;
        let root = app.admin("root").await;
        pull(&app, &alice, "/sif/alice/tools/b:1").await;
        pull(&app, &alice, "/sif/alice/secret/big:1").await;
        let query = r#"{ server { size stored imageCount containerCount collectionCount manifestCount
                downloads { total lastPulledAt byDay { count } byTag { tag count } byDoor { door count } } }
            namespace(name: "alice") { size downloads { total byDay { count signedIn } byDoor { door count } } }
            images(first: 100) { nodes { size } } }"#;
        for (who, images, collections, pulls) in [(&root, 5, 3, 2), (&alice, 5, 3, 2), (&bob, 4, 2, 1), (&app.anonymous(), 3, 2, 1)] {
            let data = who.graphql(query, json!({})).await;
            let server = &data["server"];
            let size = |row: &Value| row["size"].as_str().expect("a size").parse::<u64>().expect("bytes");
            let sum: u64 = data["images"]["nodes"].as_array().expect("nodes").iter().map(size).sum();
            assert_eq!(server["size"], sum.to_string());
            assert_eq!((&server["imageCount"], &server["containerCount"]), (&json!(images), &json!(images)));
            assert_eq!((&server["collectionCount"], &server["manifestCount"]), (&json!(collections), &json!(0)));
            // To others, that there is a number would tell that nothing is hidden.
            assert_eq!(server["stored"].is_string(), std::ptr::eq(who, &root), "the administrator alone is told");
            assert_eq!(server["downloads"]["total"], pulls);
            assert!(server["downloads"]["lastPulledAt"].is_string());
            assert_eq!(server["downloads"]["byDay"], json!([{"count": pulls}]));
            assert_eq!(server["downloads"]["byTag"], json!([{"tag": "1", "count": pulls}]));
            assert_eq!(server["downloads"]["byDoor"], json!([{"door": "FILE", "count": pulls}]));
            assert_eq!(data["namespace"]["downloads"], json!({"total": pulls, "byDay": [{"count": pulls, "signedIn": pulls}], "byDoor": [{"door": "FILE", "count": pulls}]}));
        }
    }
}
