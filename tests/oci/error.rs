use super::*;
use crate::support::TestApp;

#[tokio::test]
async fn whoever_is_signed_in_is_let_in() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    for path in ["/v2/", "/v2"] {
        let answer = alice.get(path).await.expect(200);
        assert_eq!(
            (answer.text(), answer.header("content-type")),
            ("{}".into(), "application/json")
        );
        alice.head(path).await.expect(200);
        assert_eq!(
            refused(&app.anonymous().get(path).await, 401),
            "UNAUTHORIZED"
        );
    }
}

#[tokio::test]
async fn whoever_is_not_signed_in_hears_where_to_get_a_token_for_what() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    push_blob(&alice, NAME, b"some").await;
    let nobody = app.anonymous();
    let start = r#"Bearer realm="http://hub.test/auth/registry-token",service="hub.test""#;
    for (method, path, scope) in [
        ("GET", "/v2/".to_owned(), ""),
        (
            "GET",
            at("tags/list").replace("box", "none"),
            r#",scope="repository:alice/tools/none:pull,push""#,
        ),
        (
            "HEAD",
            "/v2/box/manifests/1".into(),
            r#",scope="repository:box:pull,push""#,
        ),
        (
            "POST",
            at("blobs/uploads/"),
            r#",scope="repository:alice/tools/box:pull,push""#,
        ),
        (
            "DELETE",
            at("manifests/1"),
            r#",scope="repository:alice/tools/box:delete""#,
        ),
        (
            "PUT",
            at("manifests/1"),
            r#",scope="repository:alice/tools/box:pull,push""#,
        ),
    ] {
        let answer = nobody.send(method, &path, "").await.expect(401);
        assert_eq!(
            answer.header("www-authenticate"),
            format!("{start}{scope}"),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_name_of_too_many_parts_is_invalid() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    for name in [
        "a/b/c/d",
        "Alice/tools/box",
        "alice/tools/-",
        "alice/uploads/box",
    ] {
        let answer = alice.get(&format!("/v2/{name}/manifests/1")).await;
        assert_eq!(refused(&answer, 400), "NAME_INVALID", "{name}");
        let answer = alice
            .send("POST", &format!("/v2/{name}/blobs/uploads/"), "")
            .await;
        assert_eq!(refused(&answer, 400), "NAME_INVALID", "{name}");
    }
    let answer = alice.get("/v2/a/b/c/d/tags/list").await;
    let message = answer.json()["errors"][0]["message"].to_string();
    assert!(
        message.contains("namespace/collection/container"),
        "{message}"
    );
}

#[tokio::test]
async fn a_method_that_is_not_there_names_those_that_are() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    for (method, path, allowed) in [
        ("POST", "/v2/".to_owned(), "GET"),
        ("POST", at("manifests/1"), "GET, HEAD, PUT, DELETE"),
        ("PUT", at("blobs/uploads/"), "POST"),
        (
            "PATCH",
            at(&format!("blobs/{}", sha256(b""))),
            "GET, HEAD, DELETE",
        ),
        ("DELETE", at("tags/list"), "GET"),
    ] {
        let answer = alice.send(method, &path, "").await;
        assert_eq!(refused(&answer, 405), "UNSUPPORTED", "{method} {path}");
        assert_eq!(answer.header("allow"), allowed);
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_404() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    for path in [
        "/v2/alice",
        "/v2/alice/tools/box",
        "/v2/alice/tools/box/tags",
        "/v2/_none",
    ] {
        assert_eq!(refused(&alice.get(path).await, 404), "UNSUPPORTED");
        refused(&app.anonymous().get(path).await, 404);
    }
}

#[tokio::test]
async fn every_answer_tells_the_version_of_the_protocol() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    for path in [
        "/v2/",
        "/v2/_catalog",
        "/v2/none",
        "/v2/alice/tools/box/tags/list",
    ] {
        for client in [&alice, &app.anonymous()] {
            let answer = client.get(path).await;
            assert_eq!(
                answer.header("docker-distribution-api-version"),
                "registry/2.0"
            );
        }
    }
}

#[tokio::test]
async fn the_registry_that_a_mirror_stands_for_may_be_named() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let manifest = image(&alice, NAME, b"layer").await;
    push_manifest(&alice, NAME, "1", &manifest).await;
    for rest in [
        "manifests/1",
        "tags/list",
        &format!("blobs/{}", sha256(b"layer")),
    ] {
        alice
            .get(&at(&format!("{rest}?ns=docker.io")))
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn the_library_keeps_its_own_addresses_below_v2() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    for path in [
        "/v2/tags/000000000000000000000001",
        "/v2/imagefile/000000000000000000000001",
        "/v2/tags/a/tags/list",
        "/v2/imagefile/a/manifests/1",
    ] {
        let answer = alice.get(path).await.expect(404);
        assert_eq!(answer.json()["error"]["code"], 404, "{path}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_never_taken_for_none() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    push_blob(&alice, NAME, b"some").await;
    let path = at(&format!("blobs/{}", sha256(b"some")));
    app.anonymous().get(&path).await.expect(200);
    let wrong = app.anonymous().with_token("wrong");
    for path in ["/v2/", &path] {
        let answer = wrong.get(path).await;
        assert_eq!(refused(&answer, 401), "UNAUTHORIZED");
        assert!(
            answer
                .header("www-authenticate")
                .starts_with("Bearer realm=")
        );
    }
}
