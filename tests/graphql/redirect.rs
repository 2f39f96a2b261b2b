use serde_json::{Value, json};

use super::{alice, refused};
use crate::support::{Client, SifBuilder, on_each_database};

/// What pulls of `alice/tools/hello` by the old path answer, at every door.
async fn pulls(who: &Client) -> Vec<u16> {
    let mut statuses = Vec::new();
    for path in [
        "/v1/images/alice/tools/hello:1.0?arch=amd64",
        "/v1/imagefile/alice/tools/hello:1.0?arch=amd64",
        "/v2/alice/tools/hello/manifests/1.0",
        "/v2/alice/tools/hello/tags/list",
        "/sif/alice/tools/hello:1.0",
        "/alice/api/container/tools/hello:1.0",
    ] {
        statuses.push(who.get(path).await.status);
    }
    statuses
}

async fn old_path(who: &Client) -> Value {
    who.graphql(
        r#"{ container(path: "alice/tools/hello") { path } }"#,
        json!({}),
    )
    .await["container"]
        .clone()
}

on_each_database! {
    async fn what_was_renamed_or_moved_is_pulled_by_its_old_path(app) {
        let alice = alice(&app).await;
        let root = app.admin("root").await;
        let nobody = app.anonymous();
        for (name, input, now) in [
            ("updateContainer", json!({"id": "alice/tools/hello", "name": "hi"}), "alice/tools/hi"),
            ("updateCollection", json!({"id": "alice/tools", "name": "kit"}), "alice/kit/hi"),
            ("updateNamespace", json!({"id": "alice", "name": "wonder"}), "wonder/kit/hi"),
            ("createCollection", json!({"namespace": "wonder", "name": "open", "visibility": "PUBLIC"}), "wonder/kit/hi"),
            ("moveContainer", json!({"id": "wonder/kit/hi", "collection": "wonder/open"}), "wonder/open/hi"),
            ("createNamespace", json!({"name": "far"}), "wonder/open/hi"),
            ("moveCollection", json!({"id": "wonder/open", "namespace": "far"}), "far/open/hi"),
        ] {
            assert_eq!(refused(&root, name, input).await, "", "{name}");
            assert_eq!(old_path(&nobody).await, json!({"path": now}), "{name}");
            assert_eq!(pulls(&nobody).await, [200; 6], "{name}");
        }
        let seen = alice.graphql(r#"{ namespace(name: "alice") { name } collection(path: "alice/tools") { path } }"#, json!({})).await;
        assert_eq!(seen, json!({"namespace": {"name": "wonder"}, "collection": {"path": "wonder/kit"}}));
    }

    async fn redirect_to_what_is_hidden_is_not_found(app) {
        let alice = alice(&app).await;
        let bob = app.user("bob").await;
        assert_eq!(refused(&alice, "moveContainer", json!({"id": "alice/secret/hello", "collection": "alice/tools"})).await, "CONFLICT");
        assert_eq!(refused(&alice, "updateContainer", json!({"id": "alice/tools/hello", "name": "hi"})).await, "");
        assert_eq!(refused(&alice, "moveContainer", json!({"id": "alice/tools/hi", "collection": "alice/secret"})).await, "");
        assert_eq!(old_path(&bob).await, json!(null));
        assert!(pulls(&bob).await.iter().all(|status| *status == 404));
        assert_eq!(old_path(&alice).await, json!({"path": "alice/secret/hi"}));
    }

    async fn push_to_an_old_path_makes_something_new_and_ends_the_redirect(app) {
        let alice = alice(&app).await;
        assert_eq!(refused(&alice, "updateContainer", json!({"id": "alice/tools/hello", "name": "hi"})).await, "");
        for (name, input) in [
            ("updateContainer", json!({"id": "alice/tools/hello", "description": "d"})),
            ("deleteContainer", json!({"id": "alice/tools/hello", "withContent": true})),
        ] {
            assert_eq!(refused(&alice, name, input).await, "NOT_FOUND", "{name}");
        }
        assert_eq!(alice.delete("/v1/images/alice/tools/hello:1.0?arch=amd64").await.status, 404);
        let new = alice.push("alice/tools/hello", "2.0", SifBuilder::new("amd64").payload(4096, 42)).await;
        assert_eq!(old_path(&alice).await, json!({"path": "alice/tools/hello"}));
        assert_eq!(alice.get("/v2/alice/tools/hello/manifests/1.0").await.status, 404);
        let shown = alice.get("/v1/images/alice/tools/hello:2.0?arch=amd64").await.expect(200).text();
        assert!(shown.contains(new.trim_start_matches("sha256:")));
        assert_eq!(alice.get("/v2/alice/tools/hi/manifests/1.0").await.status, 200);
    }

    async fn what_comes_back_takes_its_old_place(app) {
        let alice = alice(&app).await;
        for name in ["hi", "hello", "hi"] {
            let old = if name == "hi" { "hello" } else { "hi" };
            assert_eq!(refused(&alice, "updateContainer", json!({"id": format!("alice/tools/{old}"), "name": name})).await, "");
        }
        assert_eq!(old_path(&alice).await, json!({"path": "alice/tools/hi"}));
        assert_eq!(refused(&alice, "deleteContainer", json!({"id": "alice/tools/hi", "withContent": true})).await, "");
        assert_eq!(old_path(&alice).await, json!(null));
    }

    async fn moves_need_both_ends(app) {
        alice(&app).await;
        let bob = app.user("bob").await;
        bob.push("bob/shelf/thing", "1.0", SifBuilder::new("amd64").payload(4096, 3)).await;
        assert_eq!(refused(&bob, "moveContainer", json!({"id": "alice/tools/hello", "collection": "bob/shelf"})).await, "FORBIDDEN");
        assert_eq!(refused(&bob, "moveContainer", json!({"id": "bob/shelf/thing", "collection": "alice/tools"})).await, "FORBIDDEN");
        assert_eq!(refused(&bob, "moveContainer", json!({"id": "bob/shelf/thing", "collection": "alice/secret"})).await, "NOT_FOUND");
        assert_eq!(refused(&bob, "moveCollection", json!({"id": "bob/shelf", "namespace": "alice"})).await, "FORBIDDEN");
        assert_eq!(refused(&app.anonymous(), "moveCollection", json!({"id": "bob/shelf", "namespace": "alice"})).await, "UNAUTHENTICATED");
    }

    async fn who_was_only_granted_a_thing_does_not_take_its_path_along(app) {
        let alice = alice(&app).await;
        let bob = app.user("bob").await;
        bob.push("bob/own/thing", "1.0", SifBuilder::new("amd64").payload(4096, 3)).await;
        let container = json!({"id": "alice/tools/hello", "collection": "bob/own"});
        let collection = json!({"id": "alice/tools", "namespace": "bob"});
        for (noun, path) in [("container", "alice/tools/hello"), ("collection", "alice/tools"), ("namespace", "alice")] {
            assert_eq!(refused(&alice, "setGrant", json!({"user": "bob", "level": "ADMIN", noun: path})).await, "", "{noun}");
            assert_eq!(refused(&bob, "moveContainer", container.clone()).await, "FORBIDDEN", "{noun}");
            assert_eq!(refused(&bob, "moveCollection", collection.clone()).await, "FORBIDDEN", "{noun}");
        }
        assert_eq!(old_path(&bob).await, json!({"path": "alice/tools/hello"}));
        // Within the namespace it stays with its owner.
        assert_eq!(refused(&bob, "moveContainer", json!({"id": "alice/tools/hello", "collection": "alice/secret"})).await, "CONFLICT");
        assert_eq!(refused(&bob, "updateContainer", json!({"id": "alice/tools/hello", "name": "hi"})).await, "");
        assert_eq!(refused(&bob, "moveContainer", json!({"id": "alice/tools/hi", "collection": "alice/secret"})).await, "");
        assert_eq!(refused(&bob, "setGrant", json!({"user": "alice", "level": "WRITE", "namespace": "bob"})).await, "");
        assert_eq!(refused(&alice, "moveContainer", json!({"id": "alice/secret/hi", "collection": "bob/own"})).await, "");
        assert_eq!(refused(&alice, "moveCollection", collection).await, "");
    }

    async fn maintainers_move_what_is_their_teams_elsewhere_and_members_do_not(app) {
        alice(&app).await;
        let (root, bob) = (app.admin("root").await, app.user("bob").await);
        let alice = app.holding("alice", sifhub::registry::Scope::Write).await;
        for (mutation, input) in [
            ("createTeam", json!({"name": "lab"})),
            ("addTeamMember", json!({"team": "lab", "user": "alice", "role": "MAINTAINER"})),
            ("addTeamMember", json!({"team": "lab", "user": "bob", "role": "MEMBER"})),
            ("createCollection", json!({"namespace": "lab", "name": "shelf"})),
            ("createCollection", json!({"namespace": "bob", "name": "own"})),
            ("setGrant", json!({"user": "bob", "collection": "lab/shelf", "level": "ADMIN"})),
        ] {
            assert_eq!(refused(&root, mutation, input).await, "", "{mutation}");
        }
        assert_eq!(refused(&bob, "moveCollection", json!({"id": "lab/shelf", "namespace": "bob"})).await, "FORBIDDEN");
        assert_eq!(refused(&alice, "moveCollection", json!({"id": "lab/shelf", "namespace": "alice"})).await, "");
    }

    async fn hits_cost_no_statement_more_than_before(app) {
        let alice = alice(&app).await;
        let path = "/v2/alice/tools/hello/manifests/1.0";
        alice.get(path).await.expect(200);
        let (_, before) = app.statements_of(alice.get(path)).await;
        assert_eq!(refused(&alice, "updateContainer", json!({"id": "alice/secret/hello", "name": "hi"})).await, "");
        let (_, after) = app.statements_of(alice.get(path)).await;
        assert_eq!(before, after);
    }
}
