//! What clients of the OCI protocol fetch and show.
mod door;
mod forged;
mod over;
mod service;

use std::sync::Arc;

use data_encoding::BASE64;
use serde_json::json;
use sifhub::{
    auth::{self, SignIns, Wanted},
    error::Error,
    protocol::RequestContext,
    registry::Caller,
};

use super::{PASSWORD, administrator, disable, person};
use crate::support::{Answer, Client, TestApp};

/// The token service.
const SERVICE: &str = "/auth/registry-token?service=hub.test";

/// Somebody with a password in the header.
fn with_password(app: &TestApp, name: &str, password: &str) -> Client {
    app.anonymous()
        .header("authorization", &basic(name, password))
}

fn basic(name: &str, password: &str) -> String {
    let text = format!("{name}:{password}");
    format!("Basic {}", BASE64.encode(text.as_bytes()))
}

/// Asks for these scopes.
async fn fetch(client: &Client, scopes: &[&str]) -> Answer {
    let scopes = scopes.iter().map(|scope| format!("&scope={scope}"));
    client
        .get(&format!("{SERVICE}{}", scopes.collect::<String>()))
        .await
}

/// What the token of an answer grants.
fn granted(answer: &Answer) -> String {
    text(answer, "scope")
}

fn text(answer: &Answer, field: &str) -> String {
    let text = answer.json()[field].as_str().map(str::to_owned);
    text.unwrap_or_else(|| panic!("{field}: {}", answer.text()))
}

/// A token for these scopes, as the header has it.
async fn token(client: &Client, scopes: &[&str]) -> String {
    let answer = fetch(client, scopes).await.expect(200);
    format!("Bearer {}", text(&answer, "token"))
}

/// Whoever stands at the OCI door with this header, wanting this.
async fn at_door(app: &TestApp, header: &str, wanted: Wanted<'_>) -> Result<Caller, Error> {
    auth::registry_caller(&request(app, header), wanted).await
}

/// A request as it arrives at the OCI door.
fn request(app: &TestApp, header: &str) -> poem::Request {
    let mut request = poem::Request::builder()
        .extension(app.registry.clone())
        .extension(Arc::new(SignIns::default()));
    if !header.is_empty() {
        request = request.header("authorization", header);
    }
    let mut request = request.finish();
    request.extensions_mut().insert(RequestContext {
        id: "test".into(),
        base_url: "https://hub.test:8443/hub".into(),
        client: None,
    });
    request
}

/// Why somebody is kept out.
async fn refusal(app: &TestApp, header: &str, wanted: Wanted<'_>) -> String {
    match at_door(app, header, wanted).await {
        Err(Error::Unauthenticated(words)) => words,
        Err(error) => panic!("{error}"),
        Ok(caller) => panic!("{} was let in", caller.actor()),
    }
}

/// Makes the container `hello` in a new collection of somebody.
async fn container(owner: &Client, namespace: &str, collection: &str, private: bool) {
    let id = |answer: Answer| text_at(&answer, "/data/id");
    let namespace = id(owner.get(&format!("/v1/entities/{namespace}")).await);
    let new = json!({"name": collection, "entity": namespace, "private": private});
    let collection = id(owner.post("/v1/collections", new).await);
    let new = json!({"name": "hello", "collection": collection});
    owner.post("/v1/containers", new).await.expect(200);
}

fn text_at(answer: &Answer, pointer: &str) -> String {
    let answer = answer.json();
    let text = answer.pointer(pointer).and_then(|text| text.as_str());
    text.unwrap_or_else(|| panic!("{answer:#}")).to_owned()
}
