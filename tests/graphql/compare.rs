use serde_json::{Value, json};

use super::{alice, code, field, id};
use crate::support::{Client, SifBuilder, on_each_database};

const SIGNER: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
const OTHER: &str = "89ABCDEF0123456789ABCDEF0123456789ABCDEF";
const COMPARE: &str = "query($from: ID!, $to: ID!) { compareImages(from: $from, to: $to) {
    identical grownBy shrunkBy from { digest } to { digest container { path } }
    facts { nodes { kind key before after } }
    labels(first: 2) { count nodes { kind key before after } }
    environment { count } scripts { kind name diff }
    definition { kind diff addedLines removedLines complete }
    apps { nodes { kind before { name help } after { name help } } }
    partitions { nodes { kind before { role size } after { role size } } }
    signatures { nodes { kind before { fingerprint } after { fingerprint } } } } }";

async fn compare(who: &Client, from: &str, to: &str) -> Value {
    who.try_graphql(COMPARE, json!({"from": from, "to": to}))
        .await
}

fn before() -> SifBuilder {
    SifBuilder::new("amd64")
        .definition("Bootstrap: docker\nFrom: alpine:3.20\n\n%post\n    apk add samtools\n")
        .label("gone", "1")
        .label("maintainer", "alice")
        .label("version", "1")
        .runscript("#!/bin/sh\necho 1\n")
        .app("sort", "sorts")
        .payload(4096, 1)
        .signed_by(SIGNER)
}

fn after() -> SifBuilder {
    SifBuilder::new("arm64")
        .definition("Bootstrap: docker\nFrom: alpine:3.21\n\n%post\n    apk add samtools\n")
        .label("came", "")
        .label("maintainer", "alice")
        .label("version", "2")
        .runscript("#!/bin/sh\necho 2\n")
        .app("sort", "sorts well")
        .payload(8192, 2)
        .signed_by(OTHER)
}

on_each_database! {
    async fn comparison_tells_what_came_what_went_and_what_differs(app) {
        let alice = alice(&app).await;
        let from = alice.push("alice/tools/one", "1", before()).await;
        let to = alice.push("alice/tools/two", "2", after()).await;
        let answer = compare(&app.anonymous(), "alice/tools/one:1", "alice/tools/two:2").await;
        let told = &answer["data"]["compareImages"];
        assert_eq!((&told["from"]["digest"], &told["to"]), (&json!(from), &json!({"digest": to, "container": {"path": "alice/tools/two"}})));
        assert_eq!((&told["identical"], &told["shrunkBy"]), (&json!(false), &json!("0")));
        assert!(told["grownBy"].as_str().expect("digits").parse::<u64>().expect("a number") >= 4096);
        assert_eq!(told["facts"]["nodes"][0], json!({"kind": "CHANGED", "key": "arch", "before": "amd64", "after": "arm64"}));
        assert_eq!(told["labels"], json!({"count": 3, "nodes": [
            {"kind": "ADDED", "key": "came", "before": null, "after": ""},
            {"kind": "REMOVED", "key": "gone", "before": "1", "after": null}]}));
        assert_eq!(told["definition"], json!({"kind": "CHANGED", "addedLines": 1, "removedLines": 1, "complete": true,
            "diff": "--- from\n+++ to\n@@ -1,5 +1,5 @@\n Bootstrap: docker\n-From: alpine:3.20\n+From: alpine:3.21\n \n %post\n     apk add samtools\n"}));
        assert_eq!((&told["scripts"][0]["name"], told["scripts"].as_array().expect("scripts").len()), (&json!("runscript"), 1));
        assert_eq!(told["apps"]["nodes"][0], json!({"kind": "CHANGED", "before": {"name": "sort", "help": "sorts"}, "after": {"name": "sort", "help": "sorts well"}}));
        assert_eq!(told["partitions"]["nodes"][0]["before"]["role"], "PRIMARY");
        assert_eq!(told["signatures"]["nodes"], json!([
            {"kind": "REMOVED", "before": {"fingerprint": SIGNER}, "after": null},
            {"kind": "ADDED", "before": null, "after": {"fingerprint": OTHER}}]));
    }

    async fn image_is_like_itself(app) {
        let alice = alice(&app).await;
        alice.push("alice/tools/one", "1", before()).await;
        alice.push("alice/secret/copy", "1", before()).await;
        let copy = id(&alice, r#"image(path: "alice/secret/copy", reference: "1")"#).await;
        let answer = compare(&alice, "alice/tools/one:1", &copy).await;
        let told = &answer["data"]["compareImages"];
        assert_eq!((&told["identical"], &told["grownBy"], &told["shrunkBy"]), (&json!(true), &json!("0"), &json!("0")));
        assert_eq!((&told["definition"], &told["scripts"]), (&json!(null), &json!([])));
        for list in ["facts", "apps", "partitions", "signatures"] {
            assert_eq!(told[list]["nodes"], json!([]), "{list}");
        }
        assert_eq!((&told["labels"]["count"], &told["environment"]["count"]), (&json!(0), &json!(0)));
    }

    async fn who_may_not_see_both_images_learns_nothing_of_either(app) {
        let alice = alice(&app).await;
        let secret = id(&alice, r#"image(path: "alice/secret/hello", reference: "1.0")"#).await;
        let public = "alice/tools/hello:1.0";
        for who in [app.user("bob").await, app.anonymous()] {
            for hidden in [secret.as_str(), "alice/secret/hello:1.0", "image:000000000000000000000001", "alice/nothing/hello:1.0"] {
                for (from, to) in [(public, hidden), (hidden, public), (hidden, hidden)] {
                    let answer = compare(&who, from, to).await;
                    assert_eq!((code(&answer), &answer["errors"][0]["message"]), ("NOT_FOUND", &json!("image not found")), "{from} {to}");
                }
            }
        }
        assert_eq!(code(&compare(&alice, public, &secret).await), "");
    }

    async fn what_cannot_be_an_image_is_refused_by_name(app) {
        let alice = alice(&app).await;
        let public = "alice/tools/hello:1.0";
        for wrong in ["", "hello", "tag:000000000000000000000001", "alice/tools/hello/more:1", "alice/tools/hello:a b", "image:1"] {
            let (first, second) = (compare(&alice, wrong, public).await, compare(&alice, public, wrong).await);
            assert_eq!((code(&first), field(&first)), ("INVALID", "from"), "{wrong}");
            assert_eq!((code(&second), field(&second)), ("INVALID", "to"), "{wrong}");
        }
    }

    async fn comparison_costs_a_fixed_number_of_statements(app) {
        let alice = alice(&app).await;
        alice.push("alice/tools/one", "1", before()).await;
        alice.push("alice/tools/two", "2", after()).await;
        let variables = json!({"from": "alice/tools/one:1", "to": "alice/tools/two:2"});
        let (_, statements) = app.statements_of(alice.graphql(COMPARE, variables)).await;
        assert!(statements <= 7, "{statements} statements");
    }
}
