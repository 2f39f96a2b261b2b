use serde_json::{Value, json};
use sifhub::registry::Scope;

use super::{alice, code, field, mutate, refused};
use crate::support::{Client, SifBuilder, on_each_database};

async fn grant(who: &Client, to: Value, level: &str) -> Value {
    let mut input = to;
    input["level"] = json!(level);
    let made = who
        .graphql(
            "mutation($input: SetGrantInput!) { setGrant(input: $input) { grant { id level } } }",
            json!({"input": input}),
        )
        .await;
    made["setGrant"]["grant"].clone()
}

const SEEN: &str = r#"{ namespace(name: "alice") { imageCount containerCount collections { totalCount nodes { name imageCount } } }
    containers { totalCount nodes { path viewerPermission } } images { totalCount } tags: container(path: "alice/secret/hello") { tags { totalCount } } }"#;

on_each_database! {
    async fn granted_container_shows_its_path_and_not_what_is_beside_it(app) {
        let alice = alice(&app).await;
        alice.push("alice/secret/other", "1.0", SifBuilder::new("amd64").payload(4096, 77)).await;
        assert_eq!(refused(&alice, "updateCollection", json!({"id": "alice/tools", "visibility": "PRIVATE"})).await, "");
        let bob = app.user("bob").await;
        assert_eq!(bob.graphql(SEEN, json!({})).await, json!({"namespace": null, "containers": {"totalCount": 0, "nodes": []}, "images": {"totalCount": 0}, "tags": null}));
        grant(&alice, json!({"user": "bob", "container": "alice/secret/hello"}), "READ").await;
        assert_eq!(bob.graphql(SEEN, json!({})).await, json!({
            "namespace": {"imageCount": 1, "containerCount": 1, "collections": {"totalCount": 1, "nodes": [{"name": "secret", "imageCount": 1}]}},
            "containers": {"totalCount": 1, "nodes": [{"path": "alice/secret/hello", "viewerPermission": "READ"}]},
            "images": {"totalCount": 1}, "tags": {"tags": {"totalCount": 1}},
        }));
        for path in ["/v1/imagefile/alice/secret/hello:1.0?arch=amd64", "/v2/alice/secret/hello/manifests/1.0", "/sif/alice/secret/hello:1.0"] {
            assert_eq!(bob.get(path).await.status, 200, "{path}");
        }
        assert_eq!(bob.get("/v2/alice/secret/other/manifests/1.0").await.status, 404);
        assert!(!bob.get("/v2/_catalog").await.text().contains("other"));
        assert_eq!(refused(&bob, "updateContainer", json!({"id": "alice/secret/hello", "name": "mine"})).await, "FORBIDDEN");
    }

    async fn granted_writer_pushes_below_and_nowhere_else(app) {
        let alice = alice(&app).await;
        let bob = app.user("bob").await;
        grant(&alice, json!({"user": "bob", "collection": "alice/secret"}), "WRITE").await;
        bob.push("alice/secret/new", "1.0", SifBuilder::new("amd64").payload(4096, 9)).await;
        assert_eq!(refused(&bob, "createContainer", json!({"collection": "alice/tools", "name": "c"})).await, "FORBIDDEN");
        assert_eq!(refused(&bob, "createCollection", json!({"namespace": "alice", "name": "c"})).await, "FORBIDDEN");
        assert_eq!(refused(&bob, "deleteContainer", json!({"id": "alice/secret/new", "withContent": true})).await, "FORBIDDEN");
        let reader = app.holding("bob", Scope::Read).await;
        assert_eq!(refused(&reader, "createContainer", json!({"collection": "alice/secret", "name": "c"})).await, "FORBIDDEN");
    }

    async fn granted_administrator_changes_and_shares_but_does_not_own(app) {
        let alice = alice(&app).await;
        let (bob, _) = (app.user("bob").await, app.user("carol").await);
        grant(&alice, json!({"user": "bob", "namespace": "alice"}), "ADMIN").await;
        assert_eq!(refused(&bob, "updateCollection", json!({"id": "alice/secret", "description": "d"})).await, "");
        assert_eq!(refused(&bob, "setGrant", json!({"user": "carol", "container": "alice/secret/hello", "level": "READ"})).await, "");
        assert_eq!(refused(&bob, "transferNamespace", json!({"id": "alice", "user": "bob"})).await, "FORBIDDEN");
    }

    async fn grant_to_a_team_lets_its_members_in_as_long_as_they_are_members(app) {
        let alice = alice(&app).await;
        let root = app.admin("root").await;
        let bob = app.user("bob").await;
        assert_eq!(refused(&root, "createTeam", json!({"name": "lab"})).await, "");
        assert_eq!(refused(&root, "addTeamMember", json!({"team": "lab", "user": "bob"})).await, "");
        assert_eq!(bob.get("/v1/containers/alice/secret/hello").await.status, 404);
        grant(&alice, json!({"team": "lab", "collection": "alice/secret"}), "READ").await;
        assert_eq!(bob.get("/v1/containers/alice/secret/hello").await.status, 200);
        assert_eq!(refused(&bob, "leaveTeam", json!({"team": "lab"})).await, "");
        assert_eq!(bob.get("/v1/containers/alice/secret/hello").await.status, 404);
    }

    async fn second_grant_replaces_the_first_and_a_removed_one_lets_nobody_in(app) {
        let alice = alice(&app).await;
        let bob = app.user("bob").await;
        let to = json!({"user": "bob", "collection": "alice/secret"});
        let first = grant(&alice, to.clone(), "READ").await;
        let second = grant(&alice, to, "WRITE").await;
        assert_eq!((&first["id"], &second["level"]), (&second["id"], &json!("WRITE")));
        let query = r#"{ collection(path: "alice/secret") { viewerPermission grants { totalCount nodes { level user { name } team { name } createdBy { name } } } }
            viewer { grants { totalCount } } }"#;
        let seen = alice.graphql(query, json!({})).await;
        assert_eq!(seen["collection"]["grants"], json!({"totalCount": 1, "nodes": [
            {"level": "WRITE", "user": {"name": "bob"}, "team": null, "createdBy": {"name": "alice"}}]}));
        let seen = bob.graphql(query, json!({})).await;
        assert_eq!((&seen["collection"]["viewerPermission"], &seen["viewer"]["grants"]["totalCount"]), (&json!("WRITE"), &json!(1)));
        assert_eq!(refused(&bob, "removeGrant", json!({"id": first["id"]})).await, "FORBIDDEN");
        let carol = app.user("carol").await;
        assert_eq!(refused(&carol, "removeGrant", json!({"id": first["id"]})).await, "NOT_FOUND");
        assert_eq!(refused(&alice, "removeGrant", json!({"id": first["id"]})).await, "");
        assert_eq!(bob.graphql(query, json!({})).await["collection"], json!(null));
    }

    async fn others_grants_are_hidden_and_strangers_grant_nothing(app) {
        let alice = alice(&app).await;
        let (bob, carol) = (app.user("bob").await, app.user("carol").await);
        grant(&alice, json!({"user": "bob", "collection": "alice/tools"}), "WRITE").await;
        let query = r#"{ collection(path: "alice/tools") { grants { totalCount } } }"#;
        assert_eq!(carol.graphql(query, json!({})).await["collection"]["grants"]["totalCount"], 0);
        for (who, why) in [(&bob, "FORBIDDEN"), (&carol, "FORBIDDEN"), (&app.anonymous(), "NOT_FOUND")] {
            assert_eq!(refused(who, "setGrant", json!({"user": "carol", "collection": "alice/tools", "level": "READ"})).await, why);
        }
        assert_eq!(refused(&carol, "setGrant", json!({"user": "carol", "collection": "alice/secret", "level": "READ"})).await, "NOT_FOUND");
    }

    async fn grant_names_one_subject_and_one_thing(app) {
        let alice = alice(&app).await;
        app.user("bob").await;
        for (input, wrong) in [
            (json!({"collection": "alice/tools", "level": "READ"}), "input.user"),
            (json!({"user": "bob", "team": "lab", "collection": "alice/tools", "level": "READ"}), "input.user"),
            (json!({"user": "bob", "level": "READ"}), "input.namespace"),
            (json!({"user": "bob", "namespace": "alice", "collection": "alice/tools", "level": "READ"}), "input.namespace"),
        ] {
            let answer = mutate(&alice, "setGrant", input).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", wrong));
        }
    }
}
