//! Out of the trash, for good.
use std::time::Duration;

use serde_json::{Value, json};
use sifhub::{
    config::Duration as Span,
    registry::{
        blob::{Reason, collect, explain_one},
        trash::purge_due,
    },
};

use super::{BOX, delete, does, entry, refused, restore, time_passes, trash};
use crate::{
    support::{Client, TestApp, on_each_database},
    usage::{drifts, image},
};

/// How many bytes of blobs a collection without grace takes.
async fn collected(app: &TestApp) -> u64 {
    tokio::time::sleep(Duration::from_millis(5)).await;
    let operator = app.operator();
    let collected = collect(&operator, Duration::ZERO, false).await;
    collected.expect("a collection").bytes()
}

/// The actions that happened to what is or was somewhere, the oldest first.
async fn actions(who: &Client, noun: &str) -> Vec<Value> {
    let text = "query($noun: String!) { events(last: 100, filter: {action: $noun, namespace: \"alice\"}) { nodes { action targetName details } } }";
    let told = who.graphql(text, json!({ "noun": noun })).await;
    let mut events = told["events"]["nodes"].as_array().expect("nodes").clone();
    events.reverse();
    events
}

on_each_database! {
    async fn bytes_of_what_is_in_the_trash_stay_until_it_is_purged(app) {
        let alice = app.user("alice").await;
        for path in [BOX, "alice/tools"] {
            let digest = alice.push(BOX, "1", image(4096, 1)).await;
            delete(&alice, path).await;
            assert_eq!(collected(&app).await, 0);
            let decision = explain_one(&app.operator(), &digest.parse().expect("a digest")).await.expect("it is stored");
            let why: Vec<_> = decision.holds.iter().filter(|hold| hold.reason == Reason::Trash).collect();
            assert!(!why.is_empty(), "{decision:?}");
            assert!(why.iter().all(|hold| hold.until.is_some()), "{why:?}");
            let id = entry(&alice, path).await;
            does(&alice, "purge", json!({"id": id})).await;
            assert_eq!(drifts(&app).await, []);
            assert!(collected(&app).await > 4096);
            assert_eq!(drifts(&app).await, []);
            assert_eq!(refused(&alice, "restore", json!({"id": id})).await.0, "NOT_FOUND");
        }
    }

    async fn bytes_of_a_deleted_image_stay_until_it_is_purged(app) {
        let alice = app.user("alice").await;
        let digest = alice.push(BOX, "1", image(4096, 1)).await;
        alice.push(BOX, "2", image(4096, 2)).await;
        alice.delete("/v1/images/alice/tools/box:1?arch=amd64").await.expect(200);
        assert_eq!(collected(&app).await, 0);
        let decision = explain_one(&app.operator(), &digest.parse().expect("a digest")).await.expect("it is stored");
        let why: Vec<_> = decision.holds.iter().map(|hold| hold.reason).collect();
        assert!(why.contains(&Reason::Trash), "{decision:?}");
        time_passes(&app).await;
        assert_eq!(purge_due(&app.operator()).await.expect("a purge"), 1);
        assert_eq!(drifts(&app).await, []);
        assert!(collected(&app).await > 4096);
        assert_eq!(drifts(&app).await, []);
    }

    async fn blobs_that_no_manifest_names_stay_with_their_container(app) {
        let alice = app.user("alice").await;
        let digest = crate::oci::push_blob(&alice, BOX, b"nobody names me").await;
        delete(&alice, BOX).await;
        assert_eq!(collected(&app).await, 0);
        restore(&alice, BOX).await;
        assert_eq!(alice.get(&format!("/v2/{BOX}/blobs/{digest}")).await.status, 200);
        assert_eq!(collected(&app).await, 15);
    }

    async fn what_was_in_the_trash_for_long_enough_is_purged_and_nothing_else(app) {
        let alice = app.user("alice").await;
        alice.push(BOX, "1", image(4096, 1)).await;
        alice.push("alice/more/box", "1", image(4096, 2)).await;
        delete(&alice, BOX).await;
        delete(&alice, "alice/more").await;
        assert_eq!(purge_due(&app.operator()).await.expect("a purge"), 0);
        assert_eq!(trash(&alice).await.len(), 2);
        time_passes(&app).await;
        let (one, other) = (app.operator(), app.operator());
        // As two replicas would.
        let (one, other) = futures::join!(purge_due(&one), purge_due(&other));
        assert_eq!(one.expect("a purge") + other.expect("a purge"), 2);
        assert_eq!(trash(&alice).await, Vec::<Value>::new());
        assert_eq!(drifts(&app).await, []);
    }

    async fn events_tell_what_was_deleted_restored_and_purged_and_why(app) {
        let alice = app.user("alice").await;
        alice.push(BOX, "1", image(4096, 1)).await;
        delete(&alice, BOX).await;
        restore(&alice, BOX).await;
        delete(&alice, BOX).await;
        time_passes(&app).await;
        purge_due(&app.operator()).await.expect("a purge");
        let events = actions(&alice, "container").await;
        let told: Vec<_> = events.iter().map(|event| event["action"].as_str().unwrap_or_default()).collect();
        assert_eq!(told[told.len() - 4..], ["container.delete", "container.restore", "container.delete", "container.purge"]);
        for event in &events[events.len() - 4..] {
            assert_eq!(event["targetName"], BOX);
        }
        let deleted = &events[events.len() - 2]["details"];
        assert_eq!(deleted["reason"], "no longer needed");
        assert!(deleted["purge_at"].is_string(), "{deleted}");
    }

    async fn without_retention_what_is_deleted_goes_at_once(app) {
        let mut config = app.registry.config().clone();
        config.registry.trash_retention = Span::from_secs(0);
        let app = app.reconfigured(config);
        let alice = app.user("alice").await;
        for path in [BOX, "alice/tools"] {
            alice.push(BOX, "1", image(4096, 1)).await;
            delete(&alice, path).await;
            assert_eq!(trash(&alice).await, Vec::<Value>::new());
            assert_eq!(drifts(&app).await, []);
            assert!(collected(&app).await > 4096);
        }
        does(&alice, "deleteNamespace", json!({"id": "alice"})).await;
    }

    async fn namespace_goes_once_its_trash_is_empty(app) {
        let alice = app.user("alice").await;
        alice.push(BOX, "1", image(4096, 1)).await;
        alice.push("alice/tools/other", "1", image(4096, 2)).await;
        delete(&alice, BOX).await;
        delete(&alice, "alice/tools").await;
        let (code, why) = refused(&alice, "deleteNamespace", json!({"id": "alice"})).await;
        assert_eq!(code, "CONFLICT");
        assert!(why.contains("emptyTrash"), "{why}");
        let text = "mutation { emptyTrash(input: {namespace: \"alice\"}) { purged more } }";
        // The collection takes its container with it, whichever goes first.
        let emptied = alice.graphql(text, json!({})).await["emptyTrash"].clone();
        assert_eq!(emptied, json!({"purged": 2, "more": false}));
        assert_eq!(trash(&alice).await, Vec::<Value>::new());
        does(&alice, "deleteNamespace", json!({"id": "alice"})).await;
        assert_eq!(drifts(&app).await, []);
    }

    async fn wrong_input_is_refused_and_named(app) {
        let alice = app.user("alice").await;
        alice.push(BOX, "1", image(4096, 1)).await;
        let long = "x".repeat(1001);
        for (mutation, input) in [
            ("deleteContainer", json!({"id": BOX, "withContent": true, "reason": long})),
            ("restore", json!({"id": "trash:1"})), ("restore", json!({"id": "container:0000000000a1b2c3d4e5f607"})),
            ("purge", json!({"id": "alice/tools/box"})),
        ] {
            let (code, why) = refused(&alice, mutation, input).await;
            assert_eq!(code, "INVALID", "{mutation}: {why}");
        }
        for mutation in ["restore", "purge"] {
            let unknown = json!({"id": "trash:0000000000a1b2c3d4e5f607"});
            assert_eq!(refused(&alice, mutation, unknown).await.0, "NOT_FOUND");
        }
    }
}
