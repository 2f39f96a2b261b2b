//! Many who change the same things at once.
use futures::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{chain, fault, mutate, push};
use crate::{
    oci::{IMAGE, descriptor},
    support::{Client, TestApp, on_each_database},
    usage::{count_again, drifts, image},
};

const WRITERS: u64 = 200;
const PEOPLE: usize = 8;
const PLACES: [&str; 6] = [
    "alice/tools/a",
    "alice/tools/b",
    "alice/more/a",
    "bob/tools/a",
    "bob/tools/c",
    "bob/away/a",
];
const COLLECTIONS: [&str; 4] = ["alice/tools", "alice/more", "bob/tools", "bob/away"];
const TAGS: [&str; 3] = ["1", "2", "latest"];

/// Some people who may do anything with what two of them have.
async fn people(app: &TestApp) -> Vec<Client> {
    let root = app.admin("root").await;
    let mut people = vec![root.clone()];
    for name in ["alice", "bob"] {
        people.push(app.user(name).await);
    }
    for n in people.len()..PEOPLE {
        let name = format!("person{n}");
        people.push(app.user(&name).await);
        for namespace in ["alice", "bob"] {
            let grant = json!({"user": name, "namespace": namespace, "level": "ADMIN"});
            assert_eq!(mutate(&root, "setGrant", grant).await, "");
        }
    }
    people
}

fn one_of<T: Copy>(random: &mut StdRng, of: &[T]) -> T {
    of[random.gen_range(0..of.len())]
}

/// The id of some image of a container; one of nothing where there is none.
async fn some_image(who: &Client, path: &str, random: &mut StdRng) -> Value {
    let query = "query($path: ContainerPath!) { container(path: $path) { images(first: 10) { nodes { id } } } }";
    let data = who.graphql(query, json!({"path": path})).await;
    let ids = data["container"]["images"]["nodes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    match ids.len() {
        0 => json!("image:000000000000000000000001"),
        n => ids[random.gen_range(0..n)]["id"].clone(),
    }
}

/// Pushes an image by the registry protocol, up to the first refusal.
async fn push_manifest(who: &Client, path: &str, tag: &str, layer: &[u8]) -> Option<String> {
    for blob in [&b"{}"[..], layer] {
        let begun = who
            .send("POST", &format!("/v2/{path}/blobs/uploads/"), "")
            .await;
        if begun.status != 202 {
            return fault(&begun);
        }
        let end = format!(
            "{}?digest={}",
            begun.header("location"),
            crate::oci::sha256(blob)
        );
        let put = who.send("PUT", &end, blob.to_vec()).await;
        if put.status != 201 {
            return fault(&put);
        }
    }
    let manifest = json!({
        "schemaVersion": 2, "mediaType": IMAGE,
        "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    });
    fault(&crate::oci::put_manifest(who, path, tag, &manifest).await)
}

/// Does something, and tells what the server failed at.
async fn act(who: &Client, random: &mut StdRng) -> Option<String> {
    let (path, other) = (one_of(random, &PLACES), one_of(random, &PLACES));
    let (tag, collection) = (one_of(random, &TAGS), one_of(random, &COLLECTIONS));
    let seed = random.gen_range(1..6);
    let (mutation, input) = match random.gen_range(0..32) {
        0..8 => return fault(&push(who, path, tag, image(4096, seed)).await),
        8..12 => return push_manifest(who, path, tag, &[7; 100][..10 + seed as usize]).await,
        12..15 => {
            let image = some_image(who, path, random).await;
            (
                "setTag",
                json!({"container": path, "name": tag, "image": image}),
            )
        }
        15..18 => {
            let image = some_image(who, other, random).await;
            (
                "promoteImage",
                json!({"image": image, "container": path, "tags": [tag]}),
            )
        }
        18..20 => (
            "deleteImage",
            json!({"id": some_image(who, path, random).await}),
        ),
        20..22 => return fault(&who.delete(&format!("/v2/{path}/manifests/{tag}")).await),
        22..25 => ("star", json!({"id": path})),
        25..27 => ("unstar", json!({"id": path})),
        27 => (
            "moveContainer",
            json!({"id": path, "collection": collection}),
        ),
        28 => (
            "moveCollection",
            json!({"id": collection, "namespace": one_of(random, &["alice", "bob"])}),
        ),
        29 => (
            "setGrant",
            json!({"user": "person4", "container": path, "level": "READ"}),
        ),
        30 => ("deleteContainer", json!({"id": path, "withContent": true})),
        _ => (
            "deleteCollection",
            json!({"id": collection, "withContent": seed == 1}),
        ),
    };
    let code = mutate(who, mutation, input.clone()).await;
    let failed = ["INTERNAL", "UNAVAILABLE"].contains(&code.as_str());
    failed.then(|| format!("{mutation} {input}: {code}"))
}

/// The paths of all containers, after a look at their stars.
async fn containers(root: &Client) -> Vec<String> {
    let query = "{ containers(first: 100) { nodes { path starCount stargazers(first: 1) { totalCount } } } }";
    let data = root.graphql(query, json!({})).await;
    let all = data["containers"]["nodes"].as_array().expect("containers");
    for one in all {
        assert_eq!(one["starCount"], one["stargazers"]["totalCount"], "{one}");
    }
    all.iter().map(|one| super::text(&one["path"])).collect()
}

on_each_database! {
    async fn two_hundred_writers_at_once_leave_sums_stars_and_histories_as_they_should_be(app) {
        let people = people(&app).await;
        for (path, seed) in PLACES.iter().zip(1..) {
            people[0].push(path, "1", image(4096, seed % 5 + 1)).await;
        }
        let writers = (0..WRITERS).map(|number| {
            let who = &people[number as usize % PEOPLE];
            async move {
                let mut random = StdRng::seed_from_u64(number);
                let mut faults = Vec::new();
                for _ in 0..3 {
                    faults.extend(act(who, &mut random).await);
                }
                faults
            }
        });
        let counting = async {
            for _ in 0..5 {
                // Nothing that is under way is taken for an error.
                assert_eq!(count_again(&app, true).await.drifts, []);
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        };
        let (faults, ()) = futures::join!(join_all(writers), counting);
        let faults: Vec<String> = faults.into_iter().flatten().collect();
        assert!(faults.is_empty(), "{faults:#?}");
        assert_eq!(drifts(&app).await, []);
        let paths = containers(&people[0]).await;
        assert!(!paths.is_empty());
        for path in paths {
            let breaks = chain::breaks(&people[0], &path).await;
            assert!(breaks.is_empty(), "{breaks:#?}");
        }
    }
}
