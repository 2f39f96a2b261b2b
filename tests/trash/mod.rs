//! What is deleted is on no door, may come back as it was, and goes for good when its time has come.
mod bulk;
mod hidden;
mod image;
mod purge;
mod restore;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

const BOX: &str = "alice/tools/box";

/// Runs a mutation on one input, and tells the code and the words with which it is refused.
async fn refused(who: &Client, mutation: &str, input: Value) -> (String, String) {
    let kind = match mutation {
        "bookmark" => "Star".to_owned(),
        other => other[..1].to_uppercase() + &other[1..],
    };
    let text =
        format!("mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename }} }}");
    let answer = who.try_graphql(&text, json!({ "input": input })).await;
    let word = |pointer: &str| {
        let word = answer.pointer(pointer).and_then(Value::as_str);
        word.unwrap_or_default().to_owned()
    };
    (word("/errors/0/extensions/code"), word("/errors/0/message"))
}

/// Runs a mutation that must not be refused.
async fn does(who: &Client, mutation: &str, input: Value) {
    let (code, why) = refused(who, mutation, input).await;
    assert_eq!(code, "", "{mutation}: {why}");
}

/// Deletes a container or a collection, with all that is in it.
async fn delete(who: &Client, path: &str) {
    let mutation = match path.matches('/').count() {
        1 => "deleteCollection",
        _ => "deleteContainer",
    };
    let input = json!({"id": path, "withContent": true, "reason": "no longer needed"});
    does(who, mutation, input).await;
}

/// The trash, as somebody sees it.
async fn trash(who: &Client) -> Vec<Value> {
    let text = "{ trash(first: 100) { totalCount nodes { id kind path name reason size purgeAt deletedBy { name } } } }";
    let list = who.graphql(text, json!({})).await["trash"].clone();
    let nodes = list["nodes"].as_array().expect("nodes").clone();
    assert_eq!(list["totalCount"], nodes.len());
    nodes
}

/// The id of the entry of what was at a path.
async fn entry(who: &Client, path: &str) -> String {
    let entries = trash(who).await;
    let found = entries.iter().find(|entry| entry["path"] == path);
    let found = found.unwrap_or_else(|| panic!("{path} is not in {entries:?}"));
    found["id"].as_str().expect("an id").to_owned()
}

async fn restore(who: &Client, path: &str) {
    let id = entry(who, path).await;
    does(who, "restore", json!({ "id": id })).await;
}

/// The time of everything in the trash has come.
async fn time_passes(app: &TestApp) {
    app.db
        .execute_unprepared("UPDATE trash SET purge_at = '2020-01-01 00:00:00+00:00'")
        .await
        .expect("an update");
}
