//! The registry protocol, as its clients speak it: what the specification's own conformance suite asks, and what it
//! leaves out.
mod blob;
mod catalog;
mod collect;
mod collectors;
mod conformance;
mod error;
mod foreign;
mod large;
mod manifest;
mod referrers;
mod replica;
mod stall;
mod tags;
mod upload;
mod upload_end;

use serde_json::{Value, json};
use sifhub::registry::Digest;

use crate::support::{Answer, Client};

/// A container of alice.
const NAME: &str = "alice/tools/box";
pub const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A path below the container of alice.
fn at(rest: &str) -> String {
    format!("/v2/{NAME}/{rest}")
}

pub fn sha256(bytes: &[u8]) -> String {
    Digest::of(bytes).to_string()
}

fn sha512(bytes: &[u8]) -> String {
    let any: Digest = format!("sha512:{}", "0".repeat(128))
        .parse()
        .expect("a digest");
    any.same_of(bytes).to_string()
}

/// Bytes that repeat late.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place % 251) as u8).collect()
}

/// Pushes a blob in two requests, and tells its digest.
pub async fn push_blob(client: &Client, name: &str, bytes: &[u8]) -> String {
    push_blob_as(client, name, bytes, &sha256(bytes)).await
}

async fn push_blob_as(client: &Client, name: &str, bytes: &[u8], digest: &str) -> String {
    let upload = begin(client, name).await;
    let end = format!("{upload}?digest={digest}");
    client.send("PUT", &end, bytes.to_vec()).await.expect(201);
    digest.to_owned()
}

/// Begins an upload, and tells its address.
pub async fn begin(client: &Client, name: &str) -> String {
    let begun = client
        .send("POST", &format!("/v2/{name}/blobs/uploads/"), "")
        .await;
    begun.expect(202).header("location").to_owned()
}

/// Puts a manifest as the media type that it says it has.
pub async fn put_manifest(
    client: &Client,
    name: &str,
    reference: &str,
    manifest: &Value,
) -> Answer {
    let client = match manifest["mediaType"].as_str() {
        Some(kind) => client.header("content-type", kind),
        None => client.clone(),
    };
    client
        .put(
            &format!("/v2/{name}/manifests/{reference}"),
            manifest.clone(),
        )
        .await
}

/// Pushes a manifest, and tells its digest.
pub async fn push_manifest(
    client: &Client,
    name: &str,
    reference: &str,
    manifest: &Value,
) -> String {
    let put = put_manifest(client, name, reference, manifest).await;
    put.expect(201).header("docker-content-digest").to_owned()
}

pub fn descriptor(kind: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": kind, "digest": sha256(bytes), "size": bytes.len()})
}

/// Pushes the blobs of an image, and makes its manifest.
pub async fn image(client: &Client, name: &str, layer: &[u8]) -> Value {
    push_blob(client, name, b"{}").await;
    push_blob(client, name, layer).await;
    json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    })
}

/// Pushes an empty artifact about `subject`, and tells its digest.
pub async fn artifact(client: &Client, name: &str, subject: &Value, kind: &str) -> String {
    push_blob(client, name, b"{}").await;
    let empty = descriptor("application/vnd.oci.empty.v1+json", b"{}");
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "artifactType": kind,
        "config": empty,
        "layers": [empty],
        "subject": subject,
        "annotations": {"note": "made by a test"},
    });
    let digest = sha256(manifest.to_string().as_bytes());
    push_manifest(client, name, &digest, &manifest).await
}

/// Makes the collection of alice's container one that only she sees.
async fn hide(alice: &Client) {
    let namespace = json!({"name": "alice"});
    alice.post("/v1/entities", namespace).await;
    let found = alice.get("/v1/entities/alice").await.expect(200).json();
    let new = json!({"name": "tools", "entity": found["data"]["id"], "private": true});
    alice.post("/v1/collections", new).await.expect(200);
}

/// The code of the error that a client gets, after a look at the shape.
#[track_caller]
fn refused(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    let body = answer.json();
    let [error] = &body["errors"].as_array().expect("errors")[..] else {
        panic!("{body}")
    };
    assert!(!error["message"].as_str().expect("words").is_empty());
    error["code"].as_str().expect("a code").to_owned()
}

/// The address of the next page.
#[track_caller]
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link");
    if link.is_empty() {
        return None;
    }
    let address = link
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
    Some(address.expect("a link to the next page").to_owned())
}
