//! Subscriptions, as server-sent events.
use futures::future::join_all;
use serde_json::{Value, json};
use sifhub::{
    http,
    registry::{Registry, Scope, Secret, live, webhook},
};

use super::{alice, code, id, refused};
use crate::support::{Client, Listening, Sent, SifBuilder, TestApp, on_each_database};

pub(super) const TAGS: &str = "subscription($container: ID) { tagMoved(container: $container) {
    kind tags arch actor { name } image { digest container { path } } previousImage { digest } } }";
const EVENTS: &str = "subscription($namespace: ID, $actions: [String!]) {
    events(namespace: $namespace, actions: $actions) { id action targetName } }";

/// Lets the server tell what happened so far, and look at credentials, as its jobs do.
pub(super) async fn told(app: &TestApp) {
    let operator = app.operator();
    while webhook::dispatch(&operator)
        .await
        .expect("events are handed out")
        > 0
    {}
    while live::tell(&operator).await.expect("events are told") > 0 {}
    live::check(&operator)
        .await
        .expect("credentials are looked at");
}

/// The container's tag `name` points at its image `1.0`.
pub(super) async fn tag(who: &Client, container: &str, name: &str) {
    let image = id(
        who,
        &format!("image(path: {container:?}, reference: \"1.0\")"),
    )
    .await;
    let input = json!({"container": container, "name": name, "image": image});
    assert_eq!(refused(who, "setTag", input).await, "");
}

async fn stands(who: &Client, operation: &str, variables: Value) -> Listening {
    let mut listening = who.listen(operation, variables).await;
    assert_eq!(listening.status, 200);
    assert_eq!(listening.ready(), None);
    listening
}

/// The code with which a subscription ends, and no answer comes after it.
async fn end(listening: &mut Listening) -> String {
    let answer = listening.answer().await;
    assert_eq!(listening.next().await, Some(Sent::Complete));
    assert_eq!(listening.next().await, None);
    code(&answer).to_owned()
}

fn field<'a>(answer: &'a Value, root: &str, name: &str) -> &'a str {
    answer["data"][root][name].as_str().expect("a text")
}

on_each_database! {
    async fn a_tag_that_moves_is_told_to_whoever_sees_it(app) {
        let alice = alice(&app).await;
        told(&app).await;
        let place = json!({"container": "alice/tools/hello"});
        let mut anybody = stands(&app.anonymous(), TAGS, place.clone()).await;
        let mut bob = stands(&app.user("bob").await, TAGS, place).await;
        assert_eq!(anybody.headers["content-type"], "text/event-stream");
        let image = SifBuilder::new("amd64").payload(4096, 77);
        let digest = alice.push("alice/tools/hello", "1.0", image).await;
        told(&app).await;
        let heard = bob.answer().await;
        let moved = &heard["data"]["tagMoved"];
        assert_eq!(moved["kind"], "TAG_MOVED", "{heard:#}");
        assert_eq!(moved["tags"], json!(["1.0"]));
        assert_eq!(moved["image"]["digest"], digest);
        assert_eq!(moved["image"]["container"]["path"], "alice/tools/hello");
        assert!(moved["previousImage"]["digest"].is_string());
        assert_eq!(moved["actor"]["name"], "alice");
        let heard = anybody.answer().await;
        assert_eq!(heard["data"]["tagMoved"]["image"]["digest"], digest);
        assert_eq!(heard["data"]["tagMoved"]["actor"], Value::Null);
        assert_eq!((anybody.ready(), bob.ready()), (None, None));
    }

    async fn what_is_hidden_is_not_told(app) {
        let alice = alice(&app).await;
        let bob = app.user("bob").await;
        for who in [&bob, &app.anonymous()] {
            for hidden in ["alice/secret/hello", "alice/secret/nothing"] {
                let mut refused = who.listen(TAGS, json!({"container": hidden})).await;
                assert_eq!(end(&mut refused).await, "NOT_FOUND");
            }
        }
        told(&app).await;
        let pushed = "subscription { imagePushed { digest } }";
        let mut tags = [stands(&bob, TAGS, json!({})).await, stands(&app.anonymous(), TAGS, json!({})).await];
        let mut images = stands(&bob, pushed, json!({})).await;
        let mut log = [stands(&bob, EVENTS, json!({})).await, stands(&app.anonymous(), EVENTS, json!({})).await];
        tag(&alice, "alice/secret/hello", "2.0").await;
        alice.push("alice/secret/hello", "3.0", SifBuilder::new("amd64").payload(4096, 78)).await;
        let seen = alice.push("alice/tools/hello", "seen", SifBuilder::new("amd64").payload(4096, 79)).await;
        told(&app).await;
        for ear in &mut tags {
            assert_eq!(ear.answer().await["data"]["tagMoved"]["tags"], json!(["seen"]));
        }
        assert_eq!(images.answer().await["data"]["imagePushed"]["digest"], seen);
        for ear in &mut log {
            assert_eq!(ear.ready(), None);
        }
        let mut own = stands(&alice, TAGS, json!({})).await;
        tag(&alice, "alice/secret/hello", "4.0").await;
        told(&app).await;
        assert_eq!(own.answer().await["data"]["tagMoved"]["tags"], json!(["4.0"]));
    }

    async fn what_an_event_refers_to_is_loaded_once_for_all_with_the_same_rights(app) {
        let alice = alice(&app).await;
        told(&app).await;
        let listeners = async |who: Client, number: usize| {
            join_all((0..number).map(|_| who.listen(TAGS, json!({})))).await
        };
        let mut cost = Vec::new();
        for (tag_name, number) in [("few", 2), ("many", 60)] {
            let mut all = listeners(app.anonymous(), number).await;
            all.extend(listeners(app.user(tag_name).await, number).await);
            tag(&alice, "alice/tools/hello", tag_name).await;
            let hear = async {
                told(&app).await;
                join_all(all.iter_mut().map(Listening::answer)).await
            };
            let (heard, statements) = app.statements_of(hear).await;
            for answer in heard {
                assert_eq!(answer["data"]["tagMoved"]["image"]["container"]["path"], "alice/tools/hello");
            }
            cost.push(statements);
        }
        // How many are gathered before all is loaded is up to the machine.
        assert!(cost[1] < cost[0] + 60, "{cost:?}");
    }

    async fn what_is_hidden_meanwhile_is_told_no_more(app) {
        let alice = alice(&app).await;
        told(&app).await;
        // What loads nothing is there as soon as it is told.
        let tags = "subscription { tagMoved(container: \"alice/tools/hello\") { tags } }";
        let mut anybody = stands(&app.anonymous(), tags, json!({})).await;
        tag(&alice, "alice/tools/hello", "2.0").await;
        told(&app).await;
        assert!(anybody.ready().is_some());
        let hide = json!({"id": "alice/tools", "visibility": "PRIVATE"});
        assert_eq!(refused(&alice, "updateCollection", hide).await, "");
        tag(&alice, "alice/tools/hello", "3.0").await;
        told(&app).await;
        assert_eq!(anybody.ready(), None);
    }

    async fn events_are_told_in_order_each_once_to_whoever_administers_the_place(app) {
        let alice = alice(&app).await;
        let bob = app.user("bob").await;
        told(&app).await;
        for (who, wanted) in [(&bob, "FORBIDDEN"), (&app.anonymous(), "UNAUTHENTICATED")] {
            let mut refused = who.listen(EVENTS, json!({"namespace": "alice"})).await;
            assert_eq!(end(&mut refused).await, wanted);
        }
        let mut all = stands(&alice, EVENTS, json!({"namespace": "alice"})).await;
        let only = json!({"namespace": "alice", "actions": ["tag"]});
        let mut tags = stands(&alice, EVENTS, only).await;
        let mut root = stands(&app.admin("root").await, EVENTS, json!({"actions": ["tag.set"]})).await;
        for name in ["a", "b", "c"] {
            tag(&alice, "alice/tools/hello", name).await;
            told(&app).await;
        }
        tag(&alice, "alice/secret/hello", "d").await;
        told(&app).await;
        told(&app).await;
        for ear in [&mut all, &mut tags, &mut root] {
            let mut heard = Vec::new();
            while let Some(Sent::Next(answer)) = ear.ready() {
                assert_eq!(field(&answer, "events", "action"), "tag.set");
                heard.push(field(&answer, "events", "targetName").to_owned());
            }
            let hello = "alice/tools/hello";
            assert_eq!(heard, [hello, hello, hello, "alice/secret/hello"]);
        }
    }

    async fn a_token_that_is_revoked_ends_what_listens_with_it(app) {
        let alice = alice(&app).await;
        told(&app).await;
        let mut ears = Vec::new();
        for _ in 0..2 {
            ears.push(stands(&alice, EVENTS, json!({"namespace": "alice"})).await);
        }
        let tokens = alice.graphql("{ viewer { tokens(first: 1) { nodes { id } } } }", json!({})).await;
        let first = tokens.pointer("/viewer/tokens/nodes/0/id").expect("a token");
        let other = app.holding("alice", Scope::Write).await;
        let mut stays = stands(&other, EVENTS, json!({"namespace": "alice", "actions": ["tag"]})).await;
        assert_eq!(refused(&other, "revokeToken", json!({"id": first})).await, "");
        tag(&other, "alice/tools/hello", "2.0").await;
        told(&app).await;
        for ear in &mut ears {
            assert_eq!(end(ear).await, "UNAUTHENTICATED");
        }
        let heard = stays.answer().await;
        assert_eq!(field(&heard, "events", "action"), "tag.set");
    }

    async fn an_account_that_is_disabled_hears_no_more(app) {
        alice(&app).await;
        let root = app.admin("root").await;
        let bob = app.user("bob").await;
        told(&app).await;
        let mut ear = stands(&bob, TAGS, json!({})).await;
        assert_eq!(refused(&root, "disableUser", json!({"id": "bob"})).await, "");
        told(&app).await;
        assert_eq!(end(&mut ear).await, "UNAUTHENTICATED");
    }

    async fn what_another_replica_did_is_told(app) {
        let alice = alice(&app).await;
        told(&app).await;
        let config = app.registry.config().clone();
        let secret = Secret::new(b"the secret of all tests, 32 bytes");
        let other = Registry::new(app.db.clone(), app.storage.clone(), secret, config.into());
        let other = Client::new(std::sync::Arc::new(poem::EndpointExt::boxed(http::endpoint(&other))));
        let mut ear = stands(&app.anonymous(), TAGS, json!({})).await;
        tag(&other.with_token(alice.token()), "alice/tools/hello", "2.0").await;
        told(&app).await;
        assert_eq!(ear.answer().await["data"]["tagMoved"]["tags"], json!(["2.0"]));
    }
}

#[tokio::test]
async fn the_server_tells_by_itself() {
    let app = TestApp::sqlite().await;
    let alice = alice(&app).await;
    let jobs = tokio::spawn(sifhub::jobs::run(app.registry.clone()));
    let listen = json!({"container": "alice/tools/hello"});
    let mut ear = app.anonymous().listen(TAGS, listen).await;
    tag(&alice, "alice/tools/hello", "2.0").await;
    while ear.answer().await["data"]["tagMoved"]["tags"] != json!(["2.0"]) {}
    let mut ear = alice.listen(TAGS, json!({})).await;
    let id = alice
        .graphql(
            "{ viewer { tokens(first: 1) { nodes { id } } } }",
            json!({}),
        )
        .await;
    let id = id.pointer("/viewer/tokens/nodes/0/id").expect("a token");
    assert_eq!(refused(&alice, "revokeToken", json!({"id": id})).await, "");
    while code(&ear.answer().await) != "UNAUTHENTICATED" {}
    jobs.abort();
}

#[tokio::test]
async fn whoever_falls_behind_hears_so() {
    let app = TestApp::sqlite().await;
    let alice = alice(&app).await;
    told(&app).await;
    let mut ear = stands(&alice, EVENTS, json!({"namespace": "alice"})).await;
    for number in 0..130 {
        tag(&alice, "alice/tools/hello", &format!("n{number}")).await;
    }
    told(&app).await;
    for _ in 0..128 {
        assert_eq!(field(&ear.answer().await, "events", "action"), "tag.set");
    }
    assert_eq!(end(&mut ear).await, "FELL_BEHIND");
}

#[tokio::test]
async fn a_server_that_stops_says_so_also_to_whoever_comes_later() {
    let app = TestApp::sqlite().await;
    let mut ear = stands(&app.anonymous(), TAGS, json!({})).await;
    app.registry.hush();
    assert_eq!(end(&mut ear).await, "UNAVAILABLE");
    let mut late = app.anonymous().listen(TAGS, json!({})).await;
    assert_eq!(end(&mut late).await, "UNAVAILABLE");
}

#[tokio::test]
async fn no_more_listen_than_are_allowed() {
    let app = TestApp::configured(|config| config.graphql.max_subscriptions = 1).await;
    let first = stands(&app.anonymous(), TAGS, json!({})).await;
    let mut second = app.anonymous().listen(TAGS, json!({})).await;
    assert_eq!(end(&mut second).await, "RATE_LIMITED");
    drop(first);
    stands(&app.anonymous(), TAGS, json!({})).await;
}

#[tokio::test]
async fn the_limits_of_queries_hold_for_subscriptions() {
    let app = TestApp::configured(|config| config.graphql.max_complexity = 3).await;
    let nobody = app.anonymous();
    let mut costly = nobody.listen(TAGS, json!({})).await;
    assert_eq!(end(&mut costly).await, "TOO_COMPLEX");
    let mut wrong = nobody.listen("subscription { nothing }", json!({})).await;
    assert_eq!(end(&mut wrong).await, "INVALID");
    let places = "subscription { tagMoved(namespace: \"a\", collection: \"a/b\") { id } }";
    let mut several = nobody.listen(places, json!({})).await;
    let answer = several.answer().await;
    assert_eq!(
        (code(&answer), super::field(&answer)),
        ("INVALID", "namespace")
    );
    let mut query = nobody.listen("{ server { version } }", json!({})).await;
    assert!(query.answer().await["data"]["server"]["version"].is_string());
    assert_eq!(query.next().await, Some(Sent::Complete));
    let as_json = nobody
        .try_graphql("subscription { tagMoved { id } }", json!({}))
        .await;
    assert_eq!(code(&as_json), "INVALID");
}
