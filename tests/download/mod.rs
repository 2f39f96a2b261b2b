//! Images as plain files, and the old protocol that leads to them.
mod checksum;
mod count;
mod file;
mod people;
mod permission;
mod share;
mod shub;

use serde_json::json;

use crate::support::{Client, SifBuilder, TestApp};

const HELLO: &str = "/sif/alice/tools/hello:1.0";

/// A server where alice has pushed `alice/tools/hello:1.0` for amd64, and the image's digest.
async fn serving(app: &TestApp) -> (Client, String) {
    let alice = app.user("alice").await;
    let digest = alice
        .push("alice/tools/hello", "1.0", SifBuilder::new("amd64"))
        .await;
    (alice, digest)
}

/// A server where alice keeps `alice/secret/plan:1` to herself, and the image's digest.
async fn secret(app: &TestApp) -> (Client, String) {
    let alice = app.user("alice").await;
    let entity = alice.get("/v1/entities/alice").await.json()["data"]["id"].clone();
    let private = json!({"name": "secret", "entity": entity, "private": true});
    alice.post("/v1/collections", private).await.expect(200);
    let plan = SifBuilder::new("amd64");
    let digest = alice.push("alice/secret/plan", "1", plan).await;
    (alice, digest)
}
