//! The graph over WebSockets, and the usual clients of subscriptions.
use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    thread,
};

use serde_json::{Value, json};
use sifhub::auth::COOKIE;
use tokio::{
    sync::mpsc,
    time::{Duration, timeout},
};

use super::{
    alice, code,
    live::{TAGS, tag, told},
    refused,
};
use crate::{
    auth::{browser::Browser, person},
    support::{Said, Socket, TestApp, on_each_database, tools::tools},
};

const WHO: &str = "{ viewer { name } }";

/// As whom the server knows the other side.
async fn known(socket: &mut Socket) -> Value {
    socket.ask("who", WHO, json!({})).await;
    let answer = socket.answer("who").await;
    socket.completes("who").await;
    answer["data"]["viewer"]["name"].clone()
}

/// Subscribes to tags, and waits until the subscription stands.
async fn listens(app: &TestApp, socket: &mut Socket, place: Value) {
    let before = app.registry.listening();
    socket.ask("tags", TAGS, place).await;
    while app.registry.listening() == before {
        tokio::task::yield_now().await;
    }
}

on_each_database! {
    async fn one_connection_carries_questions_changes_and_subscriptions(app) {
        let alice = alice(&app).await;
        told(&app).await;
        let mut socket = Socket::of(&app, alice.token()).await;
        listens(&app, &mut socket, json!({"container": "alice/tools/hello"})).await;
        assert_eq!(known(&mut socket).await, "alice");
        let star = "mutation { star(input: {id: \"alice/tools/hello\"}) { subject { ... on Container { path } } } }";
        socket.ask("star", star, json!({})).await;
        assert_eq!(socket.answer("star").await["data"]["star"]["subject"]["path"], "alice/tools/hello");
        socket.completes("star").await;
        tag(&alice, "alice/tools/hello", "2.0").await;
        told(&app).await;
        assert_eq!(socket.answer("tags").await["data"]["tagMoved"]["tags"], json!(["2.0"]));
        socket.send(json!({"type": "complete", "id": "tags"})).await;
        socket.completes("tags").await;
        tag(&alice, "alice/tools/hello", "3.0").await;
        told(&app).await;
        socket.send(json!({"type": "ping"})).await;
        assert_eq!(socket.next().await, Said::Message(json!({"type": "pong"})));
    }

    async fn a_token_that_is_revoked_ends_what_goes_on_and_begins_nothing(app) {
        let alice = alice(&app).await;
        told(&app).await;
        let mut socket = Socket::of(&app, alice.token()).await;
        listens(&app, &mut socket, json!({})).await;
        let tokens = alice.graphql("{ viewer { tokens(first: 1) { nodes { id } } } }", json!({})).await;
        let id = tokens.pointer("/viewer/tokens/nodes/0/id").expect("a token");
        assert_eq!(refused(&alice, "revokeToken", json!({"id": id})).await, "");
        told(&app).await;
        assert_eq!(code(&socket.answer("tags").await), "UNAUTHENTICATED");
        socket.completes("tags").await;
        socket.ask("who", WHO, json!({})).await;
        assert_eq!(code(&socket.answer("who").await), "UNAUTHENTICATED");
        socket.completes("who").await;
    }
}

#[tokio::test]
async fn whoever_opens_it_may_show_a_token_in_the_header_or_in_the_first_message() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let address = app.serve();
    let bearer = |token: &str| format!("Bearer {token}");
    let by_header = [("authorization", &*bearer(alice.token()))];
    let mut socket = Socket::open(&address, &by_header).await.expect("it opens");
    socket.greet(json!({})).await;
    assert_eq!(known(&mut socket).await, "alice");
    let mut socket = Socket::open(&address, &by_header).await.expect("it opens");
    socket
        .greet(json!({"Authorization": bearer(bob.token())}))
        .await;
    assert_eq!(known(&mut socket).await, "bob");
    let mut socket = Socket::open(&address, &[]).await.expect("it opens");
    socket.greet(Value::Null).await;
    assert_eq!(known(&mut socket).await, Value::Null);
    let wrong = [("authorization", "Bearer wrong")];
    assert_eq!(Socket::open(&address, &wrong).await.err(), Some(401));
}

#[tokio::test]
async fn pages_of_other_sites_open_none() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let browser = Browser::of(&app, "alice").await;
    let cookie = format!("{COOKIE}={}", browser.cookie().expect("a cookie"));
    let address = app.serve();
    let own = format!("http://{address}");
    let from = |origin| {
        let headers = [("cookie", &*cookie), ("origin", origin)];
        let address = &address;
        async move { Socket::open(address, &headers).await }
    };
    let mut socket = from(&own).await.expect("it opens");
    socket.greet(json!({})).await;
    assert_eq!(known(&mut socket).await, "alice");
    let port = own.rsplit(':').next().expect("a port");
    let beside = format!("http://127.0.0.1.example.org:{port}");
    for origin in ["https://elsewhere.example.org", "null", &beside] {
        assert_eq!(from(origin).await.err(), Some(403), "{origin}");
        let without = Socket::open(&address, &[("origin", origin)]).await;
        assert_eq!(without.err(), Some(403), "{origin}");
    }
}

#[tokio::test]
async fn whoever_does_not_keep_to_the_protocol_is_told_by_its_codes() {
    let app = TestApp::sqlite().await;
    let address = app.serve();
    let open = async || Socket::open(&address, &[]).await.expect("it opens");
    let mut early = open().await;
    early.ask("who", WHO, json!({})).await;
    assert_eq!(early.next().await, Said::Closed(4401));
    let mut wrong = open().await;
    let payload = json!({"authorization": "Bearer wrong"});
    wrong
        .send(json!({"type": "connection_init", "payload": payload}))
        .await;
    assert_eq!(wrong.next().await, Said::Closed(4403));
    let mut twice = open().await;
    twice.greet(json!({})).await;
    twice.send(json!({"type": "connection_init"})).await;
    assert_eq!(twice.next().await, Said::Closed(4429));
    for nonsense in ["", "nonsense", "{}", "{\"type\": \"nonsense\"}"] {
        let mut socket = open().await;
        socket.text(nonsense).await;
        assert_eq!(socket.next().await, Said::Closed(4400), "{nonsense}");
    }
    let mut silent = open().await;
    assert_eq!(silent.next().await, Said::Closed(4408));
}

#[tokio::test]
async fn a_server_that_stops_ends_what_goes_on_and_closes() {
    let app = TestApp::sqlite().await;
    let mut socket = Socket::of(&app, app.user("alice").await.token()).await;
    listens(&app, &mut socket, json!({})).await;
    app.registry.hush();
    assert_eq!(code(&socket.answer("tags").await), "UNAVAILABLE");
    socket.completes("tags").await;
    assert_eq!(socket.next().await, Said::Closed(1001));
    app.registry.hushed().await;
}

#[tokio::test]
async fn one_client_has_no_more_than_its_share() {
    let app = TestApp::configured(|config| config.graphql.max_subscriptions_per_client = 1).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let address = app.serve();
    let open = async |token: &str| {
        let headers = [("authorization", &*format!("Bearer {token}"))];
        Socket::open(&address, &headers).await
    };
    let mut first = open(alice.token()).await.expect("it opens");
    assert_eq!(open(alice.token()).await.err(), Some(429));
    let other = open(bob.token()).await;
    assert!(other.is_ok());
    first.greet(json!({})).await;
    listens(&app, &mut first, json!({})).await;
    first.ask("more", TAGS, json!({})).await;
    assert_eq!(code(&first.answer("more").await), "RATE_LIMITED");
}

#[tokio::test]
async fn one_connection_carries_a_hundred_operations_at_once() {
    let app = TestApp::sqlite().await;
    let mut socket = Socket::of(&app, app.user("alice").await.token()).await;
    for number in 0..101 {
        socket.ask(&number.to_string(), TAGS, json!({})).await;
    }
    // They are polled in no order, so that any may be the one too many.
    let Said::Message(refused) = socket.next().await else {
        panic!("one is refused")
    };
    assert_eq!(code(&refused["payload"]), "RATE_LIMITED");
    socket
        .completes(refused["id"].as_str().expect("an id"))
        .await;
    assert_eq!(known(&mut socket).await, Value::Null);
}

#[tokio::test]
async fn the_limits_of_queries_hold_on_connections() {
    let app = TestApp::configured(|config| config.graphql.max_complexity = 3).await;
    let mut socket = Socket::of(&app, app.user("alice").await.token()).await;
    let long = format!("{{ viewer {{ name }} }} #{}", " ".repeat(1 << 16));
    for (query, wanted) in [
        (TAGS, "TOO_COMPLEX"),
        ("{ nothing }", "INVALID"),
        (&*long, "TOO_LARGE"),
    ] {
        socket.ask("it", query, json!({})).await;
        assert_eq!(code(&socket.answer("it").await), wanted);
        socket.completes("it").await;
    }
}

/// Listens by the clients `graphql-ws` and `graphql-sse`; what they tell comes in lines.
fn clients(task: &Value) -> (Child, mpsc::UnboundedReceiver<Value>) {
    let script = std::fs::read_to_string("tests/tools/live/run.mjs").expect("the script");
    let mut node = Command::new("node")
        .args(["--input-type=module", "--eval", &script])
        .current_dir(tools().join("live"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs: `make test-tools`");
    let mut input = node.stdin.take().expect("it is piped");
    input
        .write_all(task.to_string().as_bytes())
        .expect("it reads");
    drop(input);
    let output = node.stdout.take().expect("it is piped");
    let (heard, lines) = mpsc::unbounded_channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = heard.send(serde_json::from_str(&line).expect("JSON"));
        }
    });
    (node, lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usual_clients_listen_until_the_token_ends() {
    let app = TestApp::sqlite().await;
    let alice = alice(&app).await;
    let tokens = alice
        .graphql(
            "{ viewer { tokens(first: 1) { nodes { id } } } }",
            json!({}),
        )
        .await;
    let id = tokens
        .pointer("/viewer/tokens/nodes/0/id")
        .expect("a token");
    let other = app.holding("alice", sifhub::registry::Scope::Write).await;
    let task = json!({"address": app.serve(), "token": alice.token(), "query": TAGS,
        "variables": {"container": "alice/tools/hello"}});
    let (mut node, mut lines) = clients(&task);
    let mut heard = Vec::new();
    for number in 0.. {
        tag(&other, "alice/tools/hello", &format!("n{number}")).await;
        told(&app).await;
        if let Ok(line) = timeout(Duration::from_millis(100), lines.recv()).await {
            heard.push(line.expect("more lines"));
        }
        if heard.len() == 2 {
            break;
        }
    }
    heard.sort_by_key(|line| line["client"].to_string());
    for (line, client) in heard.iter().zip(["graphql-sse", "graphql-ws"]) {
        assert_eq!(line["client"], client);
        let moved = &line["answer"]["data"]["tagMoved"];
        assert_eq!(
            moved["image"]["container"]["path"], "alice/tools/hello",
            "{line}"
        );
    }
    assert_eq!(refused(&other, "revokeToken", json!({"id": id})).await, "");
    told(&app).await;
    for _ in 0..2 {
        let line = lines.recv().await.expect("both end");
        assert_eq!(code(&line["end"]), "UNAUTHENTICATED", "{line}");
    }
    assert!(node.wait().expect("it ends").success());
}
