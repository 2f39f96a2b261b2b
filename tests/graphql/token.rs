use serde_json::json;
use sifhub::registry::Scope;

use super::{code, field, mutate, refused};
use crate::support::on_each_database;

const CREATE: &str =
    "mutation($scope: Scope!) { createToken(input: {name: \"laptop\", scope: $scope})
    { secret token { id name scope revoked expiresAt lastUsedAt user { name } } } }";

on_each_database! {
    async fn new_token_tells_its_secret_once_and_works_until_revoked(app) {
        let alice = app.user("alice").await;
        let made = alice.graphql(CREATE, json!({"scope": "WRITE"})).await["createToken"].clone();
        let secret = made["secret"].as_str().expect("a secret");
        assert!(secret.starts_with("sifhub_") && secret.len() == 215, "{}", secret.len());
        assert_eq!((&made["token"]["scope"], &made["token"]["revoked"], &made["token"]["user"]["name"]), (&json!("WRITE"), &json!(false), &json!("alice")));
        let laptop = app.anonymous().with_token(secret);
        assert_eq!(laptop.graphql("{ viewer { name } }", json!({})).await["viewer"]["name"], "alice");
        let list = "{ viewer { tokens { totalCount nodes { name } } } }";
        let before = alice.graphql(list, json!({})).await;
        assert_eq!(before["viewer"]["tokens"], json!({"totalCount": 2, "nodes": [{"name": "laptop"}, {"name": "test"}]}));
        assert!(!before.to_string().contains(secret));
        let ended = alice.graphql("mutation($id: ID!) { revokeToken(input: {id: $id}) { token { name revoked } } }", json!({"id": made["token"]["id"]})).await;
        assert_eq!(ended["revokeToken"]["token"], json!({"name": "laptop", "revoked": true}));
        assert_eq!(alice.graphql(list, json!({})).await["viewer"]["tokens"]["totalCount"], 1);
        let answer = laptop.header("content-type", "application/json").post("/graphql", json!({"query": "{ viewer { name } }"})).await.expect(401);
        assert_eq!(code(&answer.json()), "UNAUTHENTICATED");
    }

    async fn token_makes_none_that_reaches_further(app) {
        app.user("alice").await;
        let reader = app.holding("alice", Scope::Read).await;
        assert_eq!(refused(&reader, "createToken", json!({"name": "more", "scope": "WRITE"})).await, "FORBIDDEN");
        let writer = app.holding("alice", Scope::Write).await;
        assert_eq!(refused(&writer, "createToken", json!({"name": "more", "scope": "ADMIN"})).await, "FORBIDDEN");
        assert_eq!(refused(&app.anonymous(), "createToken", json!({"name": "any", "scope": "READ"})).await, "UNAUTHENTICATED");
    }

    async fn token_that_expires_makes_none_that_lasts_longer(app) {
        let alice = app.user("alice").await;
        let made = alice.graphql("mutation { createToken(input: {name: \"brief\", scope: WRITE, expiresAt: \"2090-01-01T00:00:00Z\"}) { secret } }", json!({})).await;
        let brief = app.anonymous().with_token(made["createToken"]["secret"].as_str().expect("a secret"));
        let mut more = json!({"name": "more", "scope": "READ"});
        assert_eq!(refused(&brief, "createToken", more.clone()).await, "FORBIDDEN");
        more["expiresAt"] = json!("2090-01-01T00:00:01Z");
        assert_eq!(refused(&brief, "createToken", more.clone()).await, "FORBIDDEN");
        more["expiresAt"] = json!("2090-01-01T00:00:00Z");
        assert_eq!(refused(&brief, "createToken", more).await, "");
    }

    async fn tokens_of_others_cannot_be_seen_or_ended(app) {
        let alice = app.user("alice").await;
        let bob = app.user("bob").await;
        let token = alice.graphql(CREATE, json!({"scope": "READ"})).await["createToken"]["token"]["id"].clone();
        assert_eq!(refused(&bob, "revokeToken", json!({"id": token})).await, "NOT_FOUND");
        assert_eq!(refused(&app.anonymous(), "revokeToken", json!({"id": token})).await, "NOT_FOUND");
        let data = bob.graphql("query($id: ID!) { node(id: $id) { id } users { nodes { name tokens { totalCount } } } }", json!({"id": token})).await;
        assert_eq!(data, json!({"node": null, "users": {"nodes": [
            {"name": "alice", "tokens": {"totalCount": 0}}, {"name": "bob", "tokens": {"totalCount": 1}}]}}));
    }

    async fn names_and_expiries_that_cannot_be_are_invalid_inputs(app) {
        let alice = app.user("alice").await;
        for name in ["", "   ", &"n".repeat(101)] {
            let answer = mutate(&alice, "createToken", json!({"name": name, "scope": "READ"})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.name"));
        }
        let answer = mutate(&alice, "createToken", json!({"name": "x", "scope": "READ", "expiresAt": "2020-01-01T00:00:00Z"})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.expiresAt"));
        let answer = mutate(&alice, "createToken", json!({"name": "x", "scope": "READ", "expiresAt": "9999-01-01T00:00:00Z"})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.expiresAt"));
        let answer = mutate(&alice, "createToken", json!({"name": "x", "scope": "READ", "expiresAt": "soon"})).await;
        assert_eq!(code(&answer), "INVALID");
    }
}
