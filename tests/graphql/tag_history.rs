use serde_json::{Value, json};

use super::{alice, code, field, id, refused};
use crate::{
    oci::{image, push_manifest, put_manifest},
    support::{Client, SifBuilder, on_each_database},
};

const PATH: &str = "alice/tools/hello";
const HISTORY: &str = "query($name: String, $first: Int, $after: String) { container(path: \"alice/tools/hello\") {
    tagHistory(name: $name, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
        nodes { name arch fromImage toImage fromManifest toManifest movedBy { name } } } } }";

async fn history(who: &Client, name: &str) -> Vec<Value> {
    let data = who.graphql(HISTORY, json!({"name": name})).await;
    data["container"]["tagHistory"]["nodes"]
        .as_array()
        .expect("moves")
        .clone()
}

/// From where to where the images of a tag went, newest first.
async fn images(who: &Client, name: &str) -> Vec<(Value, Value)> {
    let moves = history(who, name).await.into_iter();
    moves
        .map(|one| (one["fromImage"].clone(), one["toImage"].clone()))
        .collect()
}

on_each_database! {
    async fn every_move_is_told_newest_first_whatever_the_door(app) {
        let alice = alice(&app).await;
        let one = alice.push(PATH, "1", SifBuilder::new("amd64").payload(4096, 1)).await;
        let two = alice.push(PATH, "1", SifBuilder::new("amd64").payload(4096, 2)).await;
        let first = id(&alice, &format!("image(path: {PATH:?}, reference: {one:?})")).await;
        assert_eq!(refused(&alice, "setTag", json!({"container": PATH, "name": "1", "image": first})).await, "");
        alice.send("DELETE", &format!("/v2/{PATH}/manifests/1"), "").await.expect(202);
        let (one, two, none) = (json!(one), json!(two), json!(null));
        let expected = [(&one, &none), (&two, &one), (&one, &two), (&none, &one)];
        let expected = expected.map(|(from, to)| (from.clone(), to.clone()));
        assert_eq!(images(&alice, "1").await, expected);
        let newest = &history(&alice, "1").await[0];
        assert_eq!((&newest["arch"], &newest["movedBy"]["name"]), (&json!("amd64"), &json!("alice")));
        assert!(newest["fromManifest"].is_string() && newest["toManifest"].is_null());
        assert_eq!(history(&app.anonymous(), "1").await[0]["movedBy"], json!(null));
    }

    async fn setting_a_tag_where_it_is_moves_nothing(app) {
        let alice = alice(&app).await;
        for _ in 0..2 {
            alice.push(PATH, "1", SifBuilder::new("amd64").payload(4096, 1)).await;
        }
        assert_eq!(history(&alice, "1").await.len(), 1);
    }

    async fn tags_of_manifests_that_are_no_images_have_a_history_by_manifest(app) {
        let alice = alice(&app).await;
        let one = push_manifest(&alice, PATH, "docker", &image(&alice, PATH, b"one").await).await;
        let two = push_manifest(&alice, PATH, "docker", &image(&alice, PATH, b"two").await).await;
        alice.send("DELETE", &format!("/v2/{PATH}/manifests/{two}"), "").await.expect(202);
        let moves = history(&alice, "docker").await.into_iter();
        let moves: Vec<_> = moves.map(|one| (one["fromManifest"].clone(), one["toManifest"].clone(), one["toImage"].clone())).collect();
        let none = json!(null);
        assert_eq!(moves, [
            (json!(two), none.clone(), none.clone()), (json!(one), json!(two), none.clone()), (none.clone(), json!(one), none),
        ]);
    }

    async fn history_outlives_the_tag_and_the_image(app) {
        let alice = alice(&app).await;
        let digest = alice.push(PATH, "gone", SifBuilder::new("amd64").payload(4096, 1)).await;
        let image = id(&alice, &format!("image(path: {PATH:?}, reference: \"gone\")")).await;
        let tag = "query { container(path: \"alice/tools/hello\") { tags(first: 1) { nodes { name history { totalCount nodes { toImage } } } } } }";
        let shown = alice.graphql(tag, json!({})).await["container"]["tags"]["nodes"][0].clone();
        assert_eq!(shown["history"]["totalCount"], 1);
        assert_eq!(refused(&alice, "deleteImage", json!({"id": image})).await, "");
        let (digest, none) = (json!(digest), json!(null));
        assert_eq!(images(&alice, "gone").await, [(digest.clone(), none.clone()), (none, digest)]);
    }

    async fn each_architecture_moves_by_itself(app) {
        let alice = alice(&app).await;
        alice.push(PATH, "1", SifBuilder::new("amd64").payload(4096, 1)).await;
        alice.push(PATH, "1", SifBuilder::new("arm64").payload(4096, 2)).await;
        alice.push(PATH, "1", SifBuilder::new("arm64").payload(4096, 3)).await;
        let archs: Vec<_> = history(&alice, "1").await.iter().map(|one| one["arch"].clone()).collect();
        assert_eq!(archs, ["arm64", "arm64", "amd64"]);
        let query = "query { container(path: \"alice/tools/hello\") { tags { nodes { name arch history { totalCount } } } } }";
        let tags = alice.graphql(query, json!({})).await["container"]["tags"]["nodes"].clone();
        let tags = tags.as_array().expect("tags").iter().filter(|tag| tag["name"] == "1");
        let counts: Vec<_> = tags.map(|tag| (tag["arch"].clone(), tag["history"]["totalCount"].clone())).collect();
        assert_eq!(counts, [(json!("amd64"), json!(1)), (json!("arm64"), json!(2))]);
    }

    async fn tag_that_is_moved_by_a_manifest_keeps_its_id(app) {
        let alice = alice(&app).await;
        alice.push(PATH, "1", SifBuilder::new("amd64").payload(4096, 1)).await;
        alice.push(PATH, "2", SifBuilder::new("amd64").payload(4096, 2)).await;
        let tag = async || {
            let data = alice.graphql("{ image(path: \"alice/tools/hello\", reference: \"1\") { digest tags { id name } } }", json!({})).await;
            let tags = data["image"]["tags"].as_array().expect("tags").clone();
            tags.iter().find(|tag| tag["name"] == "1").expect("the tag")["id"].clone()
        };
        let before = tag().await;
        let manifest = alice.get(&format!("/v2/{PATH}/manifests/2")).await.expect(200).json();
        put_manifest(&alice, PATH, "1", &manifest).await.expect(201);
        assert_eq!(tag().await, before);
    }

    async fn history_comes_in_pages_and_counts(app) {
        let alice = alice(&app).await;
        for seed in 0..3 {
            alice.push(PATH, "1", SifBuilder::new("amd64").payload(4096, seed)).await;
        }
        let page = alice.graphql(HISTORY, json!({"name": "1", "first": 2})).await["container"]["tagHistory"].clone();
        assert_eq!((&page["totalCount"], &page["pageInfo"]["hasNextPage"]), (&json!(3), &json!(true)));
        let rest = alice.graphql(HISTORY, json!({"name": "1", "first": 2, "after": page["pageInfo"]["endCursor"]})).await;
        assert_eq!(rest["container"]["tagHistory"]["nodes"][0]["fromImage"], json!(null));
        let answer = alice.try_graphql(HISTORY, json!({"name": "a b"})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "name"));
    }
}
