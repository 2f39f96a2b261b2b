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

    async fn an_administrator_makes_another_one_and_takes_it_back(app) {
        let (alice, root) = (app.user("alice").await, app.admin("root").await);
        for (role, admin) in [("ADMIN", true), ("ADMIN", true), ("USER", false)] {
            assert_eq!(refused(&root, "setUserRole", json!({"id": "alice", "role": role})).await, "");
            assert_eq!(alice.graphql("{ viewer { admin } }", json!({})).await["viewer"]["admin"], admin);
        }
        assert_eq!(refused(&alice, "setUserRole", json!({"id": "alice", "role": "ADMIN"})).await, "FORBIDDEN");
        assert_eq!(refused(&app.anonymous(), "setUserRole", json!({"id": "alice", "role": "ADMIN"})).await, "UNAUTHENTICATED");
        assert_eq!(refused(&root, "setUserRole", json!({"id": "nobody", "role": "ADMIN"})).await, "NOT_FOUND");
        assert_eq!(refused(&root, "setUserRole", json!({"id": "alice"})).await, "INVALID");
    }

    async fn the_last_administrator_stays(app) {
        let root = app.admin("root").await;
        app.admin("other").await;
        assert_eq!(refused(&root, "disableUser", json!({"id": "other"})).await, "");
        for (mutation, input) in [
            ("disableUser", json!({"id": "root"})),
            ("setUserRole", json!({"id": "root", "role": "USER"})),
            ("deleteUser", json!({"id": "root"})),
        ] {
            assert_eq!(refused(&root, mutation, input).await, "CONFLICT", "{mutation}");
        }
        let data = root.graphql("{ viewer { admin disabledAt } }", json!({})).await;
        assert_eq!(data["viewer"], json!({"admin": true, "disabledAt": null}));
    }

    async fn of_administrators_who_demote_each_other_at_once_one_stays(app) {
        let names: Vec<String> = (0..4).map(|number| format!("root{number}")).collect();
        let mut roots = Vec::new();
        for name in &names {
            roots.push(app.admin(name).await);
        }
        let attempts = roots.iter().zip(names.iter().cycle().skip(1)).enumerate().map(async |(number, (root, other))| {
            match number % 2 {
                0 => refused(root, "setUserRole", json!({"id": other, "role": "USER"})).await,
                _ => refused(root, "disableUser", json!({"id": other})).await,
            }
        });
        futures::future::join_all(attempts).await;
        let filter = sifhub::registry::user::UserFilter { admin: Some(true), disabled: Some(false), ..Default::default() };
        let left = sifhub::registry::user::count(&app.operator(), &filter).await.expect("a count");
        assert!(left >= 1, "nobody is left");
    }

    async fn an_account_is_deleted_once_it_owns_nothing(app) {
        let (alice, root) = (super::alice(&app).await, app.admin("root").await);
        let answer = mutate(&root, "deleteUser", json!({"id": "alice"})).await;
        assert_eq!(code(&answer), "CONFLICT");
        let words = answer["errors"][0]["message"].as_str().expect("words");
        assert!(words.contains("alice/tools, alice/secret"), "{words}");
        for collection in ["alice/tools", "alice/secret"] {
            assert_eq!(refused(&alice, "deleteCollection", json!({"id": collection, "withContent": true})).await, "");
        }
        assert_eq!(refused(&alice, "deleteUser", json!({"id": "alice"})).await, "FORBIDDEN");
        // What is in the trash may come back.
        assert_eq!(refused(&root, "deleteUser", json!({"id": "alice"})).await, "CONFLICT");
        assert_eq!(refused(&alice, "emptyTrash", json!({"namespace": "alice"})).await, "");
        assert_eq!(refused(&root, "deleteUser", json!({"id": "alice"})).await, "");
        assert_eq!(code(&alice.try_graphql("{ viewer { name } }", json!({})).await), "UNAUTHENTICATED");
        let gone = root.graphql("{ namespace(name: \"alice\") { id } users { totalCount } }", json!({})).await;
        assert_eq!(gone, json!({"namespace": null, "users": {"totalCount": 1}}));
        assert_eq!(refused(&root, "createUser", json!({"name": "alice"})).await, "");
    }

    async fn teams_keep_their_namespaces_when_whoever_made_them_is_deleted(app) {
        let (root, maker) = (app.admin("root").await, app.admin("maker").await);
        let (bob, carol) = (app.user("bob").await, app.user("carol").await);
        for team in ["lab", "idle"] {
            assert_eq!(refused(&maker, "createTeam", json!({"name": team})).await, "");
            for (user, role) in [("bob", "MAINTAINER"), ("carol", "MEMBER")] {
                assert_eq!(refused(&maker, "addTeamMember", json!({"team": team, "user": user, "role": role})).await, "");
            }
        }
        bob.push("lab/tools/hello", "1.0", crate::support::SifBuilder::new("amd64")).await;
        assert_eq!(refused(&maker, "leaveTeam", json!({"team": "lab"})).await, "");
        assert_eq!(refused(&root, "deleteUser", json!({"id": "maker"})).await, "");
        let left = carol.graphql(r#"{ lab: namespace(name: "lab") { team { name } collectionCount } idle: namespace(name: "idle") { team { name } }
            team(name: "idle") { members { nodes { user { name } } } } }"#, json!({})).await;
        assert_eq!(left, json!({"lab": {"team": {"name": "lab"}, "collectionCount": 1}, "idle": {"team": {"name": "idle"}},
            "team": {"members": {"nodes": [{"user": {"name": "bob"}}, {"user": {"name": "carol"}}]}}}));
        bob.push("idle/tools/hello", "1.0", crate::support::SifBuilder::new("amd64")).await;
        // A member who cannot become the maintainer goes as they are.
        assert_eq!(refused(&root, "deleteUser", json!({"id": "carol"})).await, "");
    }

    async fn the_last_maintainer_of_a_team_is_not_deleted(app) {
        let root = app.admin("root").await;
        let (_bob, _carol) = (app.user("bob").await, app.user("carol").await);
        assert_eq!(refused(&root, "createTeam", json!({"name": "lab"})).await, "");
        for (user, role) in [("bob", "MAINTAINER"), ("carol", "MAINTAINER")] {
            assert_eq!(refused(&root, "addTeamMember", json!({"team": "lab", "user": user, "role": role})).await, "");
        }
        assert_eq!(refused(&root, "leaveTeam", json!({"team": "lab"})).await, "");
        assert_eq!(refused(&root, "disableUser", json!({"id": "carol"})).await, "");
        let answer = mutate(&root, "deleteUser", json!({"id": "bob"})).await;
        assert_eq!(code(&answer), "CONFLICT");
        let words = answer["errors"][0]["message"].as_str().expect("words");
        assert!(words.contains("these teams: lab; make somebody else a maintainer first"), "{words}");
        assert_eq!(refused(&root, "enableUser", json!({"id": "carol"})).await, "");
        assert_eq!(refused(&root, "deleteUser", json!({"id": "bob"})).await, "");
        let team = root.graphql(r#"{ team(name: "lab") { members { nodes { role user { name } } } } }"#, json!({})).await;
        assert_eq!(team["team"]["members"]["nodes"], json!([{"role": "MAINTAINER", "user": {"name": "carol"}}]));
    }

    async fn administrators_filter_the_list_of_users(app) {
        let (alice, root) = (app.user("alice").await, app.admin("root").await);
        app.user("bob_x").await;
        assert_eq!(refused(&root, "disableUser", json!({"id": "bob_x"})).await, "");
        let list = async |who: &crate::support::Client, filter: &str| {
            let query = format!("{{ users(filter: {{{filter}}}) {{ totalCount nodes {{ name }} }} }}");
            who.try_graphql(&query, json!({})).await
        };
        let names = async |filter: &str| {
            let answer = list(&root, filter).await;
            let nodes = answer["data"]["users"]["nodes"].as_array().expect("nodes").clone();
            assert_eq!(answer["data"]["users"]["totalCount"], nodes.len());
            nodes.iter().map(|node| node["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("admin: true").await, ["root"]);
        assert_eq!(names("disabled: true").await, ["bob_x"]);
        assert_eq!(names("admin: false, disabled: false").await, ["alice"]);
        assert_eq!(names("text: \"O\"").await, ["bob_x", "root"]);
        assert_eq!(names("text: \"_\"").await, ["bob_x"]);
        assert_eq!(code(&list(&alice, "admin: true").await), "FORBIDDEN");
        assert_eq!(code(&list(&alice, "disabled: false").await), "FORBIDDEN");
        assert_eq!(code(&list(&app.anonymous(), "disabled: false").await), "UNAUTHENTICATED");
        assert_eq!(list(&alice, "text: \"bob\"").await["data"]["users"]["totalCount"], 1);
        let long = format!("text: \"{}\"", "x".repeat(1025));
        assert_eq!(code(&list(&root, &long).await), "INVALID");
    }
}
