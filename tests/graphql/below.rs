//! Every field of everything that is in a list, found by introspection: none may cost statements for each row above it.
use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::{Value, json};

use super::{
    mutate,
    schema::{list, named, text, types},
};
use crate::{
    hkp::{Key, push},
    support::{Client, SifBuilder, TestApp, on_each_database},
};

/// So many parents a field is asked of at first, and so many then.
const FEW: usize = 2;
const MANY: usize = 5;

/// Fields that do cost statements for each row, with the reason.
const DEAR: &[(&str, &str)] = &[
    (
        "Tag.history",
        "told by name and architecture, which no two tags share",
    ),
    (
        "User.teams",
        "members are rows between, which have no order of their own; only administrators see those of others",
    ),
];

struct Schema(HashMap<String, Value>);

impl Schema {
    async fn read() -> Self {
        let types = types().await.into_iter();
        Self(
            types
                .map(|kind| (text(&kind, "name").to_owned(), kind))
                .collect(),
        )
    }

    /// The fields of a type that can be had without arguments.
    fn fields(&self, kind: &str) -> impl Iterator<Item = &Value> {
        let free = |field: &&Value| {
            !list(field, "args").any(|argument| {
                argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null()
            })
        };
        list(&self.0[kind], "fields").filter(free)
    }

    /// What the rows of a connection are; nothing for other types.
    fn rows(&self, kind: &str) -> Option<&str> {
        let connection = self.0.get(kind).filter(|_| kind.ends_with("Connection"))?;
        let nodes = list(connection, "fields").find(|field| text(field, "name") == "nodes")?;
        Some(named(&nodes["type"]).0)
    }

    /// The shortest way to each type through connections, from the root.
    fn ways(&self) -> BTreeMap<String, Vec<String>> {
        let mut ways: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut next = VecDeque::from([("Query".to_owned(), Vec::new())]);
        while let Some((kind, way)) = next.pop_front() {
            for field in self.fields(&kind) {
                let Some(rows) = self.rows(named(&field["type"]).0) else {
                    continue;
                };
                if ways.contains_key(rows) {
                    continue;
                }
                let mut longer = way.clone();
                longer.push(text(field, "name").to_owned());
                ways.insert(rows.to_owned(), longer.clone());
                next.push_back((rows.to_owned(), longer));
            }
        }
        ways
    }

    /// A field with a selection that makes it do its work; what is below objects that are no rows is selected, too.
    fn selection(&self, field: &Value, depth: usize) -> String {
        let (name, kind) = (text(field, "name"), named(&field["type"]).0);
        if self.rows(kind).is_some() {
            return format!("{name}(first: 2) {{ totalCount nodes {{ __typename }} }}");
        }
        let is_object = |kind: &str| !list(&self.0[kind], "fields").collect::<Vec<_>>().is_empty();
        match self.0.get(kind) {
            Some(_)
                if is_object(kind)
                    && depth == 0
                    && !list(&self.0[kind], "fields").any(|field| text(field, "name") == "id") =>
            {
                let inner: Vec<_> = self
                    .fields(kind)
                    .map(|field| self.selection(field, 1))
                    .collect();
                format!("{name} {{ __typename {} }}", inner.join(" "))
            }
            Some(found) if is_object(kind) || found["kind"] == "UNION" => {
                format!("{name} {{ __typename }}")
            }
            _ => name.to_owned(),
        }
    }
}

/// A query for a field of what is at the end of a way, which is so many rows broad everywhere.
fn asked(way: &[String], field: &str, rows: usize) -> String {
    let inner = format!("at: __typename asked: {field}");
    let wrap =
        |inner: String, step: &String| format!("{step}(first: {rows}) {{ nodes {{ {inner} }} }}");
    format!("{{ {} }}", way.iter().rev().fold(inner, wrap))
}

/// Six users, each with one of everything.
async fn furnished(app: &TestApp) -> Client {
    let root = app.admin("root").await;
    push(&root, &Key::of("root").armored).await.expect(200);
    mutate(&root, "createTeam", json!({"name": "we"})).await;
    let all = json!({"team": "we", "namespace": "root", "level": "READ"});
    mutate(&root, "setGrant", all).await;
    for number in 0..=MANY as u64 {
        let name = format!("u{number}");
        let who = app.user(&name).await;
        let path = format!("{name}/tools/hello");
        let image = SifBuilder::new("amd64")
            .label("version", "1")
            .label(&format!("key-{number}"), "1")
            .payload(4096, number);
        who.push(&path, "1.0", image.signed_by(&format!("{number:040X}")))
            .await;
        furnish(&who, &name, number).await;
        let team = format!("we-{number}");
        for (mutation, input) in [
            ("createTeam", json!({"name": team})),
            ("inviteToTeam", json!({"team": team, "user": name})),
            ("inviteToTeam", json!({"team": "we", "user": name})),
            (
                "setGrant",
                json!({"team": team, "namespace": name, "level": "READ"}),
            ),
            (
                "setGrant",
                json!({"user": "root", "container": path, "level": "READ"}),
            ),
            ("createNamespace", json!({"name": format!("with{number}")})),
            (
                "transferNamespace",
                json!({"id": format!("with{number}"), "team": team}),
            ),
        ] {
            let answer = mutate(&root, mutation, input).await;
            assert_eq!(super::code(&answer), "", "{mutation}: {answer}");
        }
        let job = root
            .graphql(
                "mutation { startJob(input: {kind: SCRUB}) { job { id } } }",
                json!({}),
            )
            .await;
        mutate(
            &root,
            "cancelJob",
            json!({"id": job["startJob"]["job"]["id"]}),
        )
        .await;
        let image = super::id(&who, &format!("image(path: {path:?}, reference: \"1.0\")")).await;
        mutate(&who, "createShareLink", json!({"image": image})).await;
        mutate(&root, "bookmark", json!({"id": path})).await;
        push(&who, &Key::of(&name).armored).await.expect(200);
        let hooks = who
            .graphql("{ webhooks(first: 1) { nodes { id } } }", json!({}))
            .await;
        mutate(
            &who,
            "pingWebhook",
            json!({"id": hooks["webhooks"]["nodes"][0]["id"]}),
        )
        .await;
    }
    app.indexed().await;
    root
}

/// What somebody does with what is theirs.
async fn furnish(who: &Client, name: &str, number: u64) {
    let path = format!("{name}/tools/hello");
    for (mutation, input) in [
        (
            "updateCollection",
            json!({"id": format!("{name}/tools"), "visibility": "PUBLIC"}),
        ),
        (
            "setTopics",
            json!({"container": path, "topics": [format!("topic-{number}")]}),
        ),
        (
            "describe",
            json!({"id": path, "readme": "# Read me", "licence": "MIT"}),
        ),
        ("deprecate", json!({"id": path, "message": "old"})),
        (
            "createWebhook",
            json!({"container": path, "url": "https://8.8.8.8/"}),
        ),
        ("star", json!({"id": path})),
        ("star", json!({"id": format!("{name}/tools")})),
        ("bookmark", json!({"id": path})),
        (
            "createContainer",
            json!({"collection": format!("{name}/tools"), "name": "gone"}),
        ),
        (
            "deleteContainer",
            json!({"id": format!("{name}/tools/gone")}),
        ),
    ] {
        let answer = mutate(who, mutation, input).await;
        assert_eq!(super::code(&answer), "", "{mutation}: {answer}");
    }
}

/// How many rows an answer holds at the end of the way.
fn rows(answer: &Value) -> usize {
    match answer {
        Value::Object(members) if members.contains_key("at") => 1,
        Value::Object(members) => members.values().map(rows).sum(),
        Value::Array(items) => items.iter().map(rows).sum(),
        _ => 0,
    }
}

on_each_database! {
    async fn no_field_of_a_row_costs_more_statements_for_more_rows(app) {
        let schema = Schema::read().await;
        let mut config = app.registry.config().clone();
        config.graphql.max_complexity = usize::MAX;
        let app = app.reconfigured(config);
        let root = furnished(&app).await;
        let (mut dear, mut tried) = (Vec::new(), BTreeMap::<String, usize>::new());
        for (kind, way) in schema.ways() {
            for field in schema.fields(&kind) {
                let place = format!("{kind}.{}", text(field, "name"));
                if DEAR.iter().any(|(known, _)| *known == place) {
                    continue;
                }
                let selection = schema.selection(field, 0);
                let ask = async |rows| app.statements_of(root.graphql(&asked(&way, &selection, rows), json!({}))).await;
                let ((_, few), (many, more)) = (ask(FEW).await, ask(MANY).await);
                tried.insert(kind.clone(), rows(&many));
                // Rows may be of several kinds, each of which has a statement of its own.
                if more >= few + MANY - FEW {
                    dear.push(format!("{place}: {few} statements for {FEW} rows, {more} for {MANY}"));
                }
            }
        }
        assert!(dear.is_empty(), "{dear:#?}");
        let bare: Vec<_> = tried.iter().filter(|(_, rows)| **rows < MANY).collect();
        assert!(bare.is_empty(), "too few rows to tell: {bare:?}");
    }
}
