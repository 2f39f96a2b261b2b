use futures::future::join_all;
use serde_json::{Value, json};
use sifhub::registry::Scope;

use super::{alice, code, field, id, mutate, refused};
use crate::{
    oci::{begin, image, push_blob, put_manifest, sha256},
    support::{Answer, Client, SifBuilder, on_each_database},
};

const PATH: &str = "alice/tools/hello";

async fn protect(who: &Client, id: &str, patterns: Value) {
    let input = json!({"id": id, "immutableTags": patterns});
    assert_eq!(refused(who, "setImmutableTags", input).await, "");
}

/// The image of a tag.
async fn of(who: &Client, reference: &str) -> String {
    id(
        who,
        &format!("image(path: {PATH:?}, reference: {reference:?})"),
    )
    .await
}

/// Points a tag at an image as the library's clients do.
async fn tag(who: &Client, name: &str, image: &str) -> Answer {
    let shown = who
        .get(&format!("/v1/containers/{PATH}"))
        .await
        .expect(200)
        .json();
    let container = shown["data"]["id"].as_str().expect("an id").to_owned();
    let new = json!({"Arch": "amd64", "Tag": name, "ImageID": image.trim_start_matches("image:")});
    who.post(&format!("/v2/tags/{container}"), new).await
}

#[track_caller]
fn denied(answer: &Answer, words: &str) {
    assert_eq!(answer.status, 409, "{}", answer.text());
    let body = answer.json();
    if let Some(error) = body.pointer("/errors/0") {
        assert_eq!(error["code"], "DENIED", "{body}");
    }
    assert!(answer.text().contains(words), "{body}");
}

on_each_database! {
    async fn immutable_tag_neither_moves_nor_goes_at_any_door(app) {
        let alice = alice(&app).await;
        let bob = app.admin("root").await;
        alice.push(PATH, "v1", SifBuilder::new("amd64").payload(4096, 1)).await;
        alice.push(PATH, "other", SifBuilder::new("amd64").payload(4096, 2)).await;
        let (first, other) = (of(&alice, "v1").await, of(&alice, "other").await);
        protect(&alice, PATH, json!(["v*"])).await;
        let manifest = alice.get(&format!("/v2/{PATH}/manifests/v1")).await.expect(200);
        let digest = manifest.header("docker-content-digest").to_owned();
        let words = "immutable by the rule";
        for who in [&alice, &bob] {
            denied(&tag(who, "v1", &other).await, words);
            denied(&who.delete(&format!("/v1/images/{PATH}:v1?arch=amd64")).await, words);
            denied(&put_manifest(who, PATH, "v1", &image(who, PATH, b"layer").await).await, words);
            denied(&who.delete(&format!("/v2/{PATH}/manifests/v1")).await, words);
            denied(&who.delete(&format!("/v2/{PATH}/manifests/{digest}")).await, words);
            let tags = who.graphql("{ container(path: \"alice/tools/hello\") { tags { nodes { id name } } } }", json!({})).await;
            let tags = tags["container"]["tags"]["nodes"].as_array().expect("tags").clone();
            let v1 = tags.iter().find(|tag| tag["name"] == "v1").expect("the tag")["id"].clone();
            assert_eq!(refused(who, "setTag", json!({"container": PATH, "name": "v1", "image": other})).await, "CONFLICT");
            assert_eq!(refused(who, "deleteTag", json!({"id": v1})).await, "CONFLICT");
            assert_eq!(refused(who, "deleteImage", json!({"id": first})).await, "CONFLICT");
            assert_eq!(refused(who, "promoteImage", json!({"image": other, "container": PATH, "tags": ["v1"]})).await, "CONFLICT");
            assert_eq!(refused(who, "deleteContainer", json!({"id": PATH, "withContent": true})).await, "CONFLICT");
            assert_eq!(refused(who, "deleteCollection", json!({"id": "alice/tools", "withContent": true})).await, "CONFLICT");
        }
        assert_eq!(of(&alice, "v1").await, first);
        assert_eq!(alice.get(&format!("/v2/{PATH}/manifests/v1")).await.header("docker-content-digest"), digest);
        protect(&bob, PATH, json!([])).await;
        tag(&alice, "v1", &other).await.expect(200);
    }

    async fn what_does_not_move_an_immutable_tag_is_allowed(app) {
        let alice = alice(&app).await;
        protect(&alice, PATH, json!(["*", "!latest"])).await;
        for _ in 0..2 {
            alice.push(PATH, "v1", SifBuilder::new("amd64").payload(4096, 1)).await;
            let manifest = alice.get(&format!("/v2/{PATH}/manifests/v1")).await.expect(200);
            alice.header("content-type", manifest.header("content-type"))
                .send("PUT", &format!("/v2/{PATH}/manifests/v1"), manifest.body.clone()).await.expect(201);
        }
        // A further architecture joins those that are there; none of them changes.
        alice.push(PATH, "v1", SifBuilder::new("arm64").payload(4096, 2)).await;
        let index = alice.get(&format!("/v2/{PATH}/manifests/v1")).await.expect(200).json();
        assert_eq!(index["manifests"].as_array().map(Vec::len), Some(2));
        for seed in 0..2 {
            alice.push(PATH, "latest", SifBuilder::new("amd64").payload(4096, seed)).await;
        }
        let docker = image(&alice, PATH, b"one").await;
        put_manifest(&alice, PATH, "docker", &docker).await.expect(201);
        put_manifest(&alice, PATH, "docker", &docker).await.expect(201);
        let other = image(&alice, PATH, b"two").await;
        denied(&put_manifest(&alice, PATH, "docker", &other).await, "immutable");
    }

    async fn containers_have_the_rules_of_their_collection_unless_they_have_their_own(app) {
        let alice = alice(&app).await;
        protect(&alice, "alice/tools", json!(["1.*"])).await;
        let push = async |seed| {
            alice.push(PATH, "x", SifBuilder::new("amd64").payload(4096, seed)).await;
            let image = of(&alice, "x").await;
            tag(&alice, "1.0", &image).await.status
        };
        assert_eq!(push(1).await, 409);
        protect(&alice, PATH, json!([])).await;
        assert_eq!(push(2).await, 200);
        protect(&alice, PATH, json!(null)).await;
        assert_eq!(push(3).await, 409);
        let data = alice.graphql("{ container(path: \"alice/tools/hello\") { protection { immutableTags } collection { protection { immutableTags frozenAt } } } }", json!({})).await;
        assert_eq!(data["container"], json!({"protection": {"immutableTags": null},
            "collection": {"protection": {"immutableTags": ["1.*"], "frozenAt": null}}}));
    }

    async fn nothing_changes_in_a_frozen_container_at_any_door(app) {
        let alice = alice(&app).await;
        let root = app.admin("root").await;
        let digest = alice.push(PATH, "1.0", SifBuilder::new("amd64").payload(4096, 1)).await;
        let shown = of(&alice, "1.0").await;
        let container = alice.get(&format!("/v1/containers/{PATH}")).await.json()["data"]["id"].clone();
        let manifest = alice.get(&format!("/v2/{PATH}/manifests/1.0")).await.expect(200);
        let blob = push_blob(&alice, PATH, b"loose").await;
        push_blob(&alice, "alice/tools/other", b"elsewhere").await;
        let upload = begin(&alice, PATH).await;
        let answer = mutate(&alice, "freeze", json!({"id": PATH, "reason": "published with a paper"})).await;
        assert_eq!(code(&answer), "");
        let words = "frozen (published with a paper)";
        for who in [&alice, &root] {
            let new = json!({"hash": format!("sha256.{}", "0".repeat(64)), "container": container});
            denied(&who.post("/v1/images", new).await, words);
            denied(&tag(who, "new", &shown).await, words);
            denied(&who.delete(&format!("/v1/images/{PATH}:1.0?arch=amd64")).await, words);
            denied(&who.send("POST", &format!("/v2/{PATH}/blobs/uploads/"), "").await, words);
            let mount = format!("/v2/{PATH}/blobs/uploads/?mount={}&from=alice/tools/other", sha256(b"elsewhere"));
            denied(&who.send("POST", &mount, "").await, words);
            denied(&who.send("PUT", &format!("{upload}?digest={}", sha256(b"")), "").await, words);
            denied(&who.header("content-type", manifest.header("content-type"))
                .send("PUT", &format!("/v2/{PATH}/manifests/again"), manifest.body.clone()).await, words);
            denied(&who.delete(&format!("/v2/{PATH}/manifests/1.0")).await, words);
            denied(&who.delete(&format!("/v2/{PATH}/manifests/{}", manifest.header("docker-content-digest"))).await, words);
            denied(&who.delete(&format!("/v2/{PATH}/blobs/{blob}")).await, words);
            assert_eq!(refused(who, "setTags", json!({"container": PATH, "names": ["new"], "image": shown})).await, "CONFLICT");
            assert_eq!(refused(who, "promoteImage", json!({"image": shown, "container": PATH})).await, "CONFLICT");
            assert_eq!(refused(who, "deleteImage", json!({"id": shown})).await, "CONFLICT");
            assert_eq!(refused(who, "deleteContainer", json!({"id": PATH, "withContent": true})).await, "CONFLICT");
            assert_eq!(refused(who, "deleteCollection", json!({"id": "alice/tools", "withContent": true})).await, "CONFLICT");
        }
        app.anonymous().get(&format!("/v1/imagefile/{PATH}:1.0?arch=amd64")).await.expect(200);
        app.anonymous().get(&format!("/v2/{PATH}/blobs/{digest}")).await.expect(200);
        let data = alice.graphql("{ container(path: \"alice/tools/hello\") { protection { frozenWhy frozenBy { name } } } }", json!({})).await;
        assert_eq!(data["container"]["protection"], json!({"frozenWhy": "published with a paper", "frozenBy": {"name": "alice"}}));
        assert_eq!(refused(&root, "unfreeze", json!({"id": PATH})).await, "");
        tag(&alice, "new", &shown).await.expect(200);
    }

    async fn what_is_protected_stays_at_its_path(app) {
        let alice = alice(&app).await;
        let root = app.admin("root").await;
        assert_eq!(refused(&root, "createNamespace", json!({"name": "far"})).await, "");
        let moves = [
            ("updateContainer", json!({"id": PATH, "name": "hi"})),
            ("moveContainer", json!({"id": PATH, "collection": "alice/open"})),
            ("updateCollection", json!({"id": "alice/tools", "name": "kit"})),
            ("moveCollection", json!({"id": "alice/tools", "namespace": "far"})),
        ];
        assert_eq!(refused(&alice, "createCollection", json!({"namespace": "alice", "name": "open"})).await, "");
        let rules = [
            ("freeze", json!({"id": PATH}), "unfreeze", json!({"id": PATH})),
            ("freeze", json!({"id": "alice/tools"}), "unfreeze", json!({"id": "alice/tools"})),
            ("setImmutableTags", json!({"id": PATH, "immutableTags": ["1.*"]}), "setImmutableTags", json!({"id": PATH})),
            ("setImmutableTags", json!({"id": "alice/tools", "immutableTags": ["1.*"]}), "setImmutableTags", json!({"id": "alice/tools"})),
        ];
        for (set, rule, lift, lifted) in rules {
            assert_eq!(refused(&alice, set, rule.clone()).await, "", "{rule}");
            for (mutation, input) in &moves {
                assert_eq!(refused(&root, mutation, input.clone()).await, "CONFLICT", "{rule} {mutation}");
            }
            for (mutation, input) in [("updateContainer", json!({"id": PATH, "name": "hello", "description": "d"})),
                ("updateCollection", json!({"id": "alice/tools", "description": "d"}))] {
                assert_eq!(refused(&alice, mutation, input).await, "", "{rule} {mutation}");
            }
            assert_eq!(refused(&alice, lift, lifted).await, "");
        }
        assert_eq!(refused(&alice, "moveContainer", json!({"id": PATH, "collection": "alice/open"})).await, "");
    }

    async fn upload_that_was_begun_before_the_freeze_is_refused_at_its_end(app) {
        let alice = alice(&app).await;
        let container = alice.get(&format!("/v1/containers/{PATH}")).await.json()["data"]["id"].clone();
        let bytes = SifBuilder::new("amd64").payload(4096, 8).build();
        let hex = sifhub::registry::Digest::of(&bytes).hex();
        let new = json!({"hash": format!("sha256.{hex}"), "container": container});
        let announced = alice.post("/v1/images", new).await.expect(200).json()["data"]["id"].as_str().expect("an id").to_owned();
        let size = json!({"filesize": bytes.len(), "sha256sum": hex, "md5sum": ""});
        let upload = alice.post(&format!("/v2/imagefile/{announced}"), size.clone()).await.expect(200).json();
        let address = upload["data"]["uploadURL"].as_str().expect("a URL").replace("http://hub.test", "");
        assert_eq!(refused(&alice, "freeze", json!({"id": "alice/tools"})).await, "");
        app.anonymous().send("PUT", &address, bytes.clone()).await.expect(200);
        denied(&alice.put(&format!("/v2/imagefile/{announced}/_complete"), json!({})).await, "the collection of alice/tools/hello is frozen");
        denied(&alice.send("POST", &format!("/v1/imagefile/{announced}"), bytes).await, "is frozen");
        denied(&alice.post(&format!("/v2/imagefile/{announced}"), size).await, "is frozen");
        app.anonymous().get(&format!("/v1/images/{PATH}:sha256.{hex}")).await.expect(404);
        // What has arrived waits for the thaw.
        assert_eq!(refused(&alice, "unfreeze", json!({"id": "alice/tools"})).await, "");
        alice.put(&format!("/v2/imagefile/{announced}/_complete"), json!({})).await.expect(200);
    }

    async fn of_many_that_race_for_an_immutable_tag_one_wins_for_ever(app) {
        let alice = alice(&app).await;
        protect(&alice, PATH, json!(["v*"])).await;
        let mut images = Vec::new();
        for seed in 0..6 {
            alice.push(PATH, &format!("s{seed}"), SifBuilder::new("amd64").payload(4096, seed)).await;
            images.push(of(&alice, &format!("s{seed}")).await);
        }
        for round in 0..5 {
            let name = format!("v{round}");
            let race = images.iter().map(|image| tag(&alice, &name, image));
            let statuses: Vec<u16> = join_all(race).await.iter().map(|answer| answer.status).collect();
            let won = statuses.iter().position(|status| *status == 200).expect("one wins");
            assert_eq!(statuses.iter().filter(|status| **status == 409).count(), images.len() - 1, "{statuses:?}");
            assert_eq!(of(&alice, &name).await, images[won]);
        }
    }

    async fn only_whoever_administers_a_thing_protects_it(app) {
        let _alice = alice(&app).await;
        let who = [
            (app.user("bob").await, "FORBIDDEN"),
            (app.holding("alice", Scope::Read).await, "FORBIDDEN"),
            (app.anonymous(), "UNAUTHENTICATED"),
        ];
        for (who, why) in &who {
            for (mutation, input) in [
                ("freeze", json!({"id": PATH})),
                ("unfreeze", json!({"id": "alice/tools"})),
                ("setImmutableTags", json!({"id": PATH, "immutableTags": []})),
            ] {
                assert_eq!(refused(who, mutation, input).await, *why);
            }
        }
        assert_eq!(refused(&who[0].0, "freeze", json!({"id": "alice/secret/hello"})).await, "NOT_FOUND");
    }

    async fn wrong_inputs_are_named(app) {
        let alice = alice(&app).await;
        for (mutation, input, wrong) in [
            ("setImmutableTags", json!({"id": PATH, "immutableTags": ["v[1]"]}), "input.immutableTags"),
            ("setImmutableTags", json!({"id": PATH, "immutableTags": ["\u{0}"]}), "input.immutableTags"),
            ("setImmutableTags", json!({"id": PATH, "immutableTags": vec!["v"; 21]}), "input.immutableTags"),
            ("setImmutableTags", json!({"id": PATH, "immutableTags": ["v".repeat(129)]}), "input.immutableTags"),
            ("setImmutableTags", json!({"id": "tag:1"}), "input.id"),
            ("freeze", json!({"id": "alice"}), "input.id"),
            ("freeze", json!({"id": PATH, "reason": "w".repeat(1025)}), "input.reason"),
            ("freeze", json!({"id": PATH, "reason": "\u{0}"}), "input.reason"),
        ] {
            let answer = mutate(&alice, mutation, input.clone()).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", wrong), "{input}");
        }
    }
}
