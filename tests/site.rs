//! Plain pages for people.
use data_encoding::BASE64;
use serde_json::json;

use crate::support::{SifBuilder, on_each_database};

on_each_database! {
    async fn the_front_page_tells_how_to_begin(app) {
        let page = app.anonymous().get("/").await.expect(200);
        assert!(page.text().contains("apptainer remote add --insecure --no-login hub http://hub.test"));
        assert!(page.header("content-security-policy").contains("default-src 'self'"));
    }

    async fn the_page_that_a_push_names_shows_the_container(app) {
        let alice = app.user("alice").await;
        let digest = alice.push("alice/tools/hello", "1.0", SifBuilder::new("arm64")).await;
        let page = app.anonymous().get("/library/alice/tools/hello").await.expect(200).text();
        assert!(page.contains("apptainer pull library://alice/tools/hello:1.0"));
        assert!(page.contains("arm64") && page.contains(&digest));
    }

    async fn a_private_container_has_a_page_for_its_owner_only(app) {
        let alice = app.user("alice").await;
        let bob = app.user("bob").await;
        let entity = alice.get("/v1/entities/alice").await.json()["data"]["id"].clone();
        alice.post("/v1/collections", json!({"name": "secret", "entity": entity, "private": true})).await.expect(200);
        alice.push("alice/secret/hello", "1.0", SifBuilder::new("amd64")).await;
        alice.get("/library/alice/secret/hello").await.expect(200);
        let hidden = bob.get("/library/alice/secret/hello").await.expect(404);
        let absent = bob.get("/library/alice/secret/nothing").await.expect(404);
        assert_eq!(hidden.text(), absent.text());
    }

    async fn a_token_is_taken_as_the_password_of_basic(app) {
        let alice = app.user("alice").await;
        let basic = |secret: &str| format!("Basic {}", BASE64.encode(format!("alice:{secret}").as_bytes()));
        let good = app.anonymous().header("authorization", &basic(alice.token()));
        assert!(good.get("/").await.expect(200).text().contains("alice"));
        app.anonymous().header("authorization", &basic("wrong")).get("/").await.expect(401);
        app.anonymous().header("authorization", "Basic !").get("/").await.expect(401);
        app.anonymous().header("authorization", "Digest x").get("/").await.expect(401);
    }
}
