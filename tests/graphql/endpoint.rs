use serde_json::{Value, json};

use super::{code, field};
use crate::support::{Client, TestApp};

fn json_client(app: &TestApp) -> Client {
    app.anonymous().header("content-type", "application/json")
}

#[tokio::test]
async fn malformed_requests_are_refused_in_the_shape_of_the_protocol() {
    let app = TestApp::sqlite().await;
    let client = json_client(&app);
    for body in [
        "",
        "{",
        "[]",
        "\"x\"",
        "[{\"query\": \"{ viewer { id } }\"}]",
        "{\"query\": 1}",
        "\u{0}",
    ] {
        let answer = client.send("POST", "/graphql", body).await.expect(400);
        assert_eq!(
            (code(&answer.json()), field(&answer.json())),
            ("INVALID", "body"),
            "{body}"
        );
    }
    for query in [
        "",
        "{",
        "{ nothing }",
        "{ viewer }",
        "mutation { nothing }",
        "query A { viewer { id } } query B { viewer { id } }",
    ] {
        let answer = client
            .post("/graphql", json!({"query": query}))
            .await
            .expect(200);
        assert_eq!(code(&answer.json()), "INVALID", "{query}");
    }
}

#[tokio::test]
async fn only_json_within_the_limit_is_read() {
    let app = TestApp::configured(|config| {
        config.http.request_body_limit = sifhub::config::ByteSize::from_kib(1);
    })
    .await;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let client = app.anonymous().header("content-type", kind);
        let answer = client
            .post("/graphql", json!({"query": "{ viewer { id } }"}))
            .await
            .expect(400);
        assert_eq!(
            (code(&answer.json()), field(&answer.json())),
            ("INVALID", "content-type")
        );
    }
    let client = app
        .anonymous()
        .header("content-type", "Application/JSON; charset=utf-8");
    client
        .post("/graphql", json!({"query": "{ viewer { id } }"}))
        .await
        .expect(200);
    let answer = client
        .post("/graphql", json!({"query": "#".repeat(2000)}))
        .await
        .expect(413);
    assert_eq!(code(&answer.json()), "TOO_LARGE");
}

#[tokio::test]
async fn unknown_credential_is_not_taken_for_nobody() {
    let app = TestApp::sqlite().await;
    let client = json_client(&app).with_token("wrong");
    let answer = client
        .post("/graphql", json!({"query": "{ viewer { id } }"}))
        .await
        .expect(401);
    assert_eq!(code(&answer.json()), "UNAUTHENTICATED");
    assert!(answer.header("www-authenticate").starts_with("Bearer"));
}

#[tokio::test]
async fn queries_in_the_address_are_not_run() {
    let app = TestApp::sqlite().await;
    let answer = app
        .anonymous()
        .get("/graphql?query=%7Bviewer%7Bid%7D%7D")
        .await
        .expect(405);
    assert_eq!(code(&answer.json()), "UNSUPPORTED");
    assert_eq!(answer.header("allow"), "POST");
    app.anonymous().delete("/graphql").await.expect(405);
}

#[tokio::test]
async fn browser_gets_a_page_that_loads_nothing_from_elsewhere() {
    let app = TestApp::sqlite().await;
    let browser = app
        .anonymous()
        .header("accept", "text/html,application/xhtml+xml");
    let page = browser.get("/graphql").await.expect(200);
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'self';")
    );
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let text = page.text();
    let assets: Vec<&str> = text
        .split('"')
        .filter(|word| word.starts_with("/assets/"))
        .collect();
    assert_eq!(assets.len(), 2, "{assets:?}");
    for asset in assets {
        let file = browser.get(asset).await.expect(200);
        assert_eq!(
            file.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        assert!(
            file.header("content-type").contains("charset=utf-8"),
            "{asset}"
        );
    }
    let app = TestApp::configured(|config| config.graphql.graphiql = false).await;
    app.anonymous()
        .header("accept", "text/html")
        .get("/graphql")
        .await
        .expect(405);
}

#[tokio::test]
async fn files_without_a_hash_in_their_name_are_asked_for_again() {
    let app = TestApp::sqlite().await;
    let browser = app.anonymous();
    for path in ["/assets/page.css", "/assets/licenses.txt"] {
        let file = browser.get(path).await.expect(200);
        assert_eq!(file.header("cache-control"), "no-cache");
        let tag = file.header("etag").to_owned();
        let again = browser
            .header("if-none-match", &tag)
            .get(path)
            .await
            .expect(304);
        assert!(again.body.is_empty());
        browser
            .header("if-none-match", "\"other\"")
            .get(path)
            .await
            .expect(200);
    }
    for path in [
        "/assets/nothing.js",
        "/assets/../Cargo.toml",
        "/assets/graphql.html",
        "/assets/graphiql/",
    ] {
        browser.get(path).await.expect(404);
    }
}

#[tokio::test]
async fn cookie_alone_changes_nothing() {
    let app = TestApp::sqlite().await;
    let client = json_client(&app).header("cookie", "sifhub_session=made-up");
    let query =
        json!({"query": "mutation { createToken(input: {name: \"x\", scope: READ}) { secret } }"});
    let answer: Value = client.post("/graphql", query).await.expect(200).json();
    assert_eq!(code(&answer), "UNAUTHENTICATED");
}

#[tokio::test]
async fn server_tells_its_version_and_address() {
    let app = TestApp::sqlite().await;
    let data = app
        .anonymous()
        .graphql("{ server { version url } }", json!({}))
        .await;
    assert_eq!(
        data["server"],
        json!({"version": env!("CARGO_PKG_VERSION"), "url": "http://hub.test"})
    );
}

#[tokio::test]
async fn long_queries_are_refused_before_they_are_read() {
    let app = TestApp::sqlite().await;
    let query = format!("{{ {} }}", "n".repeat(64 << 10));
    let client = json_client(&app);
    let answer = client.post("/graphql", json!({"query": query})).await;
    let answer = answer.expect(413);
    assert_eq!(code(&answer.json()), "TOO_LARGE");
    assert!(answer.body.len() < 1000);
}
