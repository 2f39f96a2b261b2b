//! Operations that are known by their digests: remembered ones, and lists of allowed ones.
use serde_json::{Value, json};
use sifhub::registry::Digest;

use super::{code, field};
use crate::support::{Client, TestApp};

const QUERY: &str = "query Who { viewer { name } server { version } }";

fn hash(text: &str) -> String {
    Digest::of(text.as_bytes()).hex().to_string()
}

/// Sends an operation by its digest, with its text or without.
async fn send(who: &Client, text: Option<&str>, hash: &str) -> Value {
    let extensions = json!({"persistedQuery": {"version": 1, "sha256Hash": hash}});
    let mut body = json!({"variables": {}, "extensions": extensions});
    if let Some(text) = text {
        body["query"] = text.into();
    }
    let client = who.header("content-type", "application/json");
    client.post("/graphql", body).await.expect(200).json()
}

#[tokio::test]
async fn a_query_is_known_by_its_digest_once_it_was_sent() {
    let app = TestApp::sqlite().await;
    let (alice, nobody) = (app.user("alice").await, app.anonymous());
    let answer = send(&nobody, None, &hash(QUERY)).await;
    assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_FOUND");
    // Clients wait for these words.
    assert_eq!(answer["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(code(&send(&nobody, Some(QUERY), &hash(QUERY)).await), "");
    let answer = send(&alice, None, &hash(QUERY)).await;
    assert_eq!(answer["data"]["viewer"]["name"], "alice");
    // What is remembered is a text, never an answer.
    assert_eq!(
        send(&nobody, None, &hash(QUERY)).await["data"]["viewer"],
        Value::Null
    );
}

#[tokio::test]
async fn a_wrong_digest_is_an_invalid_input_and_nothing_is_remembered() {
    let app = TestApp::sqlite().await;
    let nobody = app.anonymous();
    let answer = send(&nobody, Some(QUERY), &hash("another")).await;
    assert_eq!(
        (code(&answer), field(&answer)),
        ("INVALID", "extensions.persistedQuery")
    );
    assert_eq!(
        code(&send(&nobody, None, &hash("another")).await),
        "PERSISTED_QUERY_NOT_FOUND"
    );
    let client = nobody.header("content-type", "application/json");
    for wrong in [
        json!(1),
        json!({}),
        json!({"version": 2, "sha256Hash": hash(QUERY)}),
        json!({"version": 1, "sha256Hash": 1}),
    ] {
        let body = json!({"query": QUERY, "extensions": {"persistedQuery": wrong}});
        let answer = client.post("/graphql", body).await.expect(200).json();
        assert_eq!(code(&answer), "INVALID", "{wrong}");
    }
}

#[tokio::test]
async fn what_is_refused_or_too_long_is_not_remembered() {
    let app = TestApp::sqlite().await;
    let nobody = app.anonymous();
    let long = format!("{QUERY} #{}", "x".repeat(20_000));
    assert_eq!(code(&send(&nobody, Some(&long), &hash(&long)).await), "");
    let deep = format!("{{{}}}", "a{".repeat(100));
    let broken = "{ viewer";
    for text in [long.as_str(), &deep, broken] {
        send(&nobody, Some(text), &hash(text)).await;
        assert_eq!(
            code(&send(&nobody, None, &hash(text)).await),
            "PERSISTED_QUERY_NOT_FOUND",
            "{text:.20}"
        );
    }
}

#[tokio::test]
async fn only_so_many_queries_are_remembered() {
    let app = TestApp::configured(|config| config.graphql.persisted_queries = 2).await;
    let nobody = app.anonymous();
    let text = |number: usize| format!("query Q{number} {{ server {{ version }} }}");
    for number in 0..3 {
        assert_eq!(
            code(&send(&nobody, Some(&text(number)), &hash(&text(number))).await),
            ""
        );
    }
    let known =
        async |number: usize| code(&send(&nobody, None, &hash(&text(number))).await).is_empty();
    assert_eq!(
        [known(0).await, known(1).await, known(2).await],
        [false, true, true]
    );
    let app = TestApp::configured(|config| config.graphql.persisted_queries = 0).await;
    assert_eq!(
        code(&send(&app.anonymous(), Some(QUERY), &hash(QUERY)).await),
        ""
    );
    assert_eq!(
        code(&send(&app.anonymous(), None, &hash(QUERY)).await),
        "PERSISTED_QUERY_NOT_FOUND"
    );
}

/// A folder with that file in it.
fn folder(file: &str, content: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join(file), content).expect("a file");
    dir
}

#[tokio::test]
async fn with_a_list_only_what_is_listed_is_answered_but_to_administrators() {
    let apollo = json!({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
        {"id": hash(QUERY), "name": "Who", "type": "query", "body": QUERY}]});
    let relay = json!({hash(QUERY): QUERY});
    for (file, content, whole) in [
        ("who.graphql", format!("{QUERY}\n"), true),
        ("manifest.json", apollo.to_string(), false),
        ("manifest.json", relay.to_string(), false),
    ] {
        let dir = folder(file, &content);
        let place = if whole {
            dir.path().to_owned()
        } else {
            dir.path().join(file)
        };
        let app = TestApp::configured(|config| config.graphql.operations = Some(place)).await;
        let (alice, root) = (app.user("alice").await, app.admin("root").await);
        for who in [&app.anonymous(), &alice] {
            assert_eq!(code(&who.try_graphql(QUERY, json!({})).await), "");
            assert_eq!(code(&send(who, None, &hash(QUERY)).await), "", "{file}");
            for other in [
                "{ server { version } }",
                "{ __typename }",
                "{ _service { sdl } }",
                "query Who { viewer { name } server { version url } }",
            ] {
                assert_eq!(
                    code(&who.try_graphql(other, json!({})).await),
                    "NOT_LISTED",
                    "{other}"
                );
                assert_eq!(
                    code(&send(who, Some(other), &hash(other)).await),
                    "NOT_LISTED",
                    "{other}"
                );
                assert_eq!(
                    code(&send(who, None, &hash(other)).await),
                    "PERSISTED_QUERY_NOT_FOUND"
                );
            }
        }
        root.graphql("{ server { version } }", json!({})).await;
    }
}

#[tokio::test]
async fn with_a_list_that_cannot_be_read_nothing_is_answered() {
    let dir = folder("manifest.json", "[");
    let place = dir.path().join("manifest.json");
    let app = TestApp::configured(|config| config.graphql.operations = Some(place)).await;
    assert_eq!(
        code(&app.anonymous().try_graphql(QUERY, json!({})).await),
        "NOT_LISTED"
    );
}
