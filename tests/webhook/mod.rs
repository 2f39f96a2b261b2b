//! Webhooks: what happens is told to other servers, signed, in order, and to nobody it is not meant for.
mod receiver;

use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use sifhub::{
    config::Config,
    registry::{Scope, webhook},
};

use crate::support::{Client, SifBuilder, TestApp, on_each_database};
use receiver::{Receiver, verify};

const CREATE: &str = "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { secret webhook { id url actions active } } }";
const LOG: &str = "query($id: ID!) { node(id: $id) { ... on Webhook { active disabledAt failingSince
    deliveries(first: 100) { totalCount nodes { id state attempts status error duration response nextAttemptAt event { action } } } } } }";

/// The server's own work, until it is dropped.
struct Jobs(tokio::task::JoinHandle<()>);

impl Drop for Jobs {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn work(app: &TestApp) -> Jobs {
    Jobs(tokio::spawn(sifhub::jobs::run(app.registry.clone())))
}

/// The same server, which may tell this machine and is impatient.
fn told(app: TestApp, change: impl FnOnce(&mut Config)) -> TestApp {
    let mut config = app.registry.config().clone();
    config.webhook.allow_private = vec!["127.0.0.0/8".parse().expect("a network")];
    config.webhook.first_retry = sifhub::config::Duration::from_millis(1);
    change(&mut config);
    app.reconfigured(config)
}

async fn create(who: &Client, input: Value) -> (String, String) {
    let data = who.graphql(CREATE, json!({"input": input})).await;
    let made = &data["createWebhook"];
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&made["webhook"]["id"]), text(&made["secret"]))
}

async fn refused(who: &Client, operation: &str, input: Value) -> (String, String) {
    let kind = operation[..1].to_uppercase() + &operation[1..];
    let text =
        format!("mutation($input: {kind}Input!) {{ {operation}(input: $input) {{ __typename }} }}");
    let answer = who.try_graphql(&text, json!({"input": input})).await;
    let extension = |name: &str| {
        answer["errors"][0]["extensions"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    (extension("code"), extension("field"))
}

async fn log(who: &Client, id: &str) -> Value {
    who.graphql(LOG, json!({"id": id})).await["node"].clone()
}

/// The log, once it says so.
async fn log_when(who: &Client, id: &str, good: impl Fn(&Value) -> bool) -> Value {
    let started = Instant::now();
    loop {
        let log = log(who, id).await;
        if good(&log) {
            return log;
        }
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "never: {log:#}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn newest(log: &Value) -> &Value {
    &log["deliveries"]["nodes"][0]
}

async fn alice(app: &TestApp) -> Client {
    let alice = app.user("alice").await;
    alice
        .push("alice/tools/hello", "1.0", SifBuilder::new("amd64"))
        .await;
    alice
}

on_each_database! {
    async fn what_happens_in_a_place_is_told_signed_and_in_order(app) {
        let app = told(app, |_| {});
        let alice = alice(&app).await;
        let receiver = Receiver::start(200).await;
        let (id, secret) = create(&alice, json!({"container": "alice/tools/hello", "url": receiver.url("/hook"), "actions": ["image.push", "tag"]})).await;
        let _jobs = work(&app);
        alice.push("alice/tools/hello", "2.0", SifBuilder::new("amd64").payload(4096, 7)).await;
        alice.push("alice/tools/elsewhere", "1.0", SifBuilder::new("amd64").payload(4096, 8)).await;
        let seen = receiver.seen(2).await;
        assert_eq!(seen.iter().map(|one| one.body["type"].clone()).collect::<Vec<_>>(), ["image.push", "tag.set"]);
        for one in &seen {
            assert!(verify(&secret, one), "{one:?}");
            assert_eq!(one.path, "/hook");
        }
        let data = &seen[1].body["data"];
        assert_eq!(data["target"], "alice/tools/hello");
        assert_eq!(data["actor"]["name"], "alice");
        assert_eq!(data["details"]["tag"], "2.0");
        let log = log_when(&alice, &id, |log| newest(log)["state"] == "DELIVERED").await;
        assert_eq!(log["deliveries"]["totalCount"], 2);
        assert_eq!(newest(&log)["status"], 200);
        assert_eq!(newest(&log)["response"], "thank you");
        assert_eq!(newest(&log)["event"]["action"], "tag.set");
        assert_eq!(receiver.count(), 2);
    }

    async fn what_fails_is_sent_again_until_it_arrives_in_order(app) {
        let app = told(app, |_| {});
        let alice = alice(&app).await;
        let receiver = Receiver::start(503).await;
        let (id, _) = create(&alice, json!({"namespace": "alice", "url": receiver.url("/"), "actions": ["image.push", "tag.set"]})).await;
        let _jobs = work(&app);
        alice.push("alice/tools/hello", "2.0", SifBuilder::new("amd64").payload(4096, 7)).await;
        let failing = log_when(&alice, &id, |log| log["deliveries"]["nodes"][1]["attempts"].as_i64() > Some(1)).await;
        assert_eq!(failing["deliveries"]["nodes"][1]["status"], 503);
        assert_ne!(failing["failingSince"], Value::Null);
        // Nothing overtakes what does not arrive.
        assert_eq!(newest(&failing)["attempts"], 0);
        receiver.answer(200);
        let log = log_when(&alice, &id, |log| newest(log)["state"] == "DELIVERED").await;
        assert_eq!(log["failingSince"], Value::Null);
        let seen = receiver.seen(2).await;
        let arrived: Vec<_> = seen.iter().filter(|one| one.answered == 200).map(|one| one.body["type"].clone()).collect();
        assert_eq!(arrived, ["image.push", "tag.set"]);
    }

    async fn what_is_claimed_by_a_process_that_dies_is_told_by_another(app) {
        let app = told(app, |_| {});
        let alice = alice(&app).await;
        let receiver = Receiver::start(200).await;
        let (id, _) = create(&alice, json!({"namespace": "alice", "url": receiver.url("/")})).await;
        let operator = app.operator();
        while webhook::dispatch(&operator).await.expect("a database") > 0 {}
        assert!(webhook::claim(&operator).await.expect("a database").is_some());
        assert!(webhook::claim(&operator).await.expect("a database").is_none());
        app.db.execute_unprepared("update webhook set claimed_until = created_at").await.expect("an old claim");
        let _jobs = work(&app);
        let log = log_when(&alice, &id, |log| newest(log)["state"] == "DELIVERED").await;
        assert_eq!(newest(&log)["attempts"], 1);
    }

    async fn replicas_tell_each_event_once(app) {
        let app = told(app, |_| {});
        let alice = alice(&app).await;
        let receiver = Receiver::start(200).await;
        let (id, _) = create(&alice, json!({"namespace": "alice", "url": receiver.url("/"), "actions": ["tag.set"]})).await;
        let _jobs = [work(&app), work(&app), work(&app)];
        for tag in 0..20 {
            let input = json!({"container": "alice/tools/hello", "name": format!("t{tag}"), "image": image(&alice).await});
            assert_eq!(refused(&alice, "setTag", input).await.0, "");
        }
        log_when(&alice, &id, |log| log["deliveries"]["nodes"].as_array().is_some_and(|all| all.len() == 20 && all.iter().all(|one| one["state"] == "DELIVERED"))).await;
        let told: Vec<_> = receiver.seen(20).await.iter().map(|one| one.body["data"]["details"]["tag"].clone()).collect();
        let wanted: Vec<_> = (0..20).map(|tag| json!(format!("t{tag}"))).collect();
        assert_eq!(told, wanted);
    }

    async fn a_place_that_is_nearly_full_is_told_of(app) {
        let app = told(app, |_| {});
        let (root, alice) = (app.admin("root").await, alice(&app).await);
        let quota = json!({"id": "alice", "quota": {"limitImages": 2}});
        assert_eq!(refused(&root, "setNamespaceQuota", quota).await.0, "");
        let receiver = Receiver::start(200).await;
        create(&alice, json!({"namespace": "alice", "url": receiver.url("/"), "actions": ["namespace.quota_warning"]})).await;
        let _jobs = work(&app);
        alice.push("alice/tools/hello", "2.0", SifBuilder::new("amd64").payload(4096, 7)).await;
        let told = receiver.seen(1).await[0].body["data"].clone();
        assert_eq!(told["target"], "alice");
        assert_eq!((&told["details"]["used_images"], &told["details"]["limit_images"]), (&json!(2), &json!(2)), "{told}");
    }

    async fn webhooks_are_made_and_seen_by_administrators_of_their_place_alone(app) {
        let app = told(app, |_| {});
        let alice = alice(&app).await;
        let receiver = Receiver::start(200).await;
        let url = receiver.url("/");
        let (id, secret) = create(&alice, json!({"collection": "alice/tools", "url": url})).await;
        let others = [(app.user("bob").await, "FORBIDDEN"), (app.holding("alice", Scope::Read).await, "FORBIDDEN"), (app.anonymous(), "UNAUTHENTICATED")];
        for (who, why) in others {
            for place in [json!({"namespace": "alice", "url": url}), json!({"collection": "alice/tools", "url": url}), json!({"url": url})] {
                assert_eq!(refused(&who, "createWebhook", place).await.0, why);
            }
            for (operation, input) in [("updateWebhook", json!({"id": id, "active": false})), ("deleteWebhook", json!({"id": id})), ("pingWebhook", json!({"id": id}))] {
                assert_eq!(refused(&who, operation, input).await.0, "NOT_FOUND", "{operation}");
            }
            assert_eq!(log(&who, &id).await, Value::Null);
            assert_eq!(who.graphql("{ webhooks { totalCount } }", json!({})).await["webhooks"]["totalCount"], 0);
        }
        assert_eq!(refused(&alice, "createWebhook", json!({"url": url})).await.0, "FORBIDDEN");
        let root = app.admin("root").await;
        create(&root, json!({"url": url})).await;
        assert_eq!(alice.graphql("{ webhooks { totalCount } }", json!({})).await["webhooks"]["totalCount"], 1);
        let rows = app.db.query_all_raw(sea_orm::Statement::from_string(app.db.get_database_backend(), "select secret from webhook")).await.expect("rows");
        for row in rows {
            let kept: String = row.try_get("", "secret").expect("a secret");
            assert!(!kept.contains(&secret[6..]));
        }
    }

    async fn whoever_loses_a_place_is_told_nothing_more(app) {
        let app = told(app, |_| {});
        let (alice, bob) = (alice(&app).await, app.user("bob").await);
        let (root, other) = (app.admin("root").await, app.admin("other").await);
        let receiver = Receiver::start(200).await;
        let grant = json!({"user": "bob", "level": "ADMIN", "container": "alice/tools/hello"});
        assert_eq!(refused(&alice, "setGrant", grant.clone()).await.0, "");
        let (of_bob, _) = create(&bob, json!({"container": "alice/tools/hello", "url": receiver.url("/bob")})).await;
        let (of_site, _) = create(&other, json!({"url": receiver.url("/site")})).await;
        let (of_alice, _) = create(&alice, json!({"namespace": "alice", "url": receiver.url("/alice"), "actions": ["tag.set"]})).await;
        let operator = app.operator();
        // What was handed out before is not sent either.
        while webhook::dispatch(&operator).await.expect("a database") > 0 {}
        let grants = alice.graphql("{ container(path: \"alice/tools/hello\") { grants { nodes { id } } } }", json!({})).await;
        let id = grants["container"]["grants"]["nodes"][0]["id"].clone();
        assert_eq!(refused(&alice, "removeGrant", json!({"id": id})).await.0, "");
        assert_eq!(refused(&root, "setUserRole", json!({"id": "other", "role": "USER"})).await.0, "");
        let _jobs = work(&app);
        alice.push("alice/tools/hello", "2.0", SifBuilder::new("amd64").payload(4096, 7)).await;
        log_when(&alice, &of_alice, |log| newest(log)["state"] == "DELIVERED").await;
        for id in [&of_bob, &of_site] {
            let log = log_when(&root, id, |log| log["disabledAt"] != Value::Null).await;
            assert_eq!(log["active"], false);
            assert!(log["deliveries"]["nodes"].as_array().is_some_and(|all| all.iter().all(|one| one["attempts"] == 0)), "{log}");
        }
        assert!(receiver.seen(1).await.iter().all(|one| one.path == "/alice"));
        let events = "{ events(filter: {action: \"webhook.disable\"}) { totalCount } }";
        assert_eq!(root.graphql(events, json!({})).await["events"]["totalCount"], 2);
        // Somebody else takes it over.
        assert_eq!(refused(&alice, "updateWebhook", json!({"id": of_bob, "active": true})).await.0, "");
        log_when(&alice, &of_bob, |log| newest(log)["state"] == "DELIVERED").await;
        root.graphql("mutation { disableUser(input: {id: \"alice\"}) { __typename } }", json!({})).await;
        let input = json!({"id": "alice/tools/hello", "description": "d"});
        assert_eq!(refused(&root, "updateContainer", input).await.0, "");
        log_when(&root, &of_bob, |log| log["disabledAt"] != Value::Null).await;
    }

    async fn what_never_arrives_is_given_up_and_can_be_sent_again(app) {
        let app = told(app, |config| config.webhook.give_up_after = sifhub::config::Duration::from_millis(0));
        let alice = alice(&app).await;
        let receiver = Receiver::start(410).await;
        let (id, _) = create(&alice, json!({"namespace": "alice", "url": receiver.url("/"), "actions": ["tag.set"]})).await;
        let _jobs = work(&app);
        alice.push("alice/tools/hello", "2.0", SifBuilder::new("amd64").payload(4096, 7)).await;
        let log = log_when(&alice, &id, |log| newest(log)["state"] == "FAILED").await;
        let delivery = newest(&log)["id"].clone();
        receiver.answer(200);
        assert_eq!(refused(&app.user("bob").await, "redeliver", json!({"id": delivery})).await.0, "NOT_FOUND");
        assert_eq!(refused(&alice, "redeliver", json!({"id": delivery})).await.0, "");
        log_when(&alice, &id, |log| newest(log)["state"] == "DELIVERED").await;
        let seen = receiver.seen(2).await;
        assert_eq!(seen[0].header("webhook-id"), seen[1].header("webhook-id"));
    }

    async fn a_webhook_that_never_works_is_switched_off_and_can_be_switched_on(app) {
        let app = told(app, |config| config.webhook.disable_after = sifhub::config::Duration::from_millis(0));
        let alice = alice(&app).await;
        let receiver = Receiver::start(500).await;
        let (id, _) = create(&alice, json!({"namespace": "alice", "url": receiver.url("/"), "actions": ["tag.set"]})).await;
        let _jobs = work(&app);
        assert_eq!(refused(&alice, "pingWebhook", json!({"id": id})).await.0, "");
        let log = log_when(&alice, &id, |log| log["disabledAt"] != Value::Null).await;
        assert_eq!(log["active"], false);
        let told = "{ events(filter: {namespace: \"alice\", action: \"webhook.disable\"}) { nodes { actorKind job } } }";
        assert_eq!(alice.graphql(told, json!({})).await["events"]["nodes"], json!([{"actorKind": "SYSTEM", "job": "webhook"}]));
        assert_eq!(refused(&alice, "pingWebhook", json!({"id": id})).await.0, "CONFLICT");
        receiver.answer(200);
        assert_eq!(refused(&alice, "updateWebhook", json!({"id": id, "active": true})).await.0, "");
        let log = log_when(&alice, &id, |log| newest(log)["state"] == "DELIVERED").await;
        assert_eq!(newest(&log)["event"]["action"], "webhook.ping");
    }
}

async fn image(who: &Client) -> Value {
    let query = "{ image(path: \"alice/tools/hello\", reference: \"1.0\") { id } }";
    who.graphql(query, json!({})).await["image"]["id"].clone()
}

#[tokio::test]
async fn private_addresses_are_refused_when_a_webhook_is_saved() {
    let app = TestApp::sqlite().await;
    let alice = alice(&app).await;
    for url in [
        "http://127.0.0.1/",
        "http://localhost:8080/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://10.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://169.254.169.254/latest/meta-data/",
        "ftp://example.org/",
        "https://user:secret@8.8.8.8/",
        "https://8.8.8.8/#x",
        "no url",
        "",
    ] {
        let input = json!({"namespace": "alice", "url": url});
        let wanted = ("INVALID".to_owned(), "input.url".to_owned());
        assert_eq!(
            refused(&alice, "createWebhook", input).await,
            wanted,
            "{url}"
        );
    }
    create(
        &alice,
        json!({"namespace": "alice", "url": "https://8.8.8.8/"}),
    )
    .await;
    for (input, field) in [
        (json!({"secret": "short"}), "input.secret"),
        (json!({"actions": ["Image.Push"]}), "input.actions"),
        (json!({"actions": vec!["a"; 51]}), "input.actions"),
        (json!({"container": "alice/tools/hello"}), "input"),
    ] {
        let mut all = json!({"namespace": "alice", "url": "https://8.8.8.8/"});
        all.as_object_mut()
            .expect("an object")
            .extend(input.as_object().expect("an object").clone());
        assert_eq!(
            refused(&alice, "createWebhook", all).await,
            ("INVALID".into(), field.into())
        );
    }
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_later_is_refused_when_it_is_sent_to() {
    let app = told(TestApp::sqlite().await, |_| {});
    let alice = alice(&app).await;
    let receiver = Receiver::start(200).await;
    let by_name = receiver.url("/").replace("127.0.0.1", "localhost");
    for url in [by_name, receiver.url("/")] {
        create(&alice, json!({"namespace": "alice", "url": url})).await;
    }
    let app = told(app, |config| config.webhook.allow_private.clear());
    let _jobs = work(&app);
    let ids = alice
        .graphql("{ webhooks { nodes { id } } }", json!({}))
        .await["webhooks"]["nodes"]
        .clone();
    for id in ids.as_array().expect("webhooks") {
        let id = id["id"].as_str().expect("an id");
        assert_eq!(
            refused(&alice, "pingWebhook", json!({"id": id})).await.0,
            ""
        );
        // The first refusal holds up all that is to go there.
        log_when(&alice, id, |log| {
            log.to_string().contains("private address")
        })
        .await;
    }
    assert_eq!(receiver.count(), 0);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let app = told(TestApp::sqlite().await, |_| {});
    let alice = alice(&app).await;
    let (first, second) = (Receiver::start(302).await, Receiver::start(200).await);
    first.point_to(&second.url("/"));
    let (id, _) = create(&alice, json!({"namespace": "alice", "url": first.url("/")})).await;
    let _jobs = work(&app);
    let log = log_when(&alice, &id, |log| newest(log)["status"] == 302).await;
    assert_eq!(newest(&log)["state"], "PENDING");
    assert_eq!(second.count(), 0);
}

#[tokio::test]
async fn a_receiver_that_is_slow_or_gone_gets_it_later() {
    let app = told(TestApp::sqlite().await, |config| {
        config.webhook.timeout = sifhub::config::Duration::from_millis(300);
    });
    let alice = alice(&app).await;
    let mut receiver = Receiver::start(0).await;
    let (id, _) = create(
        &alice,
        json!({"namespace": "alice", "url": receiver.url("/"), "actions": ["tag.set"]}),
    )
    .await;
    let _jobs = work(&app);
    alice
        .push(
            "alice/tools/hello",
            "2.0",
            SifBuilder::new("amd64").payload(4096, 7),
        )
        .await;
    let log = log_when(&alice, &id, |log| newest(log)["error"] != Value::Null).await;
    assert_eq!(newest(&log)["error"], "no answer in time");
    receiver.stop().await;
    log_when(&alice, &id, |log| {
        newest(log)["error"]
            .as_str()
            .is_some_and(|why| why != "no answer in time")
    })
    .await;
    receiver.answer(200);
    receiver.start_again().await;
    log_when(&alice, &id, |log| newest(log)["state"] == "DELIVERED").await;
}
