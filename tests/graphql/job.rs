//! Work that takes long: started, followed and cancelled.
use std::{future::pending, time::Duration};

use futures::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use sifhub::{
    error::Error,
    registry::{
        JobKind,
        job::{self, NewJob},
    },
};

use tokio::time::sleep;

use super::{code, field, refused};
use crate::support::{Client, Listening, Sent, SifBuilder, TestApp, on_each_database};

const PROGRESS: &str = "subscription($id: ID!) { jobProgress(id: $id) { state done total found } }";

async fn start(who: &Client, input: &Value) -> String {
    let text = "mutation($input: StartJobInput!) { startJob(input: $input) { job { id state } } }";
    let started = who.graphql(text, json!({"input": input})).await;
    let job = &started["startJob"]["job"];
    assert_eq!(job["state"], "WAITING");
    job["id"].as_str().expect("an id").to_owned()
}

/// Takes up what waits, as a server does.
async fn perform_next(app: &TestApp, kind: JobKind) {
    let operator = app.operator();
    let job = job::next(&operator, kind).await.expect("an answer");
    let job = job.expect("one that waits");
    job::perform(&operator, &job).await.expect("its end");
}

async fn shown(who: &Client, id: &str) -> Value {
    let text = "query($id: ID!) { node(id: $id) { ... on Job { kind state done total found failure startedAt endedAt askedBy { name } } } }";
    who.graphql(text, json!({"id": id})).await["node"].clone()
}

/// What is told of a job, to its end.
async fn heard(listening: &mut Listening) -> Vec<Value> {
    let mut heard = Vec::new();
    while let Some(Sent::Next(answer)) = listening.next().await {
        heard.push(answer["data"]["jobProgress"].clone());
    }
    heard
}

fn recount(app: &TestApp) -> NewJob {
    NewJob {
        kind: JobKind::Recount,
        before: app.operator().now(),
        rate: None,
        mend: false,
    }
}

on_each_database! {
    async fn scrub_is_started_and_followed_to_its_end(app) {
        let (root, alice) = (app.admin("root").await, app.user("alice").await);
        for seed in 0..3 {
            alice.push("alice/tools/box", &format!("{seed}"), SifBuilder::new("amd64").payload(4096, seed)).await;
        }
        let id = start(&root, &json!({"kind": "SCRUB", "rate": "1000000000"})).await;
        let mut listening = root.listen(PROGRESS, json!({"id": id})).await;
        assert_eq!(listening.status, 200);
        let (told, ()) = tokio::join!(heard(&mut listening), perform_next(&app, JobKind::Scrub));
        // Each image, and the empty configuration of their manifests.
        assert_eq!(told.last(), Some(&json!({"state": "DONE", "done": 4, "total": 4, "found": 0})), "{told:?}");
        let shown = shown(&root, &id).await;
        assert_eq!((&shown["kind"], &shown["askedBy"]["name"]), (&json!("SCRUB"), &json!("root")));
        assert!(shown["startedAt"].is_string() && shown["endedAt"].is_string() && shown["failure"].is_null(), "{shown}");
        let log = root.graphql(r#"{ events(first: 5, filter: {action: "job"}) { nodes { action actor { name } } } }"#, json!({})).await;
        assert_eq!(log["events"]["nodes"], json!([{"action": "job.start", "actor": {"name": "root"}}]));
    }

    async fn garbage_and_sums_are_told_in_numbers(app) {
        let (root, alice) = (app.admin("root").await, app.user("alice").await);
        crate::oci::push_blob(&alice, "alice/tools/box", b"nobody names me").await;
        sleep(Duration::from_millis(5)).await;
        let collect = start(&root, &json!({"kind": "COLLECT", "before": app.operator().now()})).await;
        perform_next(&app, JobKind::Collect).await;
        let gone = shown(&root, &collect).await;
        assert_eq!((&gone["state"], &gone["found"]), (&json!("DONE"), &json!(1)), "{gone}");
        let recount = start(&root, &json!({"kind": "RECOUNT", "mend": true})).await;
        perform_next(&app, JobKind::Recount).await;
        let counted = shown(&root, &recount).await;
        assert_eq!((&counted["state"], &counted["found"]), (&json!("DONE"), &json!(0)), "{counted}");
        assert_eq!(counted["done"], counted["total"]);
    }

    async fn job_is_about_the_past(app) {
        let root = app.admin("root").await;
        for kind in ["SCRUB", "COLLECT", "RECOUNT"] {
            let input = json!({"kind": kind, "before": "2100-01-01T00:00:00Z"});
            let text = "mutation($input: StartJobInput!) { startJob(input: $input) { job { id } } }";
            let answer = root.try_graphql(text, json!({"input": input})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.before"), "{kind}");
        }
    }

    async fn of_many_who_ask_for_the_same_job_at_once_one_gets_it(app) {
        let root = app.admin("root").await;
        let ask = || refused(&root, "startJob", json!({"kind": "SCRUB"}));
        let answers = join_all((0..8).map(|_| ask())).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_empty()).count(), 1, "{answers:?}");
        let waiting = root.graphql("{ jobs { totalCount } }", json!({})).await;
        assert_eq!(waiting["jobs"]["totalCount"], 1);
    }

    async fn job_that_was_taken_for_lost_stops_and_stays_failed(app) {
        let root = app.admin("root").await;
        let operator = app.operator();
        let stalled = job::run(&operator, recount(&app), async |_| {
            // It may say at any moment that it is there.
            while root.graphql("{ jobs(state: RUNNING) { totalCount } }", json!({})).await["jobs"]["totalCount"] == 1 {
                app.db.execute_unprepared("UPDATE job SET seen_at = '2001-01-01 00:00:00+00:00'").await.expect("long ago");
                job::tidy(&operator).await.expect("it is tidy");
            }
            pending::<Result<(), Error>>().await
        });
        stalled.await.expect_err("it stops");
        let jobs = root.graphql("{ jobs { nodes { state failure } } }", json!({})).await;
        assert_eq!(jobs["jobs"]["nodes"][0]["state"], "FAILED", "{jobs}");
        assert!(jobs["jobs"]["nodes"][0]["failure"].is_string());
    }

    async fn one_of_a_kind_waits_or_runs_at_a_time(app) {
        let root = app.admin("root").await;
        let first = start(&root, &json!({"kind": "SCRUB"})).await;
        assert_eq!(refused(&root, "startJob", json!({"kind": "SCRUB"})).await, "CONFLICT");
        start(&root, &json!({"kind": "RECOUNT"})).await;
        assert_eq!(refused(&root, "cancelJob", json!({"id": first})).await, "");
        assert_eq!(shown(&root, &first).await["state"], "CANCELLED");
        assert_eq!(refused(&root, "cancelJob", json!({"id": first})).await, "CONFLICT");
        start(&root, &json!({"kind": "SCRUB"})).await;
    }

    async fn job_that_is_cancelled_stops_and_says_so(app) {
        let root = app.admin("root").await;
        let operator = app.operator();
        let endless = job::run(&operator, recount(&app), async |_| pending::<Result<(), Error>>().await);
        let cancel = async {
            let running = "{ jobs(state: RUNNING) { nodes { id askedBy { name } } } }";
            let id = loop {
                let jobs = root.graphql(running, json!({})).await;
                if let Some(id) = jobs["jobs"]["nodes"][0]["id"].as_str() {
                    break id.to_owned();
                }
            };
            assert_eq!(refused(&root, "cancelJob", json!({"id": id})).await, "");
            id
        };
        let (stopped, id) = tokio::join!(endless, cancel);
        assert!(matches!(stopped, Err(Error::Conflict(_))), "{stopped:?}");
        assert_eq!(shown(&root, &id).await["state"], "CANCELLED");
    }

    async fn job_that_fails_says_why(app) {
        let root = app.admin("root").await;
        let operator = app.operator();
        let failing = job::run(&operator, recount(&app), async |_| Err::<(), _>(Error::Conflict("the disk is full".into())));
        failing.await.expect_err("a failure");
        let jobs = root.graphql("{ jobs { totalCount nodes { state failure } } }", json!({})).await;
        assert_eq!(jobs["jobs"], json!({"totalCount": 1, "nodes": [{"state": "FAILED", "failure": "the disk is full"}]}));
    }

    async fn job_whose_server_is_gone_fails_and_can_be_started_again(app) {
        let root = app.admin("root").await;
        let id = start(&root, &json!({"kind": "SCRUB"})).await;
        let operator = app.operator();
        job::next(&operator, JobKind::Scrub).await.expect("an answer").expect("one that waits");
        job::tidy(&operator).await.expect("it is tidy");
        assert_eq!(shown(&root, &id).await["state"], "RUNNING");
        app.db.execute_unprepared("UPDATE job SET seen_at = '2001-01-01 00:00:00+00:00'").await.expect("long ago");
        job::tidy(&operator).await.expect("it is tidy");
        let lost = shown(&root, &id).await;
        assert_eq!(lost["state"], "FAILED");
        assert!(lost["failure"].as_str().expect("words").contains("start it again"), "{lost}");
        start(&root, &json!({"kind": "SCRUB"})).await;
        perform_next(&app, JobKind::Scrub).await;
        app.db.execute_unprepared("UPDATE job SET ended_at = '2001-01-01 00:00:00+00:00'").await.expect("long ago");
        job::tidy(&operator).await.expect("it is tidy");
        assert_eq!(root.graphql("{ jobs { totalCount } }", json!({})).await["jobs"]["totalCount"], 0);
    }

    async fn jobs_are_nobody_elses_to_see_or_to_stop(app) {
        let (root, bob) = (app.admin("root").await, app.user("bob").await);
        let id = start(&root, &json!({"kind": "SCRUB"})).await;
        for (who, refusal) in [(&bob, "FORBIDDEN"), (&app.anonymous(), "UNAUTHENTICATED")] {
            assert_eq!(shown(who, &id).await, Value::Null);
            assert_eq!(refused(who, "startJob", json!({"kind": "RECOUNT"})).await, refusal);
            assert_eq!(refused(who, "cancelJob", json!({"id": id})).await, refusal);
            assert_eq!(code(&who.try_graphql("{ jobs { totalCount } }", json!({})).await), refusal);
            let answer = who.listen(PROGRESS, json!({"id": id})).await.answer().await;
            assert_eq!(code(&answer), "NOT_FOUND");
        }
        let answer = root.listen(PROGRESS, json!({"id": "user:000000000000000000000001"})).await.answer().await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "id"));
    }
}
