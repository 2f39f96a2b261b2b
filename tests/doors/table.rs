//! Each pair of doors, in each visibility: an image that came in by one is given by all of them to those who may see it, and
//! when it is deleted at one, nobody gets it at any.
use serde_json::{Value, json};
use sifhub::registry::Digest;

use super::wire::push_by_oci;
use crate::support::{Client, SifBuilder, TestApp, on_each_database};

/// Who sees it of its owner, somebody else who is signed in, and nobody in particular.
const VISIBILITIES: [(&str, [bool; 3]); 3] = [
    ("PUBLIC", [true, true, true]),
    ("INTERNAL", [true, true, false]),
    ("PRIVATE", [true, false, false]),
];

#[derive(Clone, Copy, Debug)]
enum Door {
    Library,
    Oci,
    Graph,
    Sif,
    Shub,
}

use Door::{Graph, Library, Oci, Shub, Sif};

const TAKING: [Door; 2] = [Library, Oci];
const GIVING: [Door; 5] = [Library, Oci, Graph, Sif, Shub];
const DELETING: [Door; 3] = [Library, Oci, Graph];

impl Door {
    /// Brings an image in, and tells its digest.
    async fn push(self, who: &Client, path: &str, tag: &str) -> String {
        let image = SifBuilder::new("amd64");
        match self {
            Library => who.push(path, tag, image).await,
            _ => push_by_oci(who, path, tag, image).await.0,
        }
    }

    /// Where it says that the bytes are, if it says so to this person.
    async fn address(self, who: &Client, path: &str, reference: &str) -> Option<String> {
        let joint = if is_digest(reference) { '@' } else { ':' };
        match self {
            Library => {
                let image = format!("{path}:{}?arch=amd64", reference.replace(':', "."));
                given(who, &format!("/v1/images/{image}")).await?;
                Some(format!("/v1/imagefile/{image}"))
            }
            Oci if is_digest(reference) => Some(format!("/v2/{path}/blobs/{reference}")),
            Oci => {
                let manifest = given(who, &format!("/v2/{path}/manifests/{reference}")).await?;
                let layer = &document(&manifest)["layers"][0]["digest"];
                Some(format!("/v2/{path}/blobs/{}", text(layer)))
            }
            Graph => {
                let query = "query($path: ContainerPath!, $reference: String!) { image(path: $path, reference: $reference) { downloadUrl } }";
                let data = who
                    .graphql(query, json!({"path": path, "reference": reference}))
                    .await;
                data["image"]["downloadUrl"].as_str().map(here)
            }
            Sif => Some(format!("/sif/{path}{joint}{reference}")),
            Shub => {
                let (namespace, rest) = path.split_once('/').expect("three names");
                let version = reference.trim_start_matches("sha256:");
                let manifest = format!("/{namespace}/api/container/{rest}{joint}{version}");
                Some(here(&text(
                    &document(&given(who, &manifest).await?)["image"],
                )))
            }
        }
    }

    /// The digest of what it gives to this person, if anything.
    async fn give(self, who: &Client, path: &str, reference: &str) -> Option<String> {
        let address = self.address(who, path, reference).await?;
        let bytes = given(who, &address).await?;
        Some(Digest::of(&bytes).to_string())
    }

    async fn delete(self, who: &Client, path: &str, tag: &str) {
        match self {
            Library => {
                let image = format!("/v1/images/{path}:{tag}?arch=amd64");
                who.delete(&image).await.expect(200);
            }
            Oci => {
                let manifest = who
                    .head(&format!("/v2/{path}/manifests/{tag}"))
                    .await
                    .expect(200);
                let digest = manifest.header("docker-content-digest");
                who.delete(&format!("/v2/{path}/manifests/{digest}"))
                    .await
                    .expect(202);
            }
            _ => {
                let query = "query($path: ContainerPath!, $tag: String!) { image(path: $path, reference: $tag) { id } }";
                let image = who.graphql(query, json!({"path": path, "tag": tag})).await;
                let delete = "mutation($id: ID!) { deleteImage(input: {id: $id}) { deletedId } }";
                who.graphql(delete, json!({"id": image["image"]["id"]}))
                    .await;
            }
        }
    }
}

fn is_digest(reference: &str) -> bool {
    reference.starts_with("sha256:")
}

/// What a person gets at an address, who may be asked for a password or told that there is nothing.
async fn given(who: &Client, address: &str) -> Option<Vec<u8>> {
    let answer = who.get(address).await;
    match answer.status {
        200 => Some(answer.body),
        401 | 404 => None,
        _ => panic!("{address}: {} {}", answer.status, answer.text()),
    }
}

fn document(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// The path in an address of this server.
fn here(address: &str) -> String {
    address.trim_start_matches("http://hub.test").to_owned()
}

/// Everybody is given the image at each door if they may see it, by its tag and by its digest, and nothing otherwise.
async fn is_given(people: &[Client; 3], sees: [bool; 3], path: &str, digest: &str) {
    for (number, who) in people.iter().enumerate() {
        let expected = sees[number].then(|| digest.to_owned());
        for door in GIVING {
            for reference in ["1", digest] {
                let found = door.give(who, path, reference).await;
                assert_eq!(
                    found, expected,
                    "{door:?}, person {number}, {path} {reference}"
                );
            }
        }
    }
}

async fn used(who: &Client) -> Value {
    let query = r#"{ namespace(name: "alice") { quota { usedImages usedBytes } } }"#;
    who.graphql(query, json!({})).await["namespace"]["quota"].clone()
}

/// The owner, who has a collection of each visibility by its name, somebody else, and nobody.
async fn people(app: &TestApp) -> [Client; 3] {
    let alice = app.user("alice").await;
    for (visibility, _) in VISIBILITIES {
        let create = "mutation($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } } }";
        let name = visibility.to_lowercase();
        let input = json!({"namespace": "alice", "name": name, "visibility": visibility});
        alice.graphql(create, json!({"input": input})).await;
    }
    [alice, app.user("bob").await, app.anonymous()]
}

on_each_database! {
    async fn what_comes_in_by_a_door_is_given_by_all_and_gone_from_all_when_it_is_deleted_at_one(app) {
        let people = people(&app).await;
        let nothing = used(&people[0]).await;
        for (visibility, sees) in VISIBILITIES {
            for taking in TAKING {
                for deleting in DELETING {
                    let path = format!("alice/{}/{taking:?}-{deleting:?}", visibility.to_lowercase()).to_lowercase();
                    let digest = taking.push(&people[0], &path, "1").await;
                    is_given(&people, sees, &path, &digest).await;
                    assert_eq!(used(&people[0]).await["usedImages"], 1, "{path}");
                    deleting.delete(&people[0], &path, "1").await;
                    is_given(&people, [false; 3], &path, &digest).await;
                    assert_eq!(used(&people[0]).await, nothing, "{path}");
                }
            }
        }
    }

    async fn what_came_in_by_both_doors_counts_once_and_is_gone_from_all_when_it_is_deleted_at_one(app) {
        let people = people(&app).await;
        let nothing = used(&people[0]).await;
        for (first, second) in [(Library, Oci), (Oci, Library)] {
            for deleting in [Library, Graph] {
                let path = format!("alice/public/{first:?}-{second:?}-{deleting:?}").to_lowercase();
                let digest = first.push(&people[0], &path, "1").await;
                let once = used(&people[0]).await;
                second.push(&people[0], &path, "1").await;
                assert_eq!(used(&people[0]).await, once, "{path}");
                is_given(&people, [true; 3], &path, &digest).await;
                deleting.delete(&people[0], &path, "1").await;
                is_given(&people, [false; 3], &path, &digest).await;
                assert_eq!(used(&people[0]).await, nothing, "{path}");
            }
        }
    }

    async fn what_has_another_manifest_is_given_until_that_is_deleted(app) {
        let people = people(&app).await;
        let path = "alice/public/twice";
        let digest = Library.push(&people[0], path, "1").await;
        let made = people[0].head(&format!("/v2/{path}/manifests/1")).await.expect(200);
        let made = made.header("docker-content-digest").to_owned();
        Oci.push(&people[0], path, "2").await;
        Oci.delete(&people[0], path, "2").await;
        is_given(&people, [true; 3], path, &digest).await;
        people[0].delete(&format!("/v2/{path}/manifests/{made}")).await.expect(202);
        is_given(&people, [false; 3], path, &digest).await;
    }
}
