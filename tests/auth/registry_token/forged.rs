//! What is no registry token, and where one is worth nothing.
use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use sifhub::auth::Wanted;

use super::{SERVICE, at_door, fetch, refusal, text, token};
use crate::support::TestApp;

const OWN: &str = "repository:alice/a/b:pull";
const WANTED: Wanted<'static> = Wanted::Pull("alice/a/b");

fn part(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("three parts");
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn signed(key: hmac::Key, header: &Value, claims: &Value) -> String {
    let text = format!("{}.{}", part(header), part(claims));
    let signature = hmac::sign(&key, text.as_bytes());
    format!("{text}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let good = token(&alice, &[OWN]).await;
    at_door(&app, &good, WANTED).await.expect("let in");
    let good = good.trim_start_matches("Bearer ");
    let [header, body, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("{good}")
    };
    let mut more = claims(good);
    more["access"][0]["actions"] = json!(["pull", "push", "delete"]);
    let plain = json!({"alg": "HS256", "typ": "JWT"});
    let none = json!({"alg": "none", "typ": "JWT"});
    let key = |bytes: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, bytes);
    let long = |bytes: &[u8]| hmac::Key::new(hmac::HMAC_SHA512, bytes);
    let secret = b"the secret of all tests, 32 bytes";
    let mut forged = vec![
        format!("{header}.{}.{signature}", part(&more)),
        format!("{}.{body}.", part(&none)),
        format!("{}.{body}.{signature}", part(&none)),
        format!("{}.{body}", part(&none)),
        format!("{header}.{body}."),
        format!("{header}.{body}.{}", BASE64URL_NOPAD.encode(&[0; 32])),
        format!("{good}.{signature}"),
        signed(key(b""), &plain, &more),
        signed(key(b"another secret of at least 32 bytes"), &plain, &more),
        signed(key(secret), &plain, &more),
        signed(long(secret), &json!({"alg": "HS512"}), &more),
        "a.b.c".into(),
        "..".into(),
        "sifhub_guess".into(),
        "x".repeat(10_000),
    ];
    for algorithm in ["HS384", "HS512", "RS256", "ES256", "EdDSA", "hs256"] {
        let other = part(&json!({"alg": algorithm, "typ": "JWT"}));
        forged.push(format!("{other}.{body}.{signature}"));
    }
    for token in forged {
        let words = refusal(&app, &format!("Bearer {token}"), WANTED).await;
        assert!(words.contains("wrong, expired or revoked"), "{words}");
    }
}

#[tokio::test]
async fn a_registry_token_is_good_at_the_oci_door_alone() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let url = format!("{SERVICE}&scope={OWN}&offline_token=true");
    let answer = alice.get(&url).await.expect(200);
    for field in ["token", "refresh_token"] {
        let client = app.anonymous().with_token(&text(&answer, field));
        client.get("/v1/rbac/users/current").await.expect(401);
        client.get("/v1/token-status").await.expect(404);
        client.get("/v1/entities/alice").await.expect(401);
        client
            .get("/pks/lookup?op=get&search=0x1234abcd")
            .await
            .expect(401);
        client.get("/library/alice/a/b").await.expect(401);
        let graph = client.try_graphql("{ viewer { id } }", json!({})).await;
        assert!(graph.get("errors").is_some(), "{graph:#}");
        fetch(&client, &[OWN]).await.expect(401);
    }
    let refresh = format!("Bearer {}", text(&answer, "refresh_token"));
    refusal(&app, &refresh, Wanted::Entry).await;
    let form = format!(
        "grant_type=refresh_token&refresh_token={}",
        text(&answer, "token")
    );
    let answer = app.anonymous().send("POST", SERVICE, form).await;
    answer.expect(401);
}

#[tokio::test]
async fn a_token_holds_no_secret() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let short = token(&alice, &[OWN]).await;
    let claims = claims(&short).to_string();
    assert!(!claims.contains("sifhub_"), "{claims}");
    assert!(!claims.contains("argon2"), "{claims}");
}
