use serde_json::{Value, json};
use sifhub::registry::{Scope, site};

use super::{code, field, mutate, refused};
use crate::{
    hkp::Key,
    oci::{begin, image, push_blob, push_manifest, put_manifest},
    support::{Client, SifBuilder, TestApp, on_each_database},
};

const SERVER: &str = "{ server { registryId name description contact country logoUrl
    banner { message level from until } readOnly { reason since } terms { version text agreedAt } } }";

async fn server(who: &Client) -> Value {
    who.graphql(SERVER, json!({})).await["server"].clone()
}

async fn change(who: &Client, mutation: &str, input: Value) {
    let answer = mutate(who, mutation, input).await;
    assert!(answer.get("errors").is_none(), "{mutation}: {answer}");
}

on_each_database! {
    async fn an_administrator_says_who_runs_the_server(app) {
        let root = app.admin("root").await;
        let before = server(&app.anonymous()).await;
        let id = before["registryId"].as_str().expect("an id").to_owned();
        assert_eq!(id.len(), 32);
        assert_eq!(before["name"], "");
        let identity = json!({"name": "Institute Hub", "description": "Images of the institute", "contact": "hub@example.org",
            "country": "DE", "logoUrl": "https://example.org/logo.svg"});
        change(&root, "updateServer", identity.clone()).await;
        let after = server(&app.anonymous()).await;
        for (name, value) in identity.as_object().expect("an object") {
            assert_eq!(&after[name], value);
        }
        assert_eq!(after["registryId"], json!(id));
        change(&root, "updateServer", json!({"name": "Hub", "logoUrl": "", "country": ""})).await;
        let last = server(&app.anonymous()).await;
        assert_eq!((&last["name"], &last["contact"], &last["logoUrl"], &last["country"]), (&json!("Hub"), &json!("hub@example.org"), &Value::Null, &Value::Null));
        let front = app.anonymous().get("/").await.expect(200).text();
        assert!(front.contains("<h1>Hub</h1>") && front.contains("Contact: hub@example.org"), "{front}");
    }

    async fn a_banner_is_told_to_everybody_on_every_page(app) {
        let root = app.admin("root").await;
        change(&root, "setBanner", json!({"message": "Moving <on> Friday", "level": "WARNING"})).await;
        assert_eq!(server(&app.anonymous()).await["banner"], json!({"message": "Moving <on> Friday", "level": "WARNING", "from": null, "until": null}));
        for path in ["/", "/auth/sign-in", "/library/nobody/here/x", "/auth/terms", "/auth/setup/guess"] {
            let page = app.anonymous().get(path).await.text();
            assert!(page.contains("Warning:</strong> Moving &#60;on&#62; Friday"), "{path}: {page}");
        }
        change(&root, "setBanner", json!({"message": null})).await;
        assert_eq!(server(&app.anonymous()).await["banner"], json!(null));
    }

    async fn a_banner_is_shown_in_its_time_only(app) {
        let root = app.admin("root").await;
        for (from, until, shown) in [
            (json!("2100-01-01T00:00:00Z"), Value::Null, false),
            (Value::Null, json!("2001-01-01T00:00:00Z"), false),
            (json!("2001-01-01T00:00:00Z"), json!("2100-01-01T00:00:00Z"), true),
        ] {
            change(&root, "setBanner", json!({"message": "hello", "from": from, "until": until})).await;
            assert_eq!(!server(&root).await["banner"].is_null(), shown, "{from} {until}");
        }
    }

    async fn nobody_else_changes_the_server(app) {
        let alice = app.user("alice").await;
        app.admin("root").await;
        let writer = app.holding("root", Scope::Write).await;
        for (mutation, input) in [
            ("updateServer", json!({"name": "mine"})),
            ("setBanner", json!({"message": "mine"})),
            ("setReadOnly", json!({"on": true})),
            ("publishTerms", json!({"text": "mine"})),
        ] {
            assert_eq!(refused(&app.anonymous(), mutation, input.clone()).await, "UNAUTHENTICATED", "{mutation}");
            assert_eq!(refused(&alice, mutation, input.clone()).await, "FORBIDDEN", "{mutation}");
            assert_eq!(refused(&writer, mutation, input).await, "FORBIDDEN", "{mutation}");
        }
        let now = server(&alice).await;
        assert_eq!((&now["name"], &now["banner"], &now["readOnly"], &now["terms"]), (&json!(""), &Value::Null, &Value::Null, &Value::Null));
    }

    async fn wrong_settings_are_refused_with_their_name(app) {
        let root = app.admin("root").await;
        let long = "x".repeat(1001);
        for (mutation, input, name) in [
            ("updateServer", json!({"name": long}), "input.name"),
            ("updateServer", json!({"name": "two\nlines"}), "input.name"),
            ("updateServer", json!({"contact": "nul\u{0}"}), "input.contact"),
            ("updateServer", json!({"description": "nul\u{0}"}), "input.description"),
            ("updateServer", json!({"country": "de"}), "input.country"),
            ("updateServer", json!({"country": "ＤＥ"}), "input.country"),
            ("updateServer", json!({"logoUrl": "javascript:alert(1)"}), "input.logoUrl"),
            ("setBanner", json!({"message": ""}), "input.message"),
            ("setBanner", json!({"message": long}), "input.message"),
            ("setBanner", json!({"message": "x", "from": "2030-01-02T00:00:00Z", "until": "2030-01-01T00:00:00Z"}), "input.until"),
            ("setReadOnly", json!({"on": true, "reason": long}), "input.reason"),
            ("publishTerms", json!({"text": " "}), "input.text"),
            ("publishTerms", json!({"text": "x".repeat(65_537)}), "input.text"),
        ] {
            let answer = mutate(&root, mutation, input.clone()).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", name), "{input}");
        }
    }

    async fn while_read_only_every_door_refuses_changes_and_pulls_go_on(app) {
        let (alice, root) = (app.user("alice").await, app.admin("root").await);
        let path = "alice/tools/hello";
        alice.push(path, "1.0", SifBuilder::new("amd64")).await;
        let found = alice.get(&format!("/v1/containers/{path}")).await.expect(200).json();
        let container = found["data"]["id"].as_str().expect("an id").to_owned();
        let namespace = alice.get("/v1/entities/alice").await.expect(200).json()["data"]["id"].clone();
        let manifest = image(&alice, path, b"layer").await;
        let digest = push_manifest(&alice, path, "oci", &manifest).await;
        let blob = push_blob(&alice, path, b"blob").await;
        let (begun, finished) = (begin(&alice, path).await, begin(&alice, path).await);
        let bytes = SifBuilder::new("arm64").build();
        let hex = sifhub::registry::Digest::of(&bytes).hex();
        let new = json!({"hash": format!("sha256.{hex}"), "container": container});
        let announced = alice.post("/v1/images", new.clone()).await.expect(200).json()["data"]["id"].clone();
        let announced = announced.as_str().expect("an id").to_owned();
        let upload = alice.post(&format!("/v2/imagefile/{announced}"), json!({"filesize": bytes.len()})).await.expect(200).json();
        let part = upload["data"]["uploadURL"].as_str().expect("a URL").replace("http://hub.test", "");

        change(&root, "setReadOnly", json!({"on": true, "reason": "we move to new disks"})).await;
        let told = server(&app.anonymous()).await["readOnly"].clone();
        assert_eq!(told["reason"], "we move to new disks");
        let push = |method: &'static str, url: String, body: Vec<u8>| {
            let alice = alice.clone();
            async move { alice.send(method, &url, body).await }
        };
        let answers = [
            push("POST", "/v1/collections".into(), json!({"name": "new", "entity": namespace}).to_string().into_bytes()).await,
            push("POST", "/v1/images".into(), json!({"hash": format!("sha256.{}", "ab".repeat(32)), "container": container}).to_string().into_bytes()).await,
            push("POST", format!("/v2/imagefile/{announced}"), json!({"filesize": bytes.len()}).to_string().into_bytes()).await,
            push("POST", format!("/v2/imagefile/{announced}/_multipart"), json!({"filesize": bytes.len()}).to_string().into_bytes()).await,
            push("POST", format!("/v1/imagefile/{announced}"), bytes.clone()).await,
            push("PUT", part, bytes.clone()).await,
            push("PUT", format!("/v2/imagefile/{announced}/_complete"), b"{}".to_vec()).await,
            push("DELETE", format!("/v1/images/{path}:1.0?arch=amd64"), vec![]).await,
            push("POST", format!("/v2/{path}/blobs/uploads/"), vec![]).await,
            push("POST", format!("/v2/{path}/blobs/uploads/?mount={blob}&from={path}"), vec![]).await,
            push("PATCH", begun, b"bytes".to_vec()).await,
            push("PUT", format!("{finished}?digest={}", crate::oci::sha256(b"")), vec![]).await,
            put_manifest(&alice, path, "again", &manifest).await,
            push("DELETE", format!("/v2/{path}/manifests/{digest}"), vec![]).await,
            push("DELETE", format!("/v2/{path}/blobs/{blob}"), vec![]).await,
        ];
        for (number, answer) in answers.iter().enumerate() {
            assert_eq!(answer.status, 503, "{number}: {}", answer.text());
            assert_eq!(answer.header("retry-after"), "120");
            assert!(answer.text().contains("we move to new disks"), "{}", answer.text());
        }
        let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("keytext", &Key::of("alice <a@example.org>").armored).finish();
        alice.send("POST", "/pks/add", form).await.expect(503);
        assert_eq!(refused(&alice, "createCollection", json!({"namespace": "alice", "name": "new"})).await, "READ_ONLY");
        assert_eq!(refused(&root, "createCollection", json!({"namespace": "root", "name": "new"})).await, "READ_ONLY");
        assert_eq!(refused(&alice, "createToken", json!({"name": "new", "scope": "READ"})).await, "READ_ONLY");
        let page = app.anonymous().get("/").await.expect(200).text();
        assert!(page.contains("takes no changes at the moment: we move to new disks"), "{page}");

        app.anonymous().get(&format!("/sif/{path}:1.0?arch=amd64")).await.expect(200);
        app.anonymous().get(&format!("/v2/{path}/manifests/oci")).await.expect(200);
        assert_eq!(refused(&root, "disableUser", json!({"id": "alice"})).await, "");
        assert_eq!(refused(&root, "enableUser", json!({"id": "alice"})).await, "");
        change(&root, "setReadOnly", json!({"on": false})).await;
        assert_eq!(server(&root).await["readOnly"], json!(null));
        assert_eq!(refused(&alice, "createCollection", json!({"namespace": "alice", "name": "new"})).await, "");
    }

    async fn other_replicas_come_to_know_of_changes(app) {
        let root = app.admin("root").await;
        let id = server(&root).await["registryId"].clone();
        let config = app.registry.config().clone();
        let app = app.reconfigured(config);
        let there = app.anonymous();
        assert_eq!(server(&there).await["registryId"], id);
        change(&root, "setBanner", json!({"message": "from the first"})).await;
        site::refresh(&app.operator()).await.expect("an answer");
        assert_eq!(server(&there).await["banner"]["message"], "from the first");
    }

    async fn terms_hold_back_changes_until_agreed_to(app) {
        let (alice, root) = (app.user("alice").await, app.admin("root").await);
        alice.push("alice/tools/hello", "1.0", SifBuilder::new("amd64")).await;
        change(&root, "publishTerms", json!({"text": "Be kind."})).await;
        let terms = server(&alice).await["terms"].clone();
        assert_eq!(terms, json!({"version": 1, "text": "Be kind.", "agreedAt": null}));
        assert_eq!(refused(&alice, "createCollection", json!({"namespace": "alice", "name": "new"})).await, "TERMS_NOT_AGREED");
        let namespace = alice.get("/v1/entities/alice").await.expect(200).json()["data"]["id"].clone();
        let answer = alice.post("/v1/collections", json!({"name": "new", "entity": namespace})).await.expect(403);
        assert!(answer.text().contains("http://hub.test/auth/terms"), "{}", answer.text());
        let upload = alice.send("POST", "/v2/alice/tools/hello/blobs/uploads/", "").await.expect(403);
        assert!(upload.text().contains("DENIED") && upload.text().contains("http://hub.test/auth/terms"), "{}", upload.text());
        alice.get("/sif/alice/tools/hello:1.0?arch=amd64").await.expect(200);
        assert_eq!(refused(&alice, "createToken", json!({"name": "to pull", "scope": "READ"})).await, "");
        assert_eq!(refused(&alice, "agreeToTerms", json!({"version": 2})).await, "CONFLICT");
        let reader = app.holding("alice", Scope::Read).await;
        assert_eq!(refused(&reader, "agreeToTerms", json!({"version": 1})).await, "FORBIDDEN");
        assert_eq!(refused(&app.anonymous(), "agreeToTerms", json!({"version": 1})).await, "UNAUTHENTICATED");
        for _ in 0..2 {
            change(&alice, "agreeToTerms", json!({"version": 1})).await;
        }
        assert!(!server(&alice).await["terms"]["agreedAt"].is_null());
        assert_eq!(refused(&alice, "createCollection", json!({"namespace": "alice", "name": "new"})).await, "");
        change(&root, "publishTerms", json!({"text": "Be kinder."})).await;
        assert_eq!(server(&alice).await["terms"], json!({"version": 2, "text": "Be kinder.", "agreedAt": null}));
        assert_eq!(refused(&alice, "createCollection", json!({"namespace": "alice", "name": "newer"})).await, "TERMS_NOT_AGREED");
        change(&root, "publishTerms", json!({"text": null})).await;
        assert_eq!(refused(&alice, "createCollection", json!({"namespace": "alice", "name": "newer"})).await, "");
    }

    async fn who_agreed_is_known_to_themselves_and_administrators(app) {
        let (alice, bob, root) = (app.user("alice").await, app.user("bob").await, app.admin("root").await);
        change(&root, "publishTerms", json!({"text": "Be kind."})).await;
        change(&alice, "agreeToTerms", json!({"version": 1})).await;
        let agreed = "{ users(filter: {text: \"ALI\"}) { nodes { agreedToTermsAt } } }";
        for (who, known) in [(&alice, true), (&bob, false), (&root, true)] {
            let at = who.graphql(agreed, json!({})).await["users"]["nodes"][0]["agreedToTermsAt"].clone();
            assert_eq!(at.is_string(), known);
        }
    }
}

#[tokio::test]
async fn what_is_set_while_nothing_is_known_yet_is_made_once() {
    let app = TestApp::postgres().await;
    let asked = (0..8).map(|_| async { server(&app.anonymous()).await["registryId"].clone() });
    let ids = futures::future::join_all(asked).await;
    assert!(
        ids.iter().all(|id| id == &ids[0] && id.is_string()),
        "{ids:?}"
    );
}
