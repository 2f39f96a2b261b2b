//! Operations that are made to hurt: each is answered within the limits, with its code, and the server goes on.
use serde_json::{Value, json};

use super::{alice, code};
use crate::support::{Client, TestApp};

/// What an attack sends, and the code that it is answered with.
struct Attack {
    name: &'static str,
    query: String,
    variables: Value,
    code: &'static str,
}

fn attack(name: &'static str, query: impl Into<String>, code: &'static str) -> Attack {
    Attack {
        name,
        query: query.into(),
        variables: json!({}),
        code,
    }
}

fn with(name: &'static str, query: &str, variables: Value, code: &'static str) -> Attack {
    Attack {
        variables,
        ..attack(name, query, code)
    }
}

/// `one` for each number, joined.
fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(" ")
}

fn nested(levels: usize, open: &str, inner: &str) -> String {
    format!("{}{inner}{}", open.repeat(levels), "}".repeat(levels))
}

#[expect(clippy::too_many_lines, reason = "a table, a line or two for each")]
fn attacks() -> Vec<Attack> {
    let id = "collection:000000000000000000000001";
    let lists = |levels: usize, size: usize| {
        let connection = |noun: &str| format!("{noun}(first: {size}) {{ nodes {{ ");
        let open: String = ["namespaces", "collections", "containers", "images"][..levels]
            .iter()
            .map(|noun| connection(noun))
            .collect();
        format!("{{ {open} id {} }}", "} } ".repeat(levels))
    };
    let doubling = |levels: usize| {
        let fragments = many(levels, |level| {
            format!(
                "fragment F{level} on Query {{ ...F{} ...F{} }}",
                level + 1,
                level + 1
            )
        });
        format!("{{ ...F0 }} {fragments} fragment F{levels} on Query {{ server {{ version }} }}")
    };
    vec![
        attack(
            "selections nested without end",
            nested(20_000, "{a", ""),
            "TOO_DEEP",
        ),
        attack(
            "brackets that never close",
            "{a(b:[".repeat(10_000),
            "TOO_DEEP",
        ),
        attack(
            "lists nested in an argument",
            format!(
                "{{ nodes(ids: {}1{}) {{ id }} }}",
                "[".repeat(30_000),
                "]".repeat(30_000)
            ),
            "TOO_DEEP",
        ),
        attack(
            "objects nested in an argument",
            format!(
                "{{ _entities(representations: {}1{}) {{ __typename }} }}",
                "{a:".repeat(15_000),
                "}".repeat(15_000)
            ),
            "TOO_DEEP",
        ),
        attack(
            "types nested in a variable",
            format!(
                "query($a: {}Int{}) {{ __typename }}",
                "[".repeat(30_000),
                "]".repeat(30_000)
            ),
            "TOO_DEEP",
        ),
        attack(
            "parents and children in turn",
            format!(
                "{{ namespaces {{ nodes {{ {} name {} }} }} }}",
                "collections { nodes { namespace { ".repeat(8),
                "} } } ".repeat(8)
            ),
            "TOO_DEEP",
        ),
        attack("a fragment bomb", doubling(30), "TOO_COMPLEX"),
        attack(
            "a fragment of itself",
            "{ ...A } fragment A on Query { ...A }",
            "TOO_DEEP",
        ),
        attack(
            "fragments in a circle",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            "TOO_DEEP",
        ),
        attack(
            "inline fragments nested without end",
            format!("{{ {} }}", nested(100, "... { ", "__typename ")),
            "TOO_DEEP",
        ),
        attack(
            "aliases of one field",
            format!(
                "{{ {} }}",
                many(101, |n| format!("a{n}: server {{ version }}"))
            ),
            "TOO_COMPLEX",
        ),
        attack(
            "aliases in a fragment",
            format!(
                "{{ ...F }} fragment F on Query {{ {} }}",
                many(101, |n| format!("a{n}: __typename"))
            ),
            "TOO_COMPLEX",
        ),
        attack(
            "one field again and again",
            format!("{{ server {{ {} }} }}", "version ".repeat(8_000)),
            "",
        ),
        attack(
            "one field too often",
            format!("{{ server {{ {} }} }}", "url ".repeat(15_000)),
            "TOO_COMPLEX",
        ),
        attack(
            "a dear field again and again",
            format!(
                "{{ {} }}",
                "namespaces(first: 100) { nodes { id } } ".repeat(300)
            ),
            "TOO_COMPLEX",
        ),
        attack("wide pages in wide pages", lists(4, 100), "TOO_COMPLEX"),
        attack(
            "default pages in default pages",
            "{ namespaces { nodes { collections { nodes { containers { nodes { images { nodes { id } } } } } } } } }",
            "TOO_COMPLEX",
        ),
        attack(
            "a page beyond all sizes",
            "{ namespaces(first: 2147483647) { nodes { id } } }",
            "INVALID",
        ),
        attack(
            "a page of less than nothing",
            "{ namespaces(first: -2147483648) { nodes { id } } }",
            "INVALID",
        ),
        attack(
            "a number beyond all numbers",
            format!(
                "{{ namespaces(first: {}) {{ nodes {{ id }} }} }}",
                "9".repeat(1_000)
            ),
            "INVALID",
        ),
        attack(
            "directives on one field",
            format!(
                "{{ server {{ version {} }} }}",
                "@include(if: true) ".repeat(1_000)
            ),
            "INVALID",
        ),
        attack(
            "directives that nobody knows",
            format!(
                "{{ server {{ version {} }} }}",
                many(500, |n| format!("@a{n}"))
            ),
            "INVALID",
        ),
        attack(
            "variables that nobody uses",
            format!(
                "query({}) {{ __typename }}",
                many(3_000, |n| format!("$v{n}: Int"))
            ),
            "INVALID",
        ),
        attack(
            "operations beside each other",
            many(2_000, |n| format!("query q{n} {{ __typename }}")),
            "INVALID",
        ),
        attack(
            "ids beyond the number",
            format!(
                "{{ nodes(ids: [{}]) {{ id }} }}",
                format!("{id:?} ").repeat(1_000)
            ),
            "INVALID",
        ),
        with(
            "ids beyond all numbers",
            "query($ids: [ID!]!) { nodes(ids: $ids) { id } }",
            json!({"ids": vec![id; 20_000]}),
            "INVALID",
        ),
        with(
            "references without end",
            "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }",
            json!({"r": vec![json!({"__typename": "Image", "digest": "x"}); 15_000]}),
            "TOO_COMPLEX",
        ),
        attack(
            "references under many names",
            format!(
                "{{ {} }}",
                many(50, |n| {
                    format!(
                        "a{n}: _entities(representations: [{}]) {{ __typename }}",
                        "{__typename: \"User\", name: \"x\"} ".repeat(20)
                    )
                })
            ),
            "",
        ),
        with(
            "references in references",
            "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }",
            json!({"r": [{"__typename": "Image", "digest": vec![vec!["x"; 100]; 100]}]}),
            "INVALID",
        ),
        with(
            "a variable of a megabyte",
            "query($t: String!) { search(text: $t) { images { id } } }",
            json!({"t": "x".repeat(900_000)}),
            "INVALID",
        ),
        with(
            "many architectures",
            "query($a: [String!]!) { search(text: \"abc\", arch: $a) { images { id } } }",
            json!({"a": vec!["x"; 50_000]}),
            "INVALID",
        ),
        attack(
            "patterns that match everything",
            "{ search(text: \"%%%\") { images { id } } }",
            "",
        ),
        attack(
            "searches beside each other",
            format!(
                "{{ {} }}",
                many(90, |n| format!(
                    "a{n}: search(text: \"abc\", first: 1) {{ images {{ id }} }}"
                ))
            ),
            "TOO_COMPLEX",
        ),
        attack(
            "the schema in the schema",
            format!(
                "{{ __schema {{ types {{ {} }} }} }}",
                nested(5, "fields { type { ", "name ").replace('}', "} }")
            ),
            "TOO_COMPLEX",
        ),
        attack(
            "a cursor of nonsense",
            "{ namespaces(after: \"////\") { nodes { id } } }",
            "INVALID",
        ),
        attack(
            "a text of nothing but comments",
            "#".repeat(60_000),
            "INVALID",
        ),
        attack(
            "a string that never ends",
            format!("{{ namespace(name: \"{}", "x".repeat(60_000)),
            "INVALID",
        ),
        attack(
            "a block string that never ends",
            format!("{{ namespace(name: \"\"\"{}", "\\\"\"\"".repeat(10_000)),
            "INVALID",
        ),
        attack("a byte order mark and nothing", "\u{feff}", "INVALID"),
        attack("a NUL", "{ namespace(name: \"\u{0}\") { id } }", "INVALID"),
        attack(
            "letters of both directions",
            "{ \u{202e}server { version } }",
            "INVALID",
        ),
    ]
}

async fn answer(client: &Client, attack: &Attack) -> Value {
    let body = json!({"query": attack.query, "variables": attack.variables});
    let client = client.header("content-type", "application/json");
    let answer = client.post("/graphql", body).await;
    assert!(answer.status < 500, "{}: {}", attack.name, answer.status);
    assert!(
        answer.body.len() < 2 << 20,
        "{}: an answer of {} bytes",
        attack.name,
        answer.body.len()
    );
    answer.json()
}

#[tokio::test]
async fn every_abuse_is_answered_within_the_limits_with_its_code() {
    let app = TestApp::sqlite().await;
    let alice = alice(&app).await;
    let mut wrong = Vec::new();
    for attack in attacks() {
        for client in [&app.anonymous(), &alice] {
            let answer = answer(client, &attack).await;
            if code(&answer) != attack.code {
                wrong.push(format!(
                    "{}: {:?} is not {:?}: {:.300}",
                    attack.name,
                    code(&answer),
                    attack.code,
                    answer.to_string()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let data = app
        .anonymous()
        .graphql("{ server { version } }", json!({}))
        .await;
    assert!(data["server"]["version"].is_string());
}

#[tokio::test]
async fn abuse_costs_no_statement() {
    let app = TestApp::sqlite().await;
    let nobody = app.anonymous();
    for attack in attacks() {
        if ["TOO_DEEP", "TOO_COMPLEX"].contains(&attack.code) {
            let (_, statements) = app.statements_of(answer(&nobody, &attack)).await;
            assert_eq!(statements, 0, "{}", attack.name);
        }
    }
}

#[tokio::test]
async fn variables_that_nest_without_end_are_refused_before_they_are_read() {
    let app = TestApp::sqlite().await;
    let client = app.anonymous().header("content-type", "application/json");
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        let body = format!("{{\"query\": \"{{ __typename }}\", \"variables\": {{\"a\": {deep}}}}}");
        let answer = client.send("POST", "/graphql", body).await.expect(400);
        assert_eq!(code(&answer.json()), "INVALID");
    }
}

#[tokio::test]
async fn operations_that_take_too_long_are_given_up() {
    let app = TestApp::configured(|config| {
        config.graphql.timeout = sifhub::config::Duration::from_millis(0);
    })
    .await;
    let ask = "{ namespaces { nodes { name } } }";
    let answer = app.anonymous().try_graphql(ask, json!({})).await;
    assert_eq!(code(&answer), "TOO_SLOW");
    assert_eq!(answer["data"], Value::Null);
}
