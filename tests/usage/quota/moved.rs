//! Quotas, and what comes without being pushed.
use super::*;

/// The namespace `full` of alice, which has room for no image.
async fn with_full(app: &TestApp) -> (Client, Client, usize) {
    let (root, alice, size) = with_one(app).await;
    let rest = [
        ("createNamespace", json!({"name": "full"})),
        ("transferNamespace", json!({"id": "full", "user": "alice"})),
        (
            "createCollection",
            json!({"namespace": "full", "name": "tools"}),
        ),
        (
            "createContainer",
            json!({"collection": "full/tools", "name": "kept"}),
        ),
    ];
    for (name, input) in rest {
        assert_eq!(set(&root, name, input).await.0, "", "{name}");
    }
    limit(&root, "full", json!({"limitImages": 0})).await;
    (root, alice, size)
}

on_each_database! {
    async fn what_is_promoted_or_moved_must_fit_where_it_goes(app) {
        let (root, alice, _) = with_full(&app).await;
        let found = alice.graphql(r#"{ image(path: "alice/tools/a", reference: "1") { id } }"#, json!({})).await;
        let image = &found["image"]["id"];
        let ways = [
            ("promoteImage", json!({"image": image, "container": "full/tools/kept"})),
            ("moveContainer", json!({"id": "alice/tools/a", "collection": "full/tools"})),
        ];
        for (name, input) in ways {
            assert_eq!(set(&alice, name, input).await.0, "QUOTA_EXCEEDED", "{name}");
        }
        let renamed = json!({"id": "alice/tools", "name": "other"});
        assert_eq!(set(&alice, "updateCollection", renamed).await.0, "");
        let (name, input) = ("moveCollection", json!({"id": "alice/other", "namespace": "full"}));
        assert_eq!(set(&alice, name, input.clone()).await.0, "QUOTA_EXCEEDED");
        limit(&root, "full", json!({"limitImages": 1})).await;
        assert_eq!(set(&alice, name, input).await.0, "");
        assert_eq!(quota(&alice, r#"namespace(name: "full")"#).await["usedImages"], 1);
        assert_eq!(quota(&alice, r#"namespace(name: "alice")"#).await["usedImages"], 0);
    }

    async fn what_moves_within_a_full_namespace_needs_no_room(app) {
        let (root, alice, _) = with_one(&app).await;
        let made = set(&alice, "createCollection", json!({"namespace": "alice", "name": "more"})).await;
        assert_eq!(made.0, "");
        limit(&root, "alice", json!({"limitImages": 0})).await;
        let moved = json!({"id": "alice/tools/a", "collection": "alice/more"});
        assert_eq!(set(&alice, "moveContainer", moved).await.0, "");
    }

    async fn a_namespace_is_not_handed_to_a_user_who_has_no_room_for_it(app) {
        let (root, alice, _) = with_full(&app).await;
        app.user("bob").await;
        limit(&root, "full", json!({"limitImages": null})).await;
        alice.push("full/tools/kept", "1", image(4096, 2)).await;
        let none = json!({"id": "bob", "quota": {"limitImages": 0}});
        assert_eq!(set(&root, "setUserQuota", none).await.0, "");
        let handed = json!({"id": "full", "user": "bob"});
        assert_eq!(set(&root, "transferNamespace", handed.clone()).await.0, "QUOTA_EXCEEDED");
        let one = json!({"id": "bob", "quota": {"limitImages": 1}});
        assert_eq!(set(&root, "setUserQuota", one).await.0, "");
        assert_eq!(set(&root, "transferNamespace", handed).await.0, "");
    }
}
