//! Many at once.
use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use sifhub::registry::{
    Scope,
    blob::collect,
    trash::{self as bin, purge_due},
};

use super::{BOX, does, time_passes, trash};
use crate::{
    support::{Client, on_each_database},
    usage::{drifts, image},
};

const BULK: &str =
    "mutation($input: BulkDeleteInput!) { bulkDelete(input: $input) { deletedCount size freed more
    items { id path size refusal { code message } } } }";

async fn bulk(who: &Client, input: Value) -> Value {
    who.graphql(BULK, json!({ "input": input })).await["bulkDelete"].clone()
}

async fn images(who: &Client) -> u64 {
    let told = who.graphql("{ images { totalCount } }", json!({})).await;
    told["images"]["totalCount"].as_u64().expect("a number")
}

async fn id_of(who: &Client, path: &str, reference: &str) -> Value {
    let text = "query($path: ContainerPath!, $reference: String!) { image(path: $path, reference: $reference) { id } }";
    who.graphql(text, json!({"path": path, "reference": reference}))
        .await["image"]["id"]
        .clone()
}

fn paths(bulk: &Value) -> Vec<String> {
    let items = bulk["items"].as_array().expect("items").iter();
    items
        .map(|item| item["path"].as_str().unwrap_or_default().to_owned())
        .collect()
}

on_each_database! {
    async fn dry_run_tells_what_would_go_and_how_much_is_freed(app) {
        let alice = app.user("alice").await;
        alice.push(BOX, "1", image(4096, 1)).await;
        alice.push(BOX, "2", image(4096, 2)).await;
        alice.push("alice/tools/other", "1", image(4096, 1)).await;
        alice.push("alice/more/third", "1", image(4096, 3)).await;
        let ids = json!([id_of(&alice, BOX, "1").await, id_of(&alice, BOX, "2").await, "alice/more"]);
        let mut input = json!({"ids": ids, "withContent": true, "reason": "too many", "dryRun": true});
        let told = bulk(&alice, input.clone()).await;
        assert_eq!(told["deletedCount"], 3);
        assert_eq!(paths(&told)[2], "alice/more");
        assert!(told["items"].as_array().expect("items").iter().all(|item| item["refusal"].is_null()), "{told}");
        assert_eq!((images(&alice).await, trash(&alice).await.len()), (4, 0));
        input["dryRun"] = json!(false);
        assert_eq!(bulk(&alice, input).await, told);
        assert_eq!((images(&alice).await, trash(&alice).await.len()), (1, 3));
        assert!(trash(&alice).await.iter().all(|entry| entry["reason"] == "too many"));
        assert_eq!(drifts(&app).await, []);
        time_passes(&app).await;
        assert_eq!(purge_due(&app.operator()).await.expect("a purge"), 3);
        tokio::time::sleep(Duration::from_millis(5)).await;
        let operator = app.operator();
        let collected = collect(&operator, Duration::ZERO, false).await.expect("a collection");
        assert_eq!(told["freed"], collected.bytes().to_string());
    }

    async fn what_is_refused_stays_and_the_rest_goes(app) {
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        alice.push(BOX, "v1", image(4096, 1)).await;
        alice.push(BOX, "2", image(4096, 2)).await;
        bob.push("bob/tools/box", "1", image(4096, 3)).await;
        does(&alice, "setImmutableTags", json!({"id": BOX, "immutableTags": ["v*"]})).await;
        let ids = json!([id_of(&alice, BOX, "v1").await, id_of(&alice, BOX, "2").await, "bob/tools/box", "image:0000000000a1b2c3d4e5f607", "alice/tools"]);
        for dry_run in [true, false] {
            let told = bulk(&alice, json!({"ids": ids, "dryRun": dry_run})).await;
            let codes: Vec<_> = told["items"].as_array().expect("items").iter().map(|item| item["refusal"]["code"].as_str().unwrap_or_default().to_owned()).collect();
            assert_eq!(codes, ["CONFLICT", "", "FORBIDDEN", "NOT_FOUND", "CONFLICT"]);
            assert_eq!(told["deletedCount"], 1);
        }
        assert_eq!(images(&alice).await, 2);
        assert_eq!(drifts(&app).await, []);
    }

    async fn images_are_chosen_by_age_use_and_tags(app) {
        let alice = app.user("alice").await;
        for (number, tag) in [(1, "old"), (2, "used"), (3, "new"), (4, "moving")] {
            alice.push(BOX, tag, image(4096, number)).await;
        }
        alice.push("alice/more/box", "old", image(4096, 6)).await;
        let bare = alice.push(BOX, "moving", image(4096, 5)).await;
        let untagged = bulk(&alice, json!({"images": {"container": BOX, "untagged": true}, "dryRun": true})).await;
        assert_eq!(untagged["deletedCount"], 1);
        assert_ne!(paths(&untagged), [format!("{BOX}@{bare}")]);
        let aged = "UPDATE image SET uploaded_at = '2020-01-01 00:00:00+00:00' WHERE id IN (SELECT image_id FROM tag WHERE name IN ('old', 'used'))";
        app.db.execute_unprepared(aged).await.expect("an update");
        let pulled = "UPDATE image SET last_pulled_at = '2026-01-01 00:00:00+00:00' WHERE id IN (SELECT image_id FROM tag WHERE name = 'used')";
        app.db.execute_unprepared(pulled).await.expect("an update");
        for (choice, count) in [
            (json!({"namespace": "alice", "pushedBefore": "2021-01-01T00:00:00Z"}), 3),
            (json!({"collection": "alice/tools", "pushedBefore": "2021-01-01T00:00:00Z"}), 2),
            (json!({"collection": "alice/tools", "unusedSince": "2021-01-01T00:00:00Z"}), 1),
            (json!({"namespace": "alice", "pushedBefore": "2021-01-01T00:00:00Z", "untagged": true}), 0),
            (json!({"namespace": "alice"}), 6),
        ] {
            let told = bulk(&alice, json!({"images": choice, "dryRun": true})).await;
            assert_eq!((&told["deletedCount"], &told["more"]), (&json!(count), &json!(false)), "{choice}");
        }
    }

    async fn freed_bytes_tell_nothing_of_what_is_hidden(app) {
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        alice.push(BOX, "1", image(4096, 1)).await;
        let ask = json!({"ids": [BOX], "withContent": true, "dryRun": true});
        let alone = bulk(&alice, ask.clone()).await;
        assert_ne!(alone["freed"], "0");
        let new = "mutation { createCollection(input: {namespace: \"bob\", name: \"secret\", visibility: PRIVATE}) { collection { id } } }";
        bob.graphql(new, json!({})).await;
        bob.push("bob/secret/box", "1", image(4096, 1)).await;
        assert_eq!(bulk(&alice, ask.clone()).await, alone);
        bob.push("bob/tools/box", "1", image(4096, 1)).await;
        assert_eq!(bulk(&alice, ask).await["freed"], "0");
    }

    async fn wrong_choices_are_refused_and_named(app) {
        let alice = app.user("alice").await;
        alice.push(BOX, "1", image(4096, 1)).await;
        app.user("bob").await;
        let long = "x".repeat(bin::REASON_MAX + 1);
        for (input, code, field) in [
            (json!({}), "INVALID", "input.ids"),
            (json!({"ids": [BOX], "images": {"container": BOX}}), "INVALID", "input.ids"),
            (json!({"ids": vec![BOX; 101]}), "INVALID", "input.ids"),
            (json!({"ids": ["user:0000000000a1b2c3d4e5f607"]}), "INVALID", "input.ids"),
            (json!({"images": {"untagged": true}}), "INVALID", "input.images"),
            (json!({"ids": [BOX], "reason": long}), "INVALID", "input.reason"),
            (json!({"images": {"namespace": "bob"}}), "NOT_FOUND", ""),
        ] {
            let answer = alice.try_graphql(BULK, json!({"input": input})).await;
            let why = &answer["errors"][0]["extensions"];
            assert_eq!((why["code"].as_str(), why["field"].as_str().unwrap_or_default()), (Some(code), field), "{answer}");
        }
        assert_eq!(images(&alice).await, 1);
        let input = json!({"input": {"ids": [BOX], "withContent": true}});
        for (who, code) in [(app.anonymous(), "UNAUTHENTICATED"), (app.holding("alice", Scope::Read).await, "FORBIDDEN")] {
            let answer = who.try_graphql(BULK, input.clone()).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], code);
        }
    }
}
