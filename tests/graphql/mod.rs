//! The graph, asked through the whole server.
mod about;
mod abuse;
mod below;
mod collection;
mod compare;
mod container;
mod cookbook;
mod endpoint;
mod event;
mod example;
mod federation;
mod grant;
mod history;
mod image;
mod image_config;
mod job;
mod key;
mod label;
mod limit;
mod list;
mod live;
mod loader;
mod manifest;
mod namespace;
mod node;
mod operation;
mod order;
mod promote;
mod protection;
mod redirect;
mod schema;
mod search;
mod server;
mod socket;
mod star;
mod statement;
mod tag;
mod tag_history;
mod team;
mod token;
mod topic;
mod user;
mod visibility;
mod wrong;

use serde_json::{Value, json};

use crate::support::{Client, SifBuilder, TestApp};

/// The code of the first error of an answer; `""` when there is none.
pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}

/// The input that the first error of an answer names.
fn field(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["field"]
        .as_str()
        .unwrap_or_default()
}

/// The code with which a mutation on one input is refused; `""` when it is not.
async fn refused(who: &Client, mutation: &str, input: Value) -> String {
    code(&mutate(who, mutation, input).await).to_owned()
}

/// Runs a mutation, such as `createCollection`, and asks nothing of its payload.
async fn mutate(who: &Client, mutation: &str, input: Value) -> Value {
    let kind = mutation[..1].to_uppercase() + &mutation[1..];
    let kind = match mutation {
        "disableUser" | "enableUser" => "User",
        "unstar" | "bookmark" | "removeBookmark" => "Star",
        _ => &kind,
    };
    let operation =
        format!("mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename }} }}");
    who.try_graphql(&operation, json!({ "input": input })).await
}

/// Alice with a public collection `tools` and a private one `secret`, each with a container `hello` of one image.
async fn alice(app: &TestApp) -> Client {
    let alice = app.user("alice").await;
    for (name, visibility) in [("tools", "PUBLIC"), ("secret", "PRIVATE")] {
        let input = json!({"namespace": "alice", "name": name, "visibility": visibility});
        assert_eq!(refused(&alice, "createCollection", input).await, "");
        let image = SifBuilder::new("amd64").payload(4096, name.len() as u64);
        alice
            .push(&format!("alice/{name}/hello"), "1.0", image)
            .await;
    }
    alice
}

/// The global id of what a query finds, such as `container(path: "alice/tools/hello")`.
async fn id(who: &Client, lookup: &str) -> String {
    let data = who
        .graphql(&format!("{{ found: {lookup} {{ id }} }}"), json!({}))
        .await;
    data["found"]["id"]
        .as_str()
        .expect("it is there")
        .to_owned()
}
