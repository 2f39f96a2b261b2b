use serde_json::json;

use sifhub::{config::HttpUrl, registry::Scope};

use super::refused;
use crate::support::{TestApp, on_each_database};

on_each_database! {
    async fn a_token_is_good_or_it_is_not_found(app) {
        let alice = app.user("alice").await;
        alice.get("/v1/token-status").await.expect(200);
        refused(&app.anonymous().get("/v1/token-status").await, 404);
        let wrong = alice.with_token(&alice.token().replace("sifhub_", "sifhub_x"));
        refused(&wrong.get("/v1/token-status").await, 404);
    }

    async fn a_caller_is_told_their_name_and_own_token(app) {
        let alice = app.user("alice").await;
        let reader = app.holding("alice", Scope::Read).await;
        for client in [&alice, &reader] {
            let user = client.get("/v1/rbac/users/current").await.expect(200).json();
            assert_eq!(user, json!({"username": "alice", "email": "", "realname": "",
                "oidc_user_meta": {"secret": client.token()}}));
        }
        refused(&app.anonymous().get("/v1/rbac/users/current").await, 401);
    }
}

#[tokio::test]
async fn the_services_are_objects_with_one_url() {
    let app = TestApp::sqlite().await;
    let config = app.anonymous().get("/assets/config/config.prod.json").await;
    let here = json!({"uri": "http://hub.test"});
    assert_eq!(
        config.expect(200).json(),
        json!({"libraryAPI": {"uri": "http://hub.test", "registryUri": "http://hub.test"},
            "keystoreAPI": here, "tokenAPI": here})
    );
}

#[tokio::test]
async fn the_services_are_where_the_site_says() {
    let public: HttpUrl = "https://example.org/hub/".parse().expect("a URL");
    let app = TestApp::configured(|config| config.http.public_url = Some(public)).await;
    let config = app.anonymous().get("/assets/config/config.prod.json").await;
    for service in ["libraryAPI", "keystoreAPI", "tokenAPI"] {
        assert_eq!(config.json()[service]["uri"], "https://example.org/hub");
    }
}

#[tokio::test]
async fn the_version_makes_clients_send_architectures() {
    let app = TestApp::sqlite().await;
    let version = app.anonymous().get("/version").await.expect(200).json();
    assert_eq!(version["data"]["apiVersion"], "2.0.0-alpha.2");
    assert!(version["data"]["version"].is_string());
}

#[tokio::test]
async fn logged_out_clients_who_send_bearer_without_a_token_are_nobody() {
    let app = TestApp::sqlite().await;
    for empty in ["Bearer", "BEARER ", "bearer"] {
        let client = app.anonymous().header("authorization", empty);
        client.get("/version").await.expect(200);
        refused(&client.get("/v1/rbac/users/current").await, 401);
        refused(&client.get("/v1/images/alpine:latest").await, 404);
    }
}

#[tokio::test]
async fn a_wrong_token_is_told_from_an_image_that_is_not_there() {
    let app = TestApp::sqlite().await;
    let message = refused(
        &app.anonymous()
            .with_token("nonsense")
            .get("/v1/images/alpine")
            .await,
        401,
    );
    assert!(message.contains("apptainer remote login"), "{message}");
}

#[tokio::test]
async fn addresses_that_are_not_there_answer_in_the_shape_of_errors() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    for path in [
        "/v1/oci-redirect?namespace=a/b/c&accessTypes=pull&mapped=1",
        "/v1/",
        "/v1/nothing",
        "/v1/entities/",
        "/v1/collections/alice",
        "/v1/images/",
        "/v2/tags/list",
        "/v2/tags/",
        "/v2/imagefile/",
        "/v2/imagefile/000000000000000000000001/_nothing",
        "/v2/imagefile/zzz",
    ] {
        let answer = alice.get(path).await;
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        assert!(
            [400, 404].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        refused(&answer, answer.status);
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_which_are_right() {
    let app = TestApp::sqlite().await;
    let answer = app.anonymous().delete("/v1/entities").await;
    refused(&answer, 405);
    assert_eq!(answer.header("allow"), "POST");
    let answer = app.anonymous().put("/v1/imagefile/a/b/c", json!({})).await;
    assert_eq!(answer.header("allow"), "GET, HEAD, POST");
    let head = app.anonymous().head("/version").await.expect(200);
    assert!(head.body.is_empty());
}

#[tokio::test]
async fn a_page_of_another_site_cannot_use_the_credentials_that_a_browser_remembers() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let pair = data_encoding::BASE64.encode(format!("alice:{}", alice.token()).as_bytes());
    let browser = app
        .anonymous()
        .header("authorization", &format!("Basic {pair}"));
    let post = async |origin: &str| {
        let client = browser.header("origin", origin);
        let body = json!({"name": "alice"});
        client.post("/v1/entities", body).await
    };
    for origin in [
        "https://evil.example",
        "null",
        "http://hub.test.evil.example",
        "",
    ] {
        let words = refused(&post(origin).await, 403);
        assert!(words.contains("another site"), "{words}");
    }
    assert_ne!(post("http://hub.test").await.status, 403);
    let reading = browser.header("origin", "https://evil.example");
    reading.get("/v1/entities/alice").await.expect(200);
}
