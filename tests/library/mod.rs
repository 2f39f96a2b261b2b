//! The library protocol, as its clients speak it: every status and shape here is one that a client compares.
mod collect;
mod discovery;
mod multipart;
mod pull;
mod push;
mod search;
mod tags;
mod text;
mod tree;
mod upload;

use poem::Body;
use serde_json::{Value, json};
use sifhub::registry::Digest;

use crate::support::{Answer, Client, SifBuilder, TestApp};

/// Makes what is above a container, and the container; tells its id.
async fn container(client: &Client, path: &str) -> String {
    let parts: Vec<_> = path.split('/').collect();
    let entity = make(client, "entities", json!({"name": parts[0]})).await;
    let new = json!({"name": parts[1], "entity": entity, "private": false});
    let collection = make(client, "collections", new).await;
    let new = json!({"name": parts[2], "collection": collection});
    make(client, "containers", new).await
}

/// Makes a thing, and tells its id.
async fn make(client: &Client, kind: &str, new: Value) -> String {
    let answer = client.post(&format!("/v1/{kind}"), new).await.expect(200);
    id(&answer)
}

#[track_caller]
fn id(answer: &Answer) -> String {
    let json = answer.json();
    json["data"]["id"]
        .as_str()
        .expect("an id as text")
        .to_owned()
}

/// What an image of these bytes is announced with.
fn announcement(container: &str, bytes: &[u8]) -> Value {
    json!({"hash": hash(bytes), "container": container, "uploaded": false, "size": 0})
}

fn hash(bytes: &[u8]) -> String {
    format!("sha256.{}", Digest::of(bytes).hex())
}

/// Announces an image of these bytes, and tells its id.
async fn announce(client: &Client, container: &str, bytes: &[u8]) -> String {
    make(client, "images", announcement(container, bytes)).await
}

/// Asks where to put these bytes, and tells the path.
async fn upload_path(client: &Client, image: &str, bytes: &[u8]) -> String {
    let new = json!({"filesize": bytes.len(), "sha256sum": Digest::of(bytes).hex(), "md5sum": ""});
    let answer = client.post(&format!("/v2/imagefile/{image}"), new).await;
    let url = answer.expect(200).json()["data"]["uploadURL"].clone();
    path_of(&url)
}

/// The path of a URL of the test server.
#[track_caller]
fn path_of(url: &Value) -> String {
    let url = url.as_str().expect("a URL as text");
    url.strip_prefix("http://hub.test")
        .expect("a URL of this server")
        .to_owned()
}

async fn complete(client: &Client, image: &str) -> Answer {
    client
        .put(&format!("/v2/imagefile/{image}/_complete"), json!({}))
        .await
}

async fn tag(client: &Client, container: &str, tag: &str, arch: &str, image: &str) -> Answer {
    let new = json!({"Arch": arch, "Tag": tag, "ImageID": image});
    client.post(&format!("/v2/tags/{container}"), new).await
}

/// The error that a client would show, after a look at the shape it demands.
#[track_caller]
fn refused(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    let error = answer.json()["error"].clone();
    assert_eq!(error["code"], status);
    error["message"].as_str().expect("a message").to_owned()
}

/// No image, no tag, no bytes: as if nothing had been pushed.
async fn nothing_is_visible(app: &TestApp, path: &str) {
    let stranger = app.anonymous();
    let found = stranger
        .get("/v1/search?value=alice&arch=amd64")
        .await
        .expect(200)
        .json();
    assert_eq!(found["data"]["image"], json!([]));
    let container = stranger
        .get(&format!("/v1/containers/{path}"))
        .await
        .expect(200)
        .json();
    assert_eq!(container["data"]["images"], json!([]));
    assert_eq!(container["data"]["archTags"], json!({}));
    stranger
        .get(&format!("/v1/imagefile/{path}:latest"))
        .await
        .expect(404);
    use futures::TryStreamExt;
    let blobs: Vec<_> = app
        .storage
        .blobs()
        .try_collect()
        .await
        .expect("a list of blobs");
    assert!(blobs.is_empty(), "{blobs:?}");
}
