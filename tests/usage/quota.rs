//! What a namespace, a user and the site may hold.
mod moved;
mod oci;

use futures::future::join_all;
use serde_json::{Value, json};
use sifhub::registry::Digest;

use super::image;
use crate::support::{Answer, Client, TestApp, on_each_database};

/// Sets a quota, and tells the code and the field of the refusal.
async fn set(who: &Client, name: &str, input: Value) -> (String, String) {
    let kind = name[..1].to_uppercase() + &name[1..];
    let text =
        format!("mutation($input: {kind}Input!) {{ {name}(input: $input) {{ __typename }} }}");
    let answer = who.try_graphql(&text, json!({"input": input})).await;
    let why = &answer["errors"][0]["extensions"];
    let word = |name: &str| why[name].as_str().unwrap_or_default().to_owned();
    (word("code"), word("field"))
}

async fn limit(root: &Client, namespace: &str, quota: Value) {
    let input = json!({"id": namespace, "quota": quota});
    assert_eq!(set(root, "setNamespaceQuota", input).await.0, "");
}

async fn quota(who: &Client, lookup: &str) -> Value {
    let text = format!(
        "{{ found: {lookup} {{ quota {{ limitBytes usedBytes limitImages usedImages defaultBytes nearlyFull }} }} }}"
    );
    who.graphql(&text, json!({})).await["found"]["quota"].clone()
}

/// The quota of the user alice.
async fn own(who: &Client) -> Value {
    let text = r#"{ users(filter: {text: "alice"}) { nodes { quota { usedBytes } } } }"#;
    who.graphql(text, json!({})).await["users"]["nodes"][0]["quota"].clone()
}

/// Announces an image in a container that is there.
async fn announce(who: &Client, path: &str, bytes: &[u8]) -> String {
    let container = who
        .get(&format!("/v1/containers/{path}"))
        .await
        .expect(200)
        .json();
    let hash = format!("sha256.{}", Digest::of(bytes).hex());
    let new = json!({"hash": hash, "container": container["data"]["id"]});
    let image = who.post("/v1/images", new).await.expect(200).json();
    image["data"]["id"].as_str().expect("an id").to_owned()
}

async fn start(who: &Client, image: &str, bytes: &[u8]) -> Answer {
    let size = json!({"filesize": bytes.len(), "sha256sum": Digest::of(bytes).hex(), "md5sum": ""});
    who.post(&format!("/v2/imagefile/{image}"), size).await
}

async fn warnings(root: &Client) -> Vec<Value> {
    let data = root
        .graphql("{ events(first: 100) { nodes { action } } }", json!({}))
        .await;
    let all = data["events"]["nodes"].as_array().expect("events").clone();
    let warned = |event: &Value| {
        event["action"]
            .as_str()
            .is_some_and(|it| it.ends_with("quota_warning"))
    };
    all.into_iter().filter(warned).collect()
}

/// A namespace `alice` with one image, and its size in bytes.
async fn with_one(app: &TestApp) -> (Client, Client, usize) {
    let (root, alice) = (app.admin("root").await, app.user("alice").await);
    alice.push("alice/tools/a", "1", image(4096, 1)).await;
    (root, alice, image(4096, 1).build().len())
}

on_each_database! {
    async fn what_does_not_fit_is_refused_before_it_is_sent_at_each_library_door(app) {
        let (root, alice, size) = with_one(&app).await;
        limit(&root, "alice", json!({"limitBytes": (2 * size - 1).to_string()})).await;
        let other = image(4096, 2).build();
        let id = announce(&alice, "alice/tools/a", &other).await;
        let refused = start(&alice, &id, &other).await.expect(413).text();
        for word in ["namespace alice", &format!("{size} are used"), &format!("{size} more"), "delete"] {
            assert!(refused.contains(word), "{word}: {refused}");
        }
        let parts = json!({"filesize": other.len()});
        alice.post(&format!("/v2/imagefile/{id}/_multipart"), parts).await.expect(413);
        let whole = alice.header("content-length", &other.len().to_string());
        whole.send("POST", &format!("/v1/imagefile/{id}"), other.clone()).await.expect(413);
        limit(&root, "alice", json!({"limitBytes": (2 * size).to_string()})).await;
        start(&alice, &id, &other).await.expect(200);
    }

    async fn of_two_pushes_at_once_that_exceed_it_together_one_loses(app) {
        let (root, alice, size) = with_one(&app).await;
        let mut ready = Vec::new();
        for (path, seed) in [("alice/tools/b", 2), ("alice/more/c", 3)] {
            alice.push(path, "1", image(4096, 1)).await;
            let bytes = image(4096, seed).build();
            let id = announce(&alice, path, &bytes).await;
            let upload = start(&alice, &id, &bytes).await.expect(200).json();
            let url = upload["data"]["uploadURL"].as_str().expect("a URL");
            let url = url.strip_prefix("http://hub.test").expect("a URL of this server");
            app.anonymous().send("PUT", url, bytes).await.expect(200);
            ready.push(id);
        }
        limit(&root, "alice", json!({"limitBytes": (4 * size).to_string()})).await;
        let ends = ready.iter().map(|id| {
            let (alice, path) = (alice.clone(), format!("/v2/imagefile/{id}/_complete"));
            async move { alice.put(&path, json!({})).await.status }
        });
        let mut ends = join_all(ends).await;
        ends.sort_unstable();
        assert_eq!(ends, [200, 413]);
    }

    async fn the_quota_of_a_user_counts_all_their_namespaces_and_that_of_the_site_all_there_are(app) {
        let (root, alice, size) = with_one(&app).await;
        let full = json!({"limitImages": 1});
        assert_eq!(set(&root, "setUserQuota", json!({"id": "alice", "quota": full})).await.0, "");
        let other = image(4096, 2).build();
        let id = announce(&alice, "alice/tools/a", &other).await;
        let refused = start(&alice, &id, &other).await.expect(413).text();
        assert!(refused.contains("user alice is 1 images: 1 are used and 1 more"), "{refused}");
        let lifted = json!({"id": "alice", "quota": {"limitImages": null}});
        assert_eq!(set(&root, "setUserQuota", lifted).await.0, "");
        let full = json!({"quota": {"limitBytes": size.to_string()}});
        assert_eq!(set(&root, "setServerQuota", full).await.0, "");
        let refused = start(&alice, &id, &other).await.expect(413).text();
        assert!(refused.contains("this server") && !refused.contains("are used"), "{refused}");
    }

    async fn a_push_is_answered_with_the_limit_and_what_is_used(app) {
        let (root, alice, size) = with_one(&app).await;
        for (seed, total) in [(2, 200_000), (3, 0)] {
            let other = image(4096, seed).build();
            let id = announce(&alice, "alice/tools/a", &other).await;
            limit(&root, "alice", json!({"limitBytes": "200000"})).await;
            let upload = start(&alice, &id, &other).await.expect(200).json();
            let url = upload["data"]["uploadURL"].as_str().expect("a URL");
            let url = url.strip_prefix("http://hub.test").expect("a URL of this server");
            app.anonymous().send("PUT", url, other).await.expect(200);
            if total == 0 {
                limit(&root, "alice", json!({"unlimitedBytes": true})).await;
            }
            let done = alice.put(&format!("/v2/imagefile/{id}/_complete"), json!({})).await.expect(200).json();
            let used = size * seed as usize;
            assert_eq!(done["data"]["quota"], json!({"quotaTotal": total, "quotaUsage": used}));
        }
    }

    async fn a_lower_limit_deletes_nothing_and_deleting_brings_room(app) {
        let (root, alice, _) = with_one(&app).await;
        limit(&root, "alice", json!({"limitImages": 0})).await;
        alice.get("/v1/imagefile/alice/tools/a:1").await.expect(200);
        let other = image(4096, 2).build();
        let id = announce(&alice, "alice/tools/a", &other).await;
        start(&alice, &id, &other).await.expect(413);
        limit(&root, "alice", json!({"limitImages": 1})).await;
        start(&alice, &id, &other).await.expect(413);
        let found = alice.graphql(r#"{ container(path: "alice/tools/a") { images(first: 9) { nodes { id digest } } } }"#, json!({})).await;
        let images = found["container"]["images"]["nodes"].as_array().expect("images").clone();
        let first = images.iter().find(|it| it["digest"] == Digest::of(&image(4096, 1).build()).to_string()).expect("the first");
        assert_eq!(set(&alice, "deleteImage", json!({"id": first["id"]})).await.0, "");
        start(&alice, &id, &other).await.expect(200);
    }

    async fn a_quota_is_shown_to_whom_it_concerns(app) {
        let (root, alice, size) = with_one(&app).await;
        limit(&root, "alice", json!({"limitBytes": "100000", "unlimitedImages": true})).await;
        let shown = json!({"limitBytes": "100000", "usedBytes": size.to_string(), "limitImages": null, "usedImages": 1,
            "defaultBytes": false, "nearlyFull": false});
        let bob = app.user("bob").await;
        for who in [&root, &alice] {
            assert_eq!(quota(who, r#"namespace(name: "alice")"#).await, shown);
            assert_eq!(own(who).await["usedBytes"], size.to_string());
        }
        for who in [&bob, &app.anonymous()] {
            assert_eq!(quota(who, r#"namespace(name: "alice")"#).await, Value::Null);
        }
        assert_eq!(own(&bob).await, Value::Null);
        assert_eq!(quota(&root, "server").await["usedImages"], 1);
        assert_eq!(quota(&alice, "server").await, Value::Null);
    }

    async fn crossing_most_of_it_upwards_warns_once(app) {
        let (root, alice, _) = with_one(&app).await;
        limit(&root, "alice", json!({"limitImages": 3})).await;
        alice.push("alice/tools/a", "2", image(4096, 2)).await;
        assert_eq!(warnings(&root).await.len(), 0);
        alice.push("alice/tools/a", "3", image(4096, 3)).await;
        assert_eq!(warnings(&root).await, [json!({"action": "namespace.quota_warning"})]);
        limit(&root, "alice", json!({"limitImages": 4})).await;
        alice.push("alice/tools/a", "3", image(4096, 3)).await;
        assert_eq!(warnings(&root).await.len(), 1);
    }

    async fn wrong_quotas_are_refused_by_the_name_of_the_field(app) {
        let (root, alice, _) = with_one(&app).await;
        let field = |quota: Value| set(&root, "setNamespaceQuota", json!({"id": "alice", "quota": quota}));
        assert_eq!(field(json!({"limitImages": -1})).await, ("INVALID".into(), "input.quota.limitImages".into()));
        let large = u64::MAX.to_string();
        assert_eq!(field(json!({"limitBytes": large})).await, ("INVALID".into(), "input.quota.limitBytes".into()));
        assert_eq!(field(json!({"limitBytes": "1", "unlimitedBytes": true})).await.1, "input.quota.limitBytes");
        assert_eq!(field(json!({"limitBytes": "much"})).await.0, "INVALID");
        let own = json!({"id": "alice", "quota": {"unlimitedBytes": true}});
        assert_eq!(set(&alice, "setNamespaceQuota", own.clone()).await.0, "FORBIDDEN");
        assert_eq!(set(&app.anonymous(), "setUserQuota", own).await.0, "UNAUTHENTICATED");
    }
}
