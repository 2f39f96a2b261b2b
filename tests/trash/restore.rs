//! Out of the trash, as it was.
use futures::future::join;
use serde_json::{Value, json};
use sifhub::registry::download::flush;

use super::{BOX, delete, does, entry, refused, restore, trash};
use crate::{
    support::{Client, on_each_database},
    usage::{count_again, drifts, image},
};

/// All that a container is.
const ALL: &str = r#"{ container(path: "alice/tools/box") { id path name description createdAt starCount viewerHasStarred viewerHasBookmarked
    size stored imageCount manifestCount topics downloads { total } about { readme { markdown } licence }
    images { nodes { id digest tags { name } downloads { total } } } tags { nodes { id name arch } } manifests { nodes { id digest } }
    tagHistory { nodes { name } } grants { nodes { id level } } shareLinks { nodes { id note } } protection { immutableTags } }
    collection(path: "alice/tools") { size imageCount containerCount } viewer { stars { totalCount } } }"#;

async fn all(who: &Client) -> Value {
    who.graphql(ALL, json!({})).await
}

on_each_database! {
    async fn restoring_brings_back_everything_as_it_was(app) {
        let alice = app.user("alice").await;
        let bob = app.user("bob").await;
        alice.push(BOX, "1", image(4096, 1)).await;
        alice.push(BOX, "2", image(9000, 2)).await;
        let manifest = crate::oci::image(&alice, BOX, &[7; 5000]).await;
        crate::oci::push_manifest(&alice, BOX, "layers", &manifest).await;
        let found = alice.graphql(r#"{ image(path: "alice/tools/box", reference: "1") { id } }"#, json!({})).await;
        for (mutation, input) in [
            ("updateContainer", json!({"id": BOX, "description": "a box"})),
            ("setTopics", json!({"container": BOX, "topics": ["boxing"]})),
            ("describe", json!({"id": BOX, "readme": "# Boxes", "licence": "MIT"})),
            ("setGrant", json!({"container": BOX, "user": "bob", "level": "WRITE"})),
            ("createShareLink", json!({"image": found["image"]["id"], "note": "for bob"})),
            ("setImmutableTags", json!({"id": BOX, "immutableTags": ["v*"]})),
            ("star", json!({"id": BOX})), ("bookmark", json!({"id": BOX})),
        ] {
            does(&alice, mutation, input).await;
        }
        does(&bob, "star", json!({"id": BOX})).await;
        alice.get("/v1/imagefile/alice/tools/box:1?arch=amd64").await.expect(200);
        flush(&app.operator()).await.expect("written");
        let before = all(&alice).await;
        assert_eq!(before["container"]["downloads"]["total"], 1, "{before}");
        for path in [BOX, "alice/tools"] {
            delete(&alice, path).await;
            assert_eq!(all(&alice).await["container"], json!(null));
            assert_eq!(drifts(&app).await, []);
            restore(&alice, path).await;
            assert_eq!(all(&alice).await, before, "{path}");
            assert_eq!(drifts(&app).await, []);
            assert_eq!(trash(&alice).await, Vec::<Value>::new());
            for door in ["/v1/imagefile/alice/tools/box:2?arch=amd64", "/v2/alice/tools/box/manifests/layers", "/sif/alice/tools/box:1"] {
                assert_eq!(bob.get(door).await.status, 200, "{door}");
            }
        }
        app.indexed().await;
        let found = bob.graphql(r#"{ search(text: "box") { nodes { container { path } } } }"#, json!({})).await;
        assert_eq!(found["search"]["nodes"][0]["container"]["path"], BOX);
    }

    async fn name_of_what_is_in_the_trash_is_free_at_once(app) {
        let alice = app.user("alice").await;
        alice.push(BOX, "1", image(4096, 1)).await;
        let old = all(&alice).await["container"]["id"].clone();
        for path in [BOX, "alice/tools"] {
            delete(&alice, path).await;
            alice.push(BOX, "new", image(4096, 2)).await;
            let id = entry(&alice, path).await;
            let (code, why) = refused(&alice, "restore", json!({"id": id})).await;
            assert_eq!(code, "CONFLICT");
            assert!(why.contains("new name"), "{why}");
            assert_eq!(all(&alice).await["container"]["tags"]["nodes"][0]["name"], "new");
        }
        let id = entry(&alice, "alice/tools").await;
        does(&alice, "restore", json!({"id": id, "name": "older"})).await;
        let id = entry(&alice, BOX).await;
        let (code, _) = refused(&alice, "restore", json!({"id": id, "name": "~box"})).await;
        assert_eq!(code, "INVALID");
        does(&alice, "restore", json!({"id": id, "name": "oldest"})).await;
        let found = alice.graphql(r#"{ container(path: "alice/older/oldest") { id } }"#, json!({})).await;
        assert_eq!(found["container"]["id"], old);
        assert_eq!(alice.get("/v2/alice/tools/box/manifests/new").await.status, 200);
        assert_eq!(drifts(&app).await, []);
    }

    async fn what_was_in_the_trash_before_its_collection_stays_there_after_it(app) {
        let alice = app.user("alice").await;
        alice.push(BOX, "1", image(4096, 1)).await;
        alice.push("alice/tools/other", "1", image(4096, 2)).await;
        delete(&alice, BOX).await;
        delete(&alice, "alice/tools").await;
        let id = entry(&alice, BOX).await;
        let (code, why) = refused(&alice, "restore", json!({"id": id})).await;
        assert_eq!(code, "CONFLICT");
        assert!(why.contains("restore that first"), "{why}");
        restore(&alice, "alice/tools").await;
        assert_eq!(drifts(&app).await, []);
        assert_eq!(alice.get("/v2/alice/tools/box/manifests/1").await.status, 404);
        assert_eq!(alice.get("/v2/alice/tools/other/manifests/1").await.status, 200);
        restore(&alice, BOX).await;
        assert_eq!(alice.get("/v2/alice/tools/box/manifests/1").await.status, 200);
        assert_eq!(drifts(&app).await, []);
    }

    async fn of_restore_and_purge_at_once_one_happens(app) {
        let alice = app.user("alice").await;
        for round in 0..6_u64 {
            let path = format!("alice/tools/c{round}");
            alice.push(&path, "1", image(4096, round)).await;
            delete(&alice, &path).await;
            let id = entry(&alice, &path).await;
            let ((restored, _), (purged, _)) = join(
                refused(&alice, "restore", json!({"id": id})),
                refused(&alice, "purge", json!({"id": id})),
            ).await;
            let there = alice.get(&format!("/v2/{path}/manifests/1")).await.status;
            match (&*restored, &*purged) {
                ("", "NOT_FOUND") => assert_eq!(there, 200),
                ("NOT_FOUND", "") => assert_eq!(there, 404),
                both => panic!("{both:?}"),
            }
            assert_eq!(drifts(&app).await, []);
        }
        assert_eq!(trash(&alice).await, Vec::<Value>::new());
    }

    async fn of_restore_and_a_push_under_the_name_at_once_one_gets_it(app) {
        let alice = app.user("alice").await;
        for round in 0..6_u64 {
            let path = format!("alice/tools/c{round}");
            alice.push(&path, "1", image(4096, round)).await;
            delete(&alice, &path).await;
            let id = entry(&alice, &path).await;
            let name = format!("c{round}");
            let ((restored, _), (made, _)) = join(
                refused(&alice, "restore", json!({"id": id})),
                refused(&alice, "createContainer", json!({"collection": "alice/tools", "name": name})),
            ).await;
            let there = alice.get(&format!("/v2/{path}/manifests/1")).await.status;
            match (&*restored, &*made) {
                ("", "CONFLICT") => assert_eq!(there, 200),
                ("CONFLICT", "") => assert_eq!(there, 404),
                both => panic!("{both:?}"),
            }
        }
        assert_eq!(drifts(&app).await, []);
    }

    async fn deletes_restores_pushes_and_purges_at_once_leave_the_sums_as_they_should_be(app) {
        let alice = app.user("alice").await;
        for number in 0..3 {
            alice.push(&format!("alice/tools/c{number}"), "1", image(4096, number)).await;
        }
        let work = async |worker: u64| {
            for round in 0..4 {
                let path = format!("alice/tools/c{}", worker % 3);
                match (worker + round) % 4 {
                    0 => drop(refused(&alice, "deleteContainer", json!({"id": path, "withContent": true})).await),
                    1 => {
                        let bytes = vec![(worker % 4) as u8; 3000];
                        let digest = crate::oci::sha256(&bytes);
                        alice.send("POST", &format!("/v2/{path}/blobs/uploads/?digest={digest}"), bytes).await;
                    }
                    2 if worker == 6 => drop(refused(&alice, "deleteCollection", json!({"id": "alice/tools", "withContent": true})).await),
                    step => {
                        let some = alice.graphql("{ trash(first: 1) { nodes { id } } }", json!({})).await;
                        let mutation = ["restore", "purge"][step as usize % 2];
                        if let Some(id) = some["trash"]["nodes"][0]["id"].as_str() {
                            refused(&alice, mutation, json!({"id": id})).await;
                        }
                    }
                }
            }
        };
        futures::future::join_all((0..10).map(work)).await;
        assert_eq!(drifts(&app).await, []);
    }

    async fn recount_knows_what_is_in_the_trash(app) {
        use sea_orm::ConnectionTrait;
        let alice = app.user("alice").await;
        alice.push(BOX, "1", image(4096, 1)).await;
        alice.push("alice/tools/other", "1", image(4096, 2)).await;
        alice.push("alice/more/box", "1", image(4096, 3)).await;
        delete(&alice, BOX).await;
        delete(&alice, "alice/more").await;
        let right = all(&alice).await;
        for harm in [
            "UPDATE usage SET counted = TRUE",
            "DELETE FROM usage WHERE extent = 'container'",
            "DELETE FROM usage WHERE extent IN ('collection', 'namespace', 'site')",
        ] {
            app.db.execute_unprepared(harm).await.expect("harm");
            assert_ne!(count_again(&app, true).await.drifts, [], "{harm}");
            assert_eq!(drifts(&app).await, [], "{harm}");
            assert_eq!(all(&alice).await, right, "{harm}");
        }
        restore(&alice, BOX).await;
        restore(&alice, "alice/more").await;
        assert_eq!(drifts(&app).await, []);
    }
}
