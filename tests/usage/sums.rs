//! Sums, kept in step with every change.
use std::time::Duration;

use serde_json::{Value, json};
use sifhub::registry::blob::collect;

use super::{count_again, drifts, image, sums};
use crate::{
    oci::{artifact, push_blob, push_manifest, sha256},
    support::{Client, on_each_database},
};

const BOX: &str = r#"container(path: "alice/tools/box")"#;
const TOOLS: &str = r#"collection(path: "alice/tools")"#;
const ALICE: &str = r#"namespace(name: "alice")"#;

/// The length of what is pushed, which pads to whole pages.
async fn size(who: &Client, path: &str) -> u64 {
    let found = sums(who, &format!("container(path: {path:?})")).await;
    found["size"]
        .as_str()
        .expect("bytes")
        .parse()
        .expect("a number")
}

/// What administrators are told of how right the sums are.
async fn known(root: &Client) -> serde_json::Value {
    let query = "{ storage { sums { count unchecked wrongCount } } }";
    root.graphql(query, json!({})).await["storage"]["sums"].clone()
}

on_each_database! {
    async fn an_image_counts_in_all_that_it_is_in(app) {
        let alice = app.user("alice").await;
        alice.push("alice/tools/box", "1", image(4096, 1)).await;
        alice.push("alice/tools/box", "2", image(9000, 2)).await;
        let here = sums(&alice, BOX).await;
        assert_eq!((&here["imageCount"], &here["manifestCount"]), (&json!(2), &json!(0)));
        for above in [TOOLS, ALICE] {
            assert_eq!(sums(&alice, above).await, here);
        }
        assert_eq!(drifts(&app).await, []);
    }

    async fn images_that_share_their_bytes_count_each_and_are_stored_once(app) {
        let alice = app.user("alice").await;
        for path in ["alice/tools/a", "alice/tools/b", "alice/more/c"] {
            alice.push(path, "1", image(4096, 1)).await;
            // The same again changes nothing.
            alice.push(path, "2", image(4096, 1)).await;
        }
        let one = size(&alice, "alice/tools/a").await;
        let empty = 2;
        for (what, copies) in [(TOOLS, 2), (ALICE, 3)] {
            let found = sums(&alice, what).await;
            assert_eq!(found["size"], (one * copies).to_string());
            assert_eq!(found["imageCount"], copies);
            assert_eq!(found["stored"], (one + empty).to_string());
        }
        assert_eq!(drifts(&app).await, []);
    }

    async fn manifests_count_by_their_own_size_unless_they_describe_a_sif_image(app) {
        let alice = app.user("alice").await;
        let manifest = crate::oci::image(&alice, "alice/tools/box", &[7; 5000]).await;
        let stored = sums(&alice, BOX).await;
        // Blobs are stored before anything counts.
        assert_eq!((&stored["size"], &stored["stored"]), (&json!("0"), &json!("5002")));
        let digest = push_manifest(&alice, "alice/tools/box", "1", &manifest).await;
        let length = manifest.to_string().len() as u64;
        let found = sums(&alice, TOOLS).await;
        assert_eq!(found, json!({"size": (5002 + length).to_string(), "stored": "5002", "imageCount": 0, "manifestCount": 1}));
        let subject = json!({"mediaType": crate::oci::IMAGE, "digest": digest, "size": length});
        artifact(&alice, "alice/tools/box", &subject, "text/plain").await;
        assert_eq!(sums(&alice, TOOLS).await["manifestCount"], 2);
        assert_eq!(drifts(&app).await, []);
        alice.delete(&format!("/v2/alice/tools/box/manifests/{digest}")).await.expect(202);
        let found = sums(&alice, TOOLS).await;
        assert_eq!((&found["manifestCount"], &found["stored"]), (&json!(1), &json!("5002")));
        assert_eq!(drifts(&app).await, []);
    }

    async fn what_is_deleted_no_longer_counts_and_is_stored_until_it_left_the_trash_and_is_collected(app) {
        let alice = app.user("alice").await;
        alice.push("alice/tools/box", "1", image(4096, 1)).await;
        alice.push("alice/tools/other", "1", image(4096, 2)).await;
        push_blob(&alice, "alice/tools/box", b"nobody names me").await;
        let one = size(&alice, "alice/tools/box").await;
        alice.delete("/v1/images/alice/tools/box:1?arch=amd64").await.expect(200);
        let found = sums(&alice, TOOLS).await;
        assert_eq!((&found["imageCount"], &found["size"]), (&json!(1), &json!(one.to_string())));
        assert_eq!(found["stored"], (2 * one + 2 + 15).to_string(), "it is in the trash");
        assert_eq!(drifts(&app).await, []);
        tokio::time::sleep(Duration::from_millis(5)).await;
        collect(&app.operator(), Duration::ZERO, false).await.expect("a collection");
        assert_eq!(sums(&alice, TOOLS).await["stored"], (2 * one + 2).to_string(), "it is in the trash");
        alice.graphql(r#"mutation { emptyTrash(input: {namespace: "alice"}) { purged } }"#, json!({})).await;
        assert_eq!(drifts(&app).await, []);
        collect(&app.operator(), Duration::ZERO, false).await.expect("a collection");
        assert_eq!(sums(&alice, TOOLS).await["stored"], (one + 2).to_string());
        assert_eq!(drifts(&app).await, []);
    }

    async fn sums_go_with_containers_and_collections(app) {
        let alice = app.user("alice").await;
        for path in ["alice/tools/a", "alice/tools/b", "alice/more/a"] {
            alice.push(path, "1", image(4096, 1)).await;
            alice.push(path, "2", image(4096, path.len() as u64 + 5)).await;
        }
        let delete = async |kind: &str, id: &str| {
            let text = format!("mutation($id: ID!) {{ delete{kind}(input: {{id: $id, withContent: true}}) {{ deletedId }} }}");
            alice.graphql(&text, json!({"id": id})).await;
            assert_eq!(drifts(&app).await, []);
        };
        delete("Container", "alice/tools/b").await;
        assert_eq!(sums(&alice, ALICE).await["imageCount"], 4);
        delete("Collection", "alice/tools").await;
        assert_eq!(sums(&alice, ALICE).await["imageCount"], 2);
        delete("Collection", "alice/more").await;
        let found = sums(&alice, ALICE).await;
        assert_eq!((&found["size"], &found["imageCount"]), (&json!("0"), &json!(0)));
        assert_ne!(found["stored"], "0");
        alice.graphql(r#"mutation { emptyTrash(input: {namespace: "alice"}) { purged } }"#, json!({})).await;
        assert_eq!(drifts(&app).await, []);
        assert_eq!(sums(&alice, ALICE).await, json!({"size": "0", "stored": "0", "imageCount": 0, "manifestCount": 0}));
        alice.graphql(r#"mutation { deleteNamespace(input: {id: "alice"}) { deletedId } }"#, json!({})).await;
        assert_eq!(drifts(&app).await, []);
    }

    async fn sums_go_with_users_and_teams(app) {
        let (root, alice) = (app.admin("root").await, app.user("alice").await);
        let done = async |operation: &str, input: Value| {
            let kind = operation[..1].to_uppercase() + &operation[1..];
            let text = format!("mutation($input: {kind}Input!) {{ {operation}(input: $input) {{ __typename }} }}");
            root.graphql(&text, json!({"input": input})).await;
        };
        done("createTeam", json!({"name": "lab"})).await;
        for (who, namespace) in [(&alice, "alice"), (&root, "lab")] {
            who.push(&format!("{namespace}/tools/a"), "1", image(4096, 1)).await;
            done("deleteCollection", json!({"id": format!("{namespace}/tools"), "withContent": true})).await;
            done("emptyTrash", json!({"namespace": namespace})).await;
        }
        done("deleteUser", json!({"id": "alice"})).await;
        done("deleteTeam", json!({"id": "lab"})).await;
        for table in ["usage", "usage_day"] {
            use sea_orm::ConnectionTrait;
            let text = format!("SELECT COUNT(*) AS n FROM {table} WHERE extent = 'namespace' AND id NOT IN (SELECT id FROM namespace)");
            let row = app.db.query_one_raw(sea_orm::Statement::from_string(app.db.get_database_backend(), text)).await;
            let n: i64 = row.expect("rows").expect("a row").try_get("", "n").expect("a number");
            assert_eq!(n, 0, "{table}");
        }
        assert_eq!(drifts(&app).await, []);
    }

    async fn sums_tell_strangers_nothing_of_what_they_may_not_see(app) {
        let alice = app.user("alice").await;
        for (name, visibility) in [("tools", "PUBLIC"), ("secret", "PRIVATE")] {
            let new = "mutation($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } } }";
            alice.graphql(new, json!({"input": {"namespace": "alice", "name": name, "visibility": visibility}})).await;
            alice.push(&format!("alice/{name}/box"), "1", image(4096, 1)).await;
        }
        let root = app.admin("root").await;
        for (name, path) in [("one", "root/one/box"), ("two", "root/two/box")] {
            let new = "mutation($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } } }";
            root.graphql(new, json!({"input": {"namespace": "root", "name": name, "visibility": "PUBLIC"}})).await;
            root.push(path, "1", image(4096, 1)).await;
        }
        let bytes = async |who: &Client, namespace: &str| {
            let query = format!("{{ sizeTree(root: {namespace:?}, by: STORED, depth: 1) {{ bytes }} }}");
            let nodes = who.graphql(&query, json!({})).await["sizeTree"].as_array().expect("nodes").clone();
            let nodes = nodes.iter().map(|node| node["bytes"].as_str().and_then(|bytes| bytes.parse::<u64>().ok()).expect("bytes"));
            let nodes: Vec<_> = nodes.collect();
            (nodes[0], nodes[1..].iter().sum::<u64>())
        };
        for who in [app.anonymous(), app.user("bob").await] {
            let found = sums(&who, ALICE).await;
            // Neither that there is another image, nor that it has the same bytes.
            assert_eq!((&found["imageCount"], &found["stored"]), (&json!(1), &json!(null)));
            assert_eq!(sums(&who, TOOLS).await["imageCount"], 1);
            // Nor, where nothing is hidden, that nothing is.
            assert_eq!(sums(&who, r#"namespace(name: "root")"#).await["stored"], json!(null));
            for namespace in ["alice", "root"] {
                let (all, parts) = bytes(&who, namespace).await;
                assert_eq!(all, parts, "{namespace}");
            }
        }
        let (all, parts) = bytes(&root, "root").await;
        assert!(all < parts, "{all} {parts}");
        assert_eq!(sums(&alice, ALICE).await["imageCount"], 2);
        assert!(sums(&alice, ALICE).await["stored"].is_string());
    }

    async fn drift_is_found_named_in_an_event_and_mended_when_told(app) {
        use sea_orm::ConnectionTrait;
        let (alice, root) = (app.user("alice").await, app.admin("root").await);
        alice.push("alice/tools/box", "1", image(4096, 1)).await;
        let right = sums(&alice, ALICE).await;
        for harm in [
            "UPDATE usage SET size = size + 5 WHERE extent = 'container'",
            "DELETE FROM usage WHERE extent = 'collection'",
            "DELETE FROM blob_use WHERE extent = 'namespace'",
            "UPDATE usage SET images = 7 WHERE extent = 'site'",
        ] {
            app.db.execute_unprepared(harm).await.expect("harm");
            let found = drifts(&app).await.len();
            assert_ne!(found, 0, "{harm}");
            assert_eq!(known(&root).await, json!({"count": 19, "unchecked": 0, "wrongCount": found}), "{harm}");
            let mended = count_again(&app, true).await;
            assert_ne!(mended.drifts, [], "{harm}");
            assert_eq!(drifts(&app).await, [], "{harm}");
            assert_eq!(known(&root).await["wrongCount"], 0, "{harm}");
            assert_eq!(sums(&alice, ALICE).await, right, "{harm}");
        }
        let row = app.db.query_one_raw(sea_orm::Statement::from_string(
            app.db.get_database_backend(), "SELECT COUNT(*) AS n FROM event WHERE action = 'usage.drift'")).await;
        let n: i64 = row.expect("rows").expect("a row").try_get("", "n").expect("a number");
        assert!(n >= 8, "{n}");
    }

    async fn writers_at_once_leave_the_sums_as_they_should_be(app) {
        let alice = app.user("alice").await;
        alice.push("alice/tools/c0", "first", image(4096, 99)).await;
        let work = async |writer: u64| {
            for round in 0..4 {
                let path = format!("alice/{}/c{}", ["tools", "more"][round as usize % 2], writer % 3);
                let bytes = vec![(writer % 4) as u8; 3000 + round as usize];
                let digest = sha256(&bytes);
                let begun = alice.send("POST", &format!("/v2/{path}/blobs/uploads/?digest={digest}"), bytes.clone()).await;
                if begun.status != 201 {
                    continue;
                }
                let manifest = json!({
                    "schemaVersion": 2, "mediaType": crate::oci::IMAGE,
                    "config": crate::oci::descriptor("application/vnd.oci.image.config.v1+json", &bytes),
                    "layers": [],
                });
                let put = crate::oci::put_manifest(&alice, &path, &format!("w{writer}"), &manifest).await;
                if put.status == 201 && round % 2 == 1 {
                    let digest = put.header("docker-content-digest").to_owned();
                    alice.delete(&format!("/v2/{path}/manifests/{digest}")).await;
                }
                if writer.is_multiple_of(5) && round == 2 {
                    let text = "mutation($id: ID!) { deleteContainer(input: {id: $id, withContent: true}) { deletedId } }";
                    alice.try_graphql(text, json!({"id": path})).await;
                }
                if writer == 7 && round == 3 {
                    let text = r#"mutation { deleteCollection(input: {id: "alice/more", withContent: true}) { deletedId } }"#;
                    alice.try_graphql(text, json!({})).await;
                }
            }
        };
        let operator = app.operator();
        futures::join!(
            futures::future::join_all((0..16).map(work)),
            async {
                for _ in 0..4 {
                    collect(&operator, Duration::ZERO, false).await.expect("a collection");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
        );
        assert_eq!(drifts(&app).await, []);
    }
}
