use std::time::{Duration, Instant};

use serde_json::json;

use sifhub::config::Introspection;

use super::{alice, code};
use crate::support::{SifBuilder, TestApp};

/// What tools send to learn the schema: as deep as they go.
const INTROSPECTION: &str = "query { __schema { types { kind name description fields(includeDeprecated: true) { name description
    args { name description type { ...T } defaultValue } type { ...T } isDeprecated deprecationReason }
    inputFields { name type { ...T } defaultValue } interfaces { ...T } enumValues(includeDeprecated: true) { name description }
    possibleTypes { ...T } } queryType { name } mutationType { name } directives { name locations args { name type { ...T } } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
        ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

#[tokio::test]
async fn operation_that_is_nested_too_deep_is_refused() {
    let app = TestApp::sqlite().await;
    let mut query = "name".to_owned();
    for _ in 0..6 {
        query = format!("namespace {{ collections {{ nodes {{ {query} }} }} }}");
    }
    let query = format!("{{ collection(path: \"alice/tools\") {{ {query} }} }}");
    assert_eq!(
        code(&app.anonymous().try_graphql(&query, json!({})).await),
        "TOO_DEEP"
    );
    let deeper = format!("{}{}", "{ viewer ".repeat(60), "}".repeat(60));
    assert_ne!(
        code(&app.anonymous().try_graphql(&deeper, json!({})).await),
        ""
    );
}

#[tokio::test]
async fn page_sizes_count_in_the_cost_of_an_operation() {
    let app = TestApp::sqlite().await;
    let alice = alice(&app).await;
    let query = |first: u32| {
        format!(
            "{{ namespaces(first: {first}) {{ nodes {{ collections(first: {first}) {{ nodes {{ containers(first: {first}) {{ nodes {{ name }} }} }} }} }} }} }}"
        )
    };
    assert_eq!(code(&alice.try_graphql(&query(10), json!({})).await), "");
    assert_eq!(
        code(&alice.try_graphql(&query(100), json!({})).await),
        "TOO_COMPLEX"
    );
    let by_variable = "query($n: Int) { namespaces(first: $n) { nodes { collections(first: $n) { nodes { containers(first: $n) { nodes { name } } } } } } }";
    assert_eq!(
        code(&alice.try_graphql(by_variable, json!({"n": 100})).await),
        "TOO_COMPLEX"
    );
}

#[tokio::test]
async fn fragments_that_unfold_without_end_are_refused_at_once() {
    let app = TestApp::sqlite().await;
    let mut bomb = "{ viewer { ...F0 } } fragment F30 on User { name }".to_owned();
    for level in 0..30 {
        let next = level + 1;
        bomb.push_str(&format!(
            " fragment F{level} on User {{ ...F{next} ...F{next} }}"
        ));
    }
    let circle =
        "{ viewer { ...A } } fragment A on User { ...B ...B } fragment B on User { ...A ...A }";
    for (query, why) in [(bomb.as_str(), "TOO_COMPLEX"), (circle, "TOO_DEEP")] {
        let started = Instant::now();
        assert_eq!(
            code(&app.anonymous().try_graphql(query, json!({})).await),
            why
        );
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn tools_learn_the_schema_within_the_limits_unless_told_not_to() {
    let app = TestApp::sqlite().await;
    let data = app.anonymous().graphql(INTROSPECTION, json!({})).await;
    assert_eq!(data["__schema"]["queryType"]["name"], "Query");
    let app =
        TestApp::configured(|config| config.graphql.introspection = Introspection::SignedIn).await;
    let answer = app.anonymous().try_graphql(INTROSPECTION, json!({})).await;
    assert_eq!(answer["data"]["__schema"], json!(null));
    let alice = app.user("alice").await;
    let data = alice.graphql(INTROSPECTION, json!({})).await;
    assert_eq!(data["__schema"]["queryType"]["name"], "Query");
    let app =
        TestApp::configured(|config| config.graphql.introspection = Introspection::Nobody).await;
    let alice = app.user("alice").await;
    let answer = alice.try_graphql(INTROSPECTION, json!({})).await;
    assert_eq!(answer["data"]["__schema"], json!(null));
    // Nor do the words of an error tell names.
    let answer = app
        .anonymous()
        .try_graphql("{ viewe { id } }", json!({}))
        .await;
    assert!(!answer.to_string().contains("viewer"), "{answer}");
}

#[tokio::test]
async fn fragments_that_unfold_to_nothing_count_too() {
    let app = TestApp::sqlite().await;
    let mut bomb = "{ ...F0 } fragment F16 on Query { ...Missing }".to_owned();
    for level in 0..16 {
        let next = level + 1;
        bomb.push_str(&format!(
            " fragment F{level} on Query {{ ...F{next} ...F{next} }}"
        ));
    }
    let answer = app.anonymous().try_graphql(&bomb, json!({})).await;
    assert_eq!(code(&answer), "TOO_COMPLEX");
}

#[tokio::test]
async fn types_that_list_types_that_list_types_are_refused() {
    let app = TestApp::sqlite().await;
    let query = |levels: usize| {
        let (open, close) = (
            "possibleTypes { interfaces { ".repeat(levels),
            "} } ".repeat(levels),
        );
        format!("{{ __type(name: \"Node\") {{ {open} name {close} }} }}")
    };
    assert_eq!(
        code(&app.anonymous().try_graphql(&query(1), json!({})).await),
        ""
    );
    assert_eq!(
        code(&app.anonymous().try_graphql(&query(5), json!({})).await),
        "TOO_COMPLEX"
    );
}

#[tokio::test]
async fn an_operation_cannot_search_without_end() {
    let app = TestApp::sqlite().await;
    for search in [
        "search(text: \"abc\", first: 1) { images { id } }",
        "keys(search: \"abc\", first: 1) { id }",
    ] {
        let many = |count: usize| {
            let fields: Vec<_> = (0..count).map(|n| format!("a{n}: {search}")).collect();
            format!("{{ {} }}", fields.join(" "))
        };
        assert_eq!(
            code(&app.anonymous().try_graphql(&many(10), json!({})).await),
            ""
        );
        assert_eq!(
            code(&app.anonymous().try_graphql(&many(100), json!({})).await),
            "TOO_COMPLEX"
        );
    }
}

#[tokio::test]
async fn an_answer_cannot_grow_without_end() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let image = SifBuilder::new("amd64").definition(&"x".repeat(1_000_000));
    alice.push("alice/tools/wordy", "latest", image).await;
    let ask = |times: usize| {
        let field = "image(path: \"alice/tools/wordy\") { definition }";
        let fields: Vec<_> = (0..times).map(|n| format!("a{n}: {field}")).collect();
        format!("{{ {} }}", fields.join(" "))
    };
    assert_eq!(
        code(&app.anonymous().try_graphql(&ask(10), json!({})).await),
        ""
    );
    let answer = app.anonymous().try_graphql(&ask(100), json!({})).await;
    assert_eq!(code(&answer), "TOO_COMPLEX");
}
