use serde_json::json;
use sifhub::registry::Scope;

use super::{code, field, refused};
use crate::{
    hkp::{Key, push},
    support::on_each_database,
};

on_each_database! {
    async fn key_is_found_by_fingerprint_by_search_and_at_its_owner(app) {
        let alice = app.user("alice").await;
        let key = Key::of("Alice <alice@example.org>");
        push(&alice, &key.armored).await.expect(200);
        let fingerprint = key.fingerprint.to_uppercase();
        let query = "query($f: String!, $id: ID!) {
            key(fingerprint: $f) { id fingerprint userIds { text revoked } algorithm bits created expires revoked armored owner { name } }
            keys(search: \"alice@\") { fingerprint }
            node(id: $id) { id }
        }";
        let args = json!({"f": key.fingerprint, "id": format!("key:{fingerprint}")});
        let data = app.anonymous().graphql(query, args.clone()).await;
        assert_eq!(data["key"]["fingerprint"], fingerprint.as_str());
        assert_eq!(data["key"]["userIds"], json!([{"text": "Alice <alice@example.org>", "revoked": false}]));
        assert_eq!((&data["key"]["owner"], &data["key"]["revoked"]), (&json!(null), &json!(false)));
        assert_eq!(data["keys"], json!([{"fingerprint": fingerprint}]));
        assert_eq!(data["node"]["id"], format!("key:{fingerprint}"));
        assert_eq!(alice.graphql(query, args).await["key"]["owner"]["name"], "alice");
        let own = alice.graphql("{ viewer { keys { totalCount nodes { fingerprint } } } }", json!({})).await;
        assert_eq!(own["viewer"]["keys"], json!({"totalCount": 1, "nodes": [{"fingerprint": fingerprint}]}));
    }

    async fn only_its_owner_deletes_a_key(app) {
        let alice = app.user("alice").await;
        let key = Key::of("Alice <alice@example.org>");
        push(&alice, &key.armored).await.expect(200);
        let input = json!({"id": key.fingerprint});
        assert_eq!(refused(&app.user("bob").await, "deleteKey", input.clone()).await, "FORBIDDEN");
        assert_eq!(refused(&app.holding("alice", Scope::Read).await, "deleteKey", input.clone()).await, "FORBIDDEN");
        assert_eq!(refused(&app.anonymous(), "deleteKey", input.clone()).await, "UNAUTHENTICATED");
        assert_eq!(refused(&alice, "deleteKey", input.clone()).await, "");
        assert_eq!(refused(&alice, "deleteKey", input).await, "NOT_FOUND");
        let data = alice.graphql("query($f: String!) { key(fingerprint: $f) { id } }", json!({"f": key.fingerprint})).await;
        assert_eq!(data["key"], json!(null));
    }

    async fn revoked_key_stays_until_an_administrator_removes_it(app) {
        let alice = app.user("alice").await;
        let key = Key::of("Alice <alice@example.org>");
        push(&alice, &key.revoked()).await.expect(200);
        let input = json!({"id": key.fingerprint});
        assert_eq!(refused(&alice, "deleteKey", input.clone()).await, "CONFLICT");
        assert_eq!(refused(&app.admin("root").await, "deleteKey", input).await, "");
    }

    async fn what_is_no_fingerprint_is_an_invalid_input(app) {
        let nobody = app.anonymous();
        let answer = nobody.try_graphql(r#"{ key(fingerprint: "ABCD") { id } }"#, json!({})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "fingerprint"));
        let answer = nobody.try_graphql(r#"{ keys(search: "ab") { id } }"#, json!({})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "search"));
        assert_eq!(nobody.graphql(r#"{ keys(search: "nobody at all") { id } }"#, json!({})).await["keys"], json!([]));
    }
}
