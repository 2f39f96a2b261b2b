//! Who pulls: told to those who administer what is pulled, for a time.
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use sifhub::{
    config::Duration,
    registry::{
        Scope,
        download::{flush, forget},
    },
};

use crate::support::{Client, SifBuilder, TestApp, on_each_database};

const TOLD: &str = "downloads { byUser { totalCount nodes { user { name } count } } }";

/// Alice's public containers `tools/a` and `tools/b`, pulled by Bob twice and once, by Carol once from `a`, and by nobody
/// known once.
async fn pulled(app: &TestApp) -> (Client, Client, Client) {
    let alice = app.user("alice").await;
    alice
        .push(
            "alice/tools/a",
            "1",
            SifBuilder::new("amd64").payload(64, 1),
        )
        .await;
    alice
        .push(
            "alice/tools/b",
            "1",
            SifBuilder::new("amd64").payload(64, 2),
        )
        .await;
    let (bob, carol) = (app.user("bob").await, app.user("carol").await);
    for (who, name) in [
        (&bob, "a"),
        (&bob, "a"),
        (&bob, "b"),
        (&carol, "a"),
        (&app.anonymous(), "a"),
    ] {
        who.get(&format!("/sif/alice/tools/{name}:1"))
            .await
            .expect(200);
    }
    flush(&app.operator()).await.expect("it is written");
    (alice, bob, carol)
}

/// Who pulls something, and how often; `None` for what is hidden.
async fn told(who: &Client, place: &str) -> Vec<(String, u64)> {
    let data = who
        .graphql(&format!("{{ place: {place} {{ {TOLD} }} }}"), json!({}))
        .await;
    let list = &data["place"]["downloads"]["byUser"];
    let rows = list["nodes"].as_array().expect("nodes").clone();
    assert_eq!(list["totalCount"], rows.len());
    let row = |row: &Value| {
        let name = row["user"]["name"].as_str().expect("a name").to_owned();
        (name, row["count"].as_u64().expect("a count"))
    };
    rows.iter().map(row).collect()
}

fn counts(of: &[(&str, u64)]) -> Vec<(String, u64)> {
    of.iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect()
}

const A: &str = r#"container(path: "alice/tools/a")"#;
const B: &str = r#"container(path: "alice/tools/b")"#;
const TOOLS: &str = r#"collection(path: "alice/tools")"#;
const ALICE: &str = r#"namespace(name: "alice")"#;

on_each_database! {
    async fn administrators_of_a_place_are_told_who_pulls_from_it(app) {
        let (alice, _, _) = pulled(&app).await;
        let root = app.admin("root").await;
        for who in [&alice, &root] {
            assert_eq!(told(who, A).await, counts(&[("bob", 2), ("carol", 1)]));
            assert_eq!(told(who, B).await, counts(&[("bob", 1)]));
            assert_eq!(told(who, TOOLS).await, counts(&[("bob", 3), ("carol", 1)]));
            assert_eq!(told(who, ALICE).await, counts(&[("bob", 3), ("carol", 1)]));
            assert_eq!(told(who, "server").await, counts(&[("bob", 3), ("carol", 1)]));
        }
        let total = alice.graphql(&format!("{{ {A} {{ downloads {{ total }} }} }}"), json!({})).await;
        assert_eq!(total["container"]["downloads"]["total"], 4, "who is not known counts, too");
    }

    async fn nobody_else_is_told_who_pulls(app) {
        let (alice, bob, carol) = pulled(&app).await;
        let grant = "mutation($input: SetGrantInput!) { setGrant(input: $input) { __typename } }";
        let to = |user: &str, container: &str, level: &str| json!({"input": {"user": user, "container": container, "level": level}});
        alice.graphql(grant, to("bob", "alice/tools/a", "WRITE")).await;
        alice.graphql(grant, to("carol", "alice/tools/b", "ADMIN")).await;
        let reader = app.holding("alice", Scope::Read).await;
        for who in [&bob, &reader, &app.anonymous(), &app.user("dave").await] {
            for place in [A, B, TOOLS, ALICE, "server"] {
                assert_eq!(told(who, place).await, counts(&[]), "{place}");
            }
        }
        assert_eq!(told(&carol, A).await, counts(&[]));
        for place in [B, TOOLS, ALICE, "server"] {
            assert_eq!(told(&carol, place).await, counts(&[("bob", 1)]), "{place}: what she administers");
        }
    }

    async fn those_who_pull_are_walked_in_both_directions(app) {
        let (alice, _, _) = pulled(&app).await;
        app.user("dave").await.get("/sif/alice/tools/a:1").await.expect(200);
        flush(&app.operator()).await.expect("it is written");
        let whole: Vec<_> = told(&alice, A).await.into_iter().map(|(name, _)| name).collect();
        assert_eq!(whole, ["bob", "dave", "carol"]);
        for (size, place, cursor, more) in [("first", "after", "endCursor", "hasNextPage"), ("last", "before", "startCursor", "hasPreviousPage")] {
            let query = format!("query($at: String) {{ {A} {{ downloads {{ byUser({size}: 1, {place}: $at) {{
                nodes {{ user {{ name }} }} pageInfo {{ {cursor} {more} }} }} }} }} }}");
            let (mut walked, mut at) = (Vec::new(), Value::Null);
            loop {
                let data = alice.graphql(&query, json!({"at": at})).await;
                let page = &data["container"]["downloads"]["byUser"];
                walked.push(page["nodes"][0]["user"]["name"].as_str().expect("a name").to_owned());
                if page["pageInfo"][more] != true {
                    break;
                }
                at = page["pageInfo"][cursor].clone();
            }
            if size == "last" {
                walked.reverse();
            }
            assert_eq!(walked, whole, "{size}");
        }
    }

    async fn who_pulls_is_forgotten_after_its_time(app) {
        let (alice, _, _) = pulled(&app).await;
        assert_eq!(forget(&app.operator()).await.expect("it is forgotten"), 0);
        let old = (app.operator().now() - chrono::TimeDelta::days(91)).date_naive();
        let age = format!("UPDATE download_user SET day = '{old}' WHERE count = 2");
        app.db.execute_unprepared(&age).await.expect("it is older");
        assert_eq!(forget(&app.operator()).await.expect("it is forgotten"), 1);
        assert_eq!(told(&alice, A).await, counts(&[("carol", 1)]));
    }
}

#[tokio::test]
async fn nobody_is_written_down_where_that_is_not_wanted() {
    let app = TestApp::configured(|config| {
        config.registry.download_users = Duration::from_secs(0);
    })
    .await;
    let (alice, _, _) = pulled(&app).await;
    assert_eq!(told(&alice, A).await, counts(&[]));
    let query = format!("{{ {A} {{ downloads {{ total byDay {{ signedIn }} }} }} }}");
    let data = alice.graphql(&query, json!({})).await;
    assert_eq!(
        data["container"]["downloads"],
        json!({"total": 4, "byDay": [{"signedIn": 3}]})
    );
}
