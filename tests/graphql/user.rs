use serde_json::json;

use super::{code, field, mutate, refused};
use crate::support::on_each_database;

on_each_database! {
    async fn viewer_is_null_for_nobody(app) {
        assert_eq!(app.anonymous().graphql("{ viewer { name } }", json!({})).await, json!({"viewer": null}));
        assert_eq!(app.user("alice").await.graphql("{ viewer { name } }", json!({})).await, json!({"viewer": {"name": "alice"}}));
    }

    async fn users_know_each_others_names_and_no_more(app) {
        let alice = app.user("alice").await;
        let root = app.admin("root").await;
        let list = "{ users { totalCount nodes { name admin disabledAt lastLoginAt } } }";
        let seen = alice.graphql(list, json!({})).await;
        assert_eq!(seen["users"], json!({"totalCount": 2, "nodes": [
            {"name": "alice", "admin": false, "disabledAt": null, "lastLoginAt": null},
            {"name": "root", "admin": null, "disabledAt": null, "lastLoginAt": null}]}));
        let seen = root.graphql(list, json!({})).await;
        assert_eq!(seen["users"]["nodes"][1]["admin"], true);
        let seen = app.anonymous().graphql(list, json!({})).await;
        assert_eq!(seen["users"], json!({"totalCount": 0, "nodes": []}));
    }

    async fn administrator_makes_disables_and_enables_a_user(app) {
        let root = app.admin("root").await;
        let made = root.graphql(
            r#"mutation { createUser(input: {name: "carol", password: "correct horse battery"}) { user { name admin } } }"#, json!({})).await;
        assert_eq!(made["createUser"]["user"], json!({"name": "carol", "admin": false}));
        let carol = app.holding("carol", sifhub::registry::Scope::Write).await;
        assert_eq!(carol.graphql("{ viewer { name } }", json!({})).await["viewer"]["name"], "carol");
        let disabled = root.graphql(r#"mutation { disableUser(input: {id: "carol"}) { user { disabledAt } } }"#, json!({})).await;
        assert_ne!(disabled["disableUser"]["user"]["disabledAt"], json!(null));
        assert_eq!(code(&carol.try_graphql("{ viewer { name } }", json!({})).await), "UNAUTHENTICATED");
        let enabled = root.graphql(r#"mutation { enableUser(input: {id: "carol"}) { user { disabledAt } } }"#, json!({})).await;
        assert_eq!(enabled["enableUser"]["user"]["disabledAt"], json!(null));
        assert_eq!(carol.graphql("{ viewer { name } }", json!({})).await["viewer"]["name"], "carol");
    }

    async fn nobody_else_makes_or_disables_users(app) {
        let alice = app.user("alice").await;
        for (who, why) in [(&alice, "FORBIDDEN"), (&app.anonymous(), "UNAUTHENTICATED")] {
            assert_eq!(refused(who, "createUser", json!({"name": "carol"})).await, why);
            assert_eq!(refused(who, "disableUser", json!({"id": "alice"})).await, why);
            assert_eq!(refused(who, "enableUser", json!({"id": "alice"})).await, why);
        }
    }

    async fn short_password_is_an_invalid_input(app) {
        let root = app.admin("root").await;
        let answer = mutate(&root, "createUser", json!({"name": "carol", "password": "x"})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.password"));
        assert_eq!(refused(&root, "createUser", json!({"name": "root"})).await, "CONFLICT");
    }
}
