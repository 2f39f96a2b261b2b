//! This server as a subgraph: what it tells routers, how it resolves what others refer to, and Apollo's own composition and
//! gateway in front of it.
use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use sifhub::graphql::federation_sdl;

use super::{alice, code, field, id, refused};
use crate::support::{Client, SifBuilder, TestApp, on_each_database, tools::tools};

const ENTITIES: &str = "query($r: [_Any!]!) { _entities(representations: $r) { __typename
    ... on Image { digest size container { path } } ... on Container { path } ... on Collection { path }
    ... on Namespace { name } ... on Team { name } ... on User { name } ... on Key { fingerprint } } }";

async fn entities(who: &Client, references: Value) -> Value {
    let answer = who.graphql(ENTITIES, json!({ "r": references })).await;
    answer["_entities"].clone()
}

on_each_database! {
    async fn references_are_resolved_by_each_key_in_their_order(app) {
        let alice = alice(&app).await;
        let digest = alice.push("alice/tools/hello", "2.0", SifBuilder::new("arm64").payload(64, 9)).await;
        let ids = alice.graphql(r#"{ viewer { id } namespace(name: "alice") { id } collection(path: "alice/tools") { id }
            container(path: "alice/tools/hello") { id } image(path: "alice/tools/hello", reference: "2.0") { id } }"#, json!({})).await;
        let image = json!({"__typename": "Image", "digest": digest, "size": ids_size(&alice, &digest).await, "container": {"path": "alice/tools/hello"}});
        let found = entities(&alice, json!([
            {"__typename": "Image", "digest": digest},
            {"__typename": "Image", "id": ids["image"]["id"]},
            {"__typename": "Container", "path": "alice/tools/hello"},
            {"__typename": "Container", "id": ids["container"]["id"]},
            {"__typename": "Collection", "id": ids["collection"]["id"]},
            {"__typename": "Namespace", "name": "alice"},
            {"__typename": "Namespace", "id": ids["namespace"]["id"]},
            {"__typename": "User", "name": "alice"},
            {"__typename": "User", "id": ids["viewer"]["id"]},
        ])).await;
        assert_eq!(found, json!([
            image, image,
            {"__typename": "Container", "path": "alice/tools/hello"}, {"__typename": "Container", "path": "alice/tools/hello"},
            {"__typename": "Collection", "path": "alice/tools"},
            {"__typename": "Namespace", "name": "alice"}, {"__typename": "Namespace", "name": "alice"},
            {"__typename": "User", "name": "alice"}, {"__typename": "User", "name": "alice"},
        ]));
    }

    async fn references_to_hidden_things_and_to_nothing_are_null_alike(app) {
        let alice = alice(&app).await;
        let secret = alice.push("alice/secret/hello", "2.0", SifBuilder::new("amd64").payload(64, 9)).await;
        let container = id(&alice, r#"container(path: "alice/secret/hello")"#).await;
        let hidden = json!([
            {"__typename": "Image", "digest": secret},
            {"__typename": "Container", "id": container},
            {"__typename": "Container", "path": "alice/secret/hello"},
            {"__typename": "Collection", "id": id(&alice, r#"collection(path: "alice/secret")"#).await},
        ]);
        let nothing = json!([
            {"__typename": "Image", "digest": format!("sha256:{}", "0".repeat(64))},
            {"__typename": "Image", "digest": "no digest \u{0}"},
            {"__typename": "Container", "id": "container:000000000000000000000001"},
            {"__typename": "Container", "id": "image:000000000000000000000001"},
            {"__typename": "Container", "id": ""},
            {"__typename": "Container", "path": "../\u{0}"},
            {"__typename": "User", "name": "аlice"},
            {"__typename": "Namespace", "name": "\u{0}"},
            {"__typename": "Key", "fingerprint": "no fingerprint"},
        ]);
        for who in [app.anonymous(), app.user("stranger").await] {
            for references in [&hidden, &nothing] {
                let found = entities(&who, references.clone()).await;
                assert!(found.as_array().expect("a list").iter().all(Value::is_null), "{found}");
            }
        }
        assert!(entities(&alice, hidden).await.as_array().expect("a list").iter().all(Value::is_object));
        assert_eq!(entities(&app.anonymous(), json!([{"__typename": "User", "name": "alice"}])).await, json!([null]));
    }

    async fn teams_are_known_by_name_and_id_to_those_who_are_signed_in(app) {
        let alice = alice(&app).await;
        assert_eq!(refused(&app.admin("root").await, "createTeam", json!({"name": "crew"})).await, "");
        let team = id(&alice, r#"team(name: "crew")"#).await;
        let references = json!([{"__typename": "Team", "name": "crew"}, {"__typename": "Team", "id": team}, {"__typename": "Team", "name": "nobody"},
            {"__typename": "Team", "name": "\u{0}"}, {"__typename": "Team", "id": "user:000000000000000000000001"}]);
        let crew = json!({"__typename": "Team", "name": "crew"});
        for who in [&alice, &app.user("stranger").await] {
            assert_eq!(entities(who, references.clone()).await, json!([crew, crew, null, null, null]));
        }
        assert_eq!(entities(&app.anonymous(), references).await, json!([null, null, null, null, null]));
    }

    async fn references_without_a_type_or_key_are_invalid_inputs(app) {
        let nobody = app.anonymous();
        for wrong in [json!({}), json!({"__typename": "Image"}), json!({"__typename": "Nonsense", "digest": "x"}), json!({"digest": "x"}),
            json!({"__typename": 1, "digest": "x"}), json!({"__typename": "Image", "digest": 1}), json!({"__typename": "Query", "id": "x"})] {
            let answer = nobody.try_graphql(ENTITIES, json!({"r": [wrong]})).await;
            assert_eq!(code(&answer), "INVALID", "{wrong}");
            assert_eq!(field(&answer), "representations", "{wrong}");
        }
        for wrong in [json!(null), json!([1]), json!(["Image"]), json!([null])] {
            assert_eq!(code(&nobody.try_graphql(ENTITIES, json!({"r": wrong})).await), "INVALID", "{wrong}");
        }
    }

    async fn references_are_bounded_and_cost_by_their_number(app) {
        let nobody = app.anonymous();
        let many = |number: usize| json!({"r": vec![json!({"__typename": "User", "name": "x"}); number]});
        let cheap = "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }";
        assert_eq!(code(&nobody.try_graphql(cheap, many(1000)).await), "");
        assert_eq!(code(&nobody.try_graphql(cheap, many(1001)).await), "INVALID");
        assert_eq!(code(&nobody.try_graphql(cheap, many(20_000)).await), "TOO_COMPLEX");
        let dear = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Namespace { collections(first: 100) { nodes { name } } } } }";
        assert_eq!(code(&nobody.try_graphql(dear, many(1000)).await), "TOO_COMPLEX");
    }

    async fn references_cost_a_fixed_number_of_statements(app) {
        let alice = app.user("alice").await;
        let mut references = Vec::new();
        for seed in 0..12 {
            let path = format!("alice/tools/a{seed}");
            let digest = alice.push(&path, "1", SifBuilder::new("amd64").payload(64, seed)).await;
            references.push(json!({"__typename": "Image", "digest": digest}));
            references.push(json!({"__typename": "Container", "path": path}));
        }
        let ask = |number: usize| entities(&alice, json!(references[..number]));
        let (_, few) = app.statements_of(ask(2)).await;
        let (found, many) = app.statements_of(ask(24)).await;
        assert!(found.as_array().expect("a list").iter().all(Value::is_object));
        assert!(many <= few + 1 && many <= 8, "{few} statements for two, {many} for all");
    }

    async fn the_same_bytes_in_many_containers_are_one_image_to_others(app) {
        let alice = alice(&app).await;
        let image = || SifBuilder::new("amd64").payload(64, 77);
        let digest = alice.push("alice/secret/first", "1", image()).await;
        alice.push("alice/tools/second", "1", image()).await;
        alice.push("alice/tools/third", "1", image()).await;
        let reference = json!([{"__typename": "Image", "digest": digest}]);
        let path = async |who: &Client| entities(who, reference.clone()).await[0]["container"]["path"].clone();
        assert_eq!(path(&alice).await, "alice/secret/first");
        assert_eq!(path(&app.anonymous()).await, "alice/tools/second");
    }
}

async fn ids_size(who: &Client, digest: &str) -> Value {
    let ask = "query($r: String!) { image(path: \"alice/tools/hello\", reference: $r) { size } }";
    who.graphql(ask, json!({"r": digest})).await["image"]["size"].clone()
}

#[tokio::test]
async fn the_schema_for_routers_follows_the_setting_of_introspection() {
    use sifhub::config::Introspection;
    let ask = "{ _service { sdl } }";
    let closed_to = async |introspection| {
        let app = TestApp::configured(|config| config.graphql.introspection = introspection).await;
        let alice = app.user("alice").await;
        let answers = [
            app.anonymous().try_graphql(ask, json!({})).await,
            alice.try_graphql(ask, json!({})).await,
        ];
        answers.map(|answer| code(&answer).to_owned())
    };
    assert_eq!(closed_to(Introspection::Everyone).await, ["", ""]);
    assert_eq!(
        closed_to(Introspection::SignedIn).await,
        ["UNAUTHENTICATED", ""]
    );
    assert_eq!(
        closed_to(Introspection::Nobody).await,
        ["FORBIDDEN", "FORBIDDEN"]
    );
    let app = TestApp::sqlite().await;
    let told = app.anonymous().graphql(ask, json!({})).await;
    assert_eq!(
        told["_service"]["sdl"],
        federation_sdl(None).expect("a schema")
    );
}

#[test]
fn names_of_sites_that_would_break_a_schema_are_refused() {
    for name in [
        "",
        "North",
        "1north",
        "no_rth",
        "north-1",
        "nördlich",
        &"x".repeat(33),
    ] {
        assert!(federation_sdl(Some(name)).is_err(), "{name}");
    }
    assert!(federation_sdl(Some("north1")).is_ok());
}

/// Serves an app, and tells the address of its graph.
fn serve(app: &TestApp) -> String {
    format!("http://{}/graphql", app.serve())
}

/// Composes subgraphs by Apollo's tools and puts operations to Apollo's gateway.
async fn compose(task: Value) -> Value {
    let script = std::fs::read_to_string("tests/tools/federation/run.mjs").expect("the script");
    let run = move || {
        let mut node = Command::new("node")
            .args(["--input-type=module", "--eval", &script])
            .current_dir(tools().join("federation"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("node runs: `make test-tools`");
        let mut stdin = node.stdin.take().expect("it is piped");
        stdin
            .write_all(task.to_string().as_bytes())
            .expect("it reads");
        drop(stdin);
        let output = node.wait_with_output().expect("it ends");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    };
    tokio::task::spawn_blocking(run).await.expect("it runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_joins_images_with_the_jobs_that_run_them() {
    let app = TestApp::sqlite().await;
    let alice = alice(&app).await;
    let digest = alice
        .push(
            "alice/tools/hello",
            "2.0",
            SifBuilder::new("amd64").payload(64, 5),
        )
        .await;
    let secret = alice
        .push(
            "alice/secret/hello",
            "2.0",
            SifBuilder::new("amd64").payload(64, 6),
        )
        .await;
    let both = "{ container(path: \"alice/tools/hello\") { tags { nodes { name image { digest jobs { id state } } } } } }";
    let back = "{ slurmJobs { id image { digest arch size container { path } } } }";
    let joined = compose(json!({
        "subgraphs": [{"name": "sifhub", "url": serve(&app)}],
        "jobs": [
            {"id": "1", "state": "RUNNING", "digest": digest},
            {"id": "2", "state": "PENDING", "digest": digest},
            {"id": "3", "state": "RUNNING", "digest": secret},
        ],
        "operations": [{"query": both}, {"query": back}, {"query": back, "token": alice.token()}],
    }))
    .await;
    assert_eq!(joined["errors"], json!([]));
    let tags = joined["answers"][0]["data"]["container"]["tags"]["nodes"].clone();
    assert_eq!(
        tags[1],
        json!({"name": "2.0", "image": {"digest": digest, "jobs": [
        {"id": "1", "state": "RUNNING"}, {"id": "2", "state": "PENDING"}]}}),
        "{joined}"
    );
    let jobs = |answer: usize| joined["answers"][answer]["data"]["slurmJobs"].clone();
    assert_eq!(
        jobs(1)[0]["image"]["container"]["path"],
        "alice/tools/hello",
        "{joined}"
    );
    // The image of job 3 is not for everybody: what this server knows of it is null to them.
    assert_eq!(
        jobs(1)[2]["image"].get("container").unwrap_or(&Value::Null),
        &Value::Null
    );
    assert_eq!(
        jobs(2)[2]["image"]["container"]["path"],
        "alice/secret/hello"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sites_in_one_graph_join_on_digests() {
    let (north, south) = (TestApp::sqlite().await, TestApp::sqlite().await);
    let (anna, bert) = (north.user("anna").await, south.user("bert").await);
    let image = |seed| {
        SifBuilder::new("amd64")
            .label("name", "shared")
            .payload(64, seed)
    };
    let shared = anna.push("anna/tools/here", "1", image(1)).await;
    anna.push("anna/tools/alone", "1", image(2)).await;
    bert.push("bert/work/there", "stable", image(1)).await;
    let ask = "{ northImages(orderBy: { field: CREATED_AT }) { totalCount nodes { __typename digest size labels { key value }
        northContainer { __typename path } southContainer { __typename path id } southTags { name } jobs { id } } }
        southContainer(path: \"bert/work/there\") { images { nodes { digest northTags { name } northPullCommand } } }
        southViewer { name } northServer { version } }";
    let change = "mutation { northCreateCollection(input: { namespace: \"anna\", name: \"new\" }) { __typename collection { __typename path } } }";
    let other = "query($order: NorthCollectionOrder) { northCollections(orderBy: $order) { nodes { ... on NorthCollection { __typename path } } } }";
    let site = |url: String, name: &str| json!({"name": name, "url": format!("{url}/as/{name}")});
    let joined = compose(json!({
        "subgraphs": [site(serve(&north), "north"), site(serve(&south), "south")],
        "jobs": [{"id": "7", "state": "RUNNING", "digest": shared}],
        "operations": [
            {"query": ask}, {"query": change, "token": anna.token()},
            {"query": other, "variables": {"order": {"field": "NAME", "direction": "DESC"}}},
        ],
    }))
    .await;
    assert_eq!(joined["errors"], json!([]));
    let answer = &joined["answers"][0];
    assert!(answer.get("errors").is_none(), "{answer:#}");
    let images = &answer["data"]["northImages"];
    assert_eq!(images["totalCount"], 2);
    let here = &images["nodes"][0];
    assert_eq!(
        (&here["__typename"], &here["digest"]),
        (&json!("Image"), &json!(shared))
    );
    assert_eq!(
        here["northContainer"],
        json!({"__typename": "NorthContainer", "path": "anna/tools/here"})
    );
    assert_eq!(here["southContainer"]["__typename"], "SouthContainer");
    assert_eq!(here["southContainer"]["path"], "bert/work/there");
    assert_eq!(
        (&here["southTags"], &here["jobs"]),
        (&json!([{"name": "stable"}]), &json!([{"id": "7"}]))
    );
    let alone = &images["nodes"][1];
    assert_eq!(
        (
            &alone["southContainer"],
            &alone["southTags"],
            &alone["jobs"]
        ),
        (&Value::Null, &Value::Null, &json!([]))
    );
    let there = &answer["data"]["southContainer"]["images"]["nodes"][0];
    assert_eq!(
        (&there["digest"], &there["northTags"]),
        (&json!(shared), &json!([{"name": "1"}]))
    );
    assert_eq!(answer["data"]["southViewer"], Value::Null);
    let made = &joined["answers"][1]["data"]["northCreateCollection"];
    assert_eq!(
        made["collection"],
        json!({"__typename": "NorthCollection", "path": "anna/new"}),
        "{}",
        joined["answers"][1]
    );
    let sorted = &joined["answers"][2]["data"]["northCollections"]["nodes"];
    assert_eq!(sorted[0]["path"], "anna/tools", "{}", joined["answers"][2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sites_without_names_are_not_mixed_by_mistake() {
    let sdl = federation_sdl(None).expect("a schema");
    let site = |name: &str| json!({"name": name, "url": "http://localhost/", "sdl": sdl});
    let composed =
        compose(json!({"subgraphs": [site("north"), site("south")], "operations": []})).await;
    let codes = composed["errors"].to_string();
    assert!(codes.contains("INVALID_FIELD_SHARING"), "{codes:.500}");
}

#[tokio::test]
async fn a_site_answers_only_in_its_own_names() {
    let app = TestApp::sqlite().await;
    let alice = alice(&app).await;
    assert_eq!(
        refused(
            &alice,
            "createCollection",
            json!({"namespace": "alice", "name": "third"})
        )
        .await,
        ""
    );
    let client = alice.header("content-type", "application/json");
    let ask = async |site: &str, query: &str| {
        let answer = client
            .post(&format!("/graphql/as/{site}"), json!({"query": query}))
            .await;
        (answer.status, answer.json())
    };
    let (_, answer) = ask("north", "{ a: northCollections(first: 1) { nodes { ...C } } } fragment C on NorthCollection { kind: path __typename }").await;
    assert_eq!(
        answer["data"]["a"]["nodes"],
        json!([{"kind": "alice/secret", "__typename": "NorthCollection"}])
    );
    let (status, _) = ask("Nowhere", "{ __typename }").await;
    assert_eq!(status, 400);
    let (_, answer) = ask("north", "{ southCollections { nodes { path } } }").await;
    assert_eq!(code(&answer), "INVALID");
    // Introspection would tell the names of the server, not of the site.
    let (_, answer) = ask("north", "{ __schema { queryType { name } } }").await;
    assert_eq!(answer["data"]["__schema"], Value::Null);
}
