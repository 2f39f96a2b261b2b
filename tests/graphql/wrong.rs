//! Wrong inputs of every mutation there is, found by introspection: whatever is new is tried too.
use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{
    alice, code, field, id,
    schema::{list, named, text, types},
};
use crate::support::{Client, TestApp, on_each_database};

/// The input types and mutations of the schema.
struct Schema {
    types: HashMap<String, Value>,
}

/// A place in the input of a mutation, such as `["filter", "name"]`.
type Place = Vec<String>;

impl Schema {
    async fn read() -> Self {
        let types = types().await.into_iter();
        let named = types.map(|kind| (text(&kind, "name").to_owned(), kind));
        Self {
            types: named.collect(),
        }
    }

    /// Each mutation with the name of its input type.
    fn mutations(&self) -> Vec<(String, String)> {
        let of = |mutation: &Value| {
            let input = list(mutation, "args").next().expect("one argument");
            let kind = named(&input["type"]).0.to_owned();
            (text(mutation, "name").to_owned(), kind)
        };
        list(&self.types["Mutation"], "fields").map(of).collect()
    }

    /// A value that fits a type: nothing that is there, and nothing that may be left out.
    fn plausible(&self, kind: &Value) -> Value {
        match text(kind, "kind") {
            "NON_NULL" => self.plausible(&kind["ofType"]),
            "LIST" => json!([self.plausible(&kind["ofType"])]),
            "ENUM" => {
                let of = &self.types[text(kind, "name")];
                list(of, "enumValues").next().expect("a value")["name"].clone()
            }
            "INPUT_OBJECT" => self.input(text(kind, "name")),
            _ => match text(kind, "name") {
                "Int" | "Float" => json!(1),
                "Boolean" => json!(false),
                "Bytes" => json!("1"),
                "DateTime" => json!("2100-01-01T00:00:00Z"),
                "Digest" => json!(format!("sha256:{}", "0".repeat(64))),
                "ContainerPath" => json!("nobody/has/this"),
                "ID" => json!("nobody"),
                _ => json!("plausible"),
            },
        }
    }

    /// The required members of an input; the first, where one of several is wanted.
    fn input(&self, kind: &str) -> Value {
        let required = list(&self.types[kind], "inputFields")
            .filter(|field| field["type"]["kind"] == "NON_NULL")
            .map(|field| {
                (
                    text(field, "name").to_owned(),
                    self.plausible(&field["type"]),
                )
            });
        Value::Object(required.collect())
    }

    /// Every place within an input, with its type.
    fn places(&self, kind: &str, depth: usize) -> Vec<(Place, Value)> {
        let mut places = Vec::new();
        for member in list(&self.types[kind], "inputFields") {
            let name = text(member, "name").to_owned();
            let inner = named(&member["type"]).0;
            let is_object = self
                .types
                .get(inner)
                .is_some_and(|of| of["kind"] == "INPUT_OBJECT");
            if is_object && depth < 3 && !named(&member["type"]).1 {
                for (mut place, of) in self.places(inner, depth + 1) {
                    place.insert(0, name.clone());
                    places.push((place, of));
                }
            } else {
                places.push((vec![name], member["type"].clone()));
            }
        }
        places
    }
}

/// The same input with another value at a place.
fn with(input: &Value, place: &[String], value: Value) -> Value {
    let [first, rest @ ..] = place else {
        return value;
    };
    let mut object = input.as_object().cloned().unwrap_or_else(Map::new);
    let inner = object.get(first).cloned().unwrap_or(json!({}));
    object.insert(first.clone(), with(&inner, rest, value));
    Value::Object(object)
}

/// A value as the type wants it: in a list where it is one.
fn shaped(kind: &Value, value: Value) -> Value {
    if named(kind).1 { json!([value]) } else { value }
}

async fn call(who: &Client, (mutation, kind): &(String, String), input: &Value) -> Value {
    // What is done to many things answers for each of them.
    let selection = match &**mutation {
        "bulkDelete" => "items { refusal { code message } }",
        _ => "__typename",
    };
    let operation =
        format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {selection} }} }}");
    who.try_graphql(&operation, json!({ "input": input })).await
}

/// What is wrong with an answer to wrong input: faults of the server, success, or no word on where the fault is.
fn complaint(answer: &Value) -> Option<String> {
    match code(answer) {
        "" => Some("was taken".into()),
        "INTERNAL" | "UNAVAILABLE" => Some(format!("failed: {}", answer["errors"])),
        "INVALID" if !field(answer).starts_with("input") => {
            Some(format!("does not name its field: {}", answer["errors"]))
        }
        _ => None,
    }
}

/// Ids of everything in a private collection of somebody.
async fn private_ids(app: &TestApp) -> (Client, Vec<String>) {
    let alice = alice(app).await;
    let ids = alice
        .graphql(
            r#"{ viewer { id tokens(first: 1) { nodes { id } } } collection(path: "alice/secret") { id }
                 container(path: "alice/secret/hello") { id tags { nodes { id } } images { nodes { id } } } }"#,
            json!({}),
        )
        .await
        .to_string();
    let is_id = |word: &&str| word.split_once(':').is_some_and(|(_, id)| id.len() == 24);
    let mut ids: Vec<String> = ids.split('"').filter(is_id).map(Into::into).collect();
    ids.push(id(&alice, r#"namespace(name: "alice")"#).await);
    assert_eq!(ids.len(), 7);
    (alice, ids)
}

/// The same id, of nothing.
fn of_nothing(id: &str) -> String {
    let noun = id.split(':').next().unwrap_or_default();
    format!("{noun}:000000000000000000000001")
}

on_each_database! {
    async fn digest_that_cannot_be_is_an_invalid_input(app) {
        let root = app.admin("root").await;
        for wrong in ["", "sha256:xyz", "md5:00000000000000000000000000000000", "SHA256:\u{0}"] {
            let query = "query($digest: Digest!) { storage { decision(digest: $digest) { goes } } }";
            let answer = root.try_graphql(query, json!({"digest": wrong})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "digest"), "{wrong}");
            let absent = root.graphql(query, json!({"digest": format!("sha512:{}", "0".repeat(128))})).await;
            assert!(absent["storage"]["decision"].is_null());
        }
    }

    async fn forged_ids_are_refused_by_every_mutation(app) {
        let schema = Schema::read().await;
        let (alice, _) = private_ids(&app).await;
        let admin = app.admin("root").await;
        let forged = [
            "", " ", "collection", "collection:", "collection:1", "nonsense:000000000000000000000001", "collection:00000000000000000000000G",
            "collection:00000000ffffffffffffffff", "event:000000000000000000000001", "\u{0}", "alice\u{0}", "аlice", "alice\u{200d}", "ａlice/tools",
            "alice/tools/../secret", "../../etc/passwd", "alice/tools/hello/more", "' OR 1=1 --", "null",
        ];
        let long = "x".repeat(100_000);
        let mut wrong = Vec::new();
        for mutation in schema.mutations() {
            let input = schema.input(&mutation.1);
            for (place, kind) in schema.places(&mutation.1, 0) {
                if named(&kind).0 != "ID" {
                    continue;
                }
                for id in forged.iter().copied().chain([long.as_str()]) {
                    let input = with(&input, &place, shaped(&kind, json!(id)));
                    for who in [&alice, &admin] {
                        let answer = call(who, &mutation, &input).await;
                        if let Some(why) = complaint(&answer) {
                            wrong.push(format!("{} {place:?} {:.40?} {why}", mutation.0, id));
                        }
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    async fn ids_of_hidden_things_and_of_nothing_are_refused_alike_by_every_mutation(app) {
        let schema = Schema::read().await;
        let (_, hidden) = private_ids(&app).await;
        let stranger = app.user("stranger").await;
        let mut wrong = Vec::new();
        for mutation in schema.mutations() {
            let input = schema.input(&mutation.1);
            for (place, kind) in schema.places(&mutation.1, 0) {
                if named(&kind).0 != "ID" {
                    continue;
                }
                // People know each other by name, and namespaces with something public in them are seen.
                let hidden = hidden.iter().filter(|id| !id.starts_with("user:") && !id.starts_with("namespace:"));
                for id in hidden {
                    let of = async |id: &str| {
                        let input = with(&input, &place, shaped(&kind, json!(id)));
                        let answer = call(&stranger, &mutation, &input).await;
                        let refusal = match &answer["data"]["bulkDelete"]["items"][0]["refusal"] {
                            Value::Null => &answer["errors"][0],
                            of_one => of_one,
                        };
                        let code = refusal.pointer("/extensions/code").or(refusal.get("code")).and_then(Value::as_str);
                        (code.unwrap_or_default().to_owned(), refusal["message"].to_string().replace(id, "…"))
                    };
                    let (there, nothing) = (of(id).await, of(&of_nothing(id)).await);
                    if there != nothing || ["", "INTERNAL"].contains(&there.0.as_str()) {
                        wrong.push(format!("{} {place:?} {id}: {there:?}, of nothing {nothing:?}", mutation.0));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    async fn texts_that_no_database_takes_are_refused_by_every_mutation(app) {
        let schema = Schema::read().await;
        let (alice, ids) = private_ids(&app).await;
        let admin = app.admin("root").await;
        let texts = ["\u{0}".to_owned(), "plausible\u{0}".to_owned(), "x".repeat(100_000), "ё".repeat(60_000)];
        let mut wrong = Vec::new();
        for mutation in schema.mutations() {
            for (place, kind) in schema.places(&mutation.1, 0) {
                // A password may hold anything: only its hash is kept.
                if named(&kind).0 != "String" || place.ends_with(&["password".to_owned()]) {
                    continue;
                }
                for (who, input) in [(&alice, aimed(&schema, &alice, &mutation, &ids).await), (&admin, aimed(&schema, &admin, &mutation, &ids).await)] {
                    // Long texts have a place where they are taken.
                    let long = place.ends_with(&["readme".to_owned()]);
                    let texts = texts.iter().map(|text| if long { text.repeat(600_000 / text.len() + 1) } else { text.clone() });
                    for text in texts {
                        let input = with(&input, &place, shaped(&kind, json!(text)));
                        let answer = call(who, &mutation, &input).await;
                        if let Some(why) = complaint(&answer) {
                            wrong.push(format!("{} {place:?} {:.20?} {why}", mutation.0, text));
                        }
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

/// A plausible input whose ids are of the kinds that the mutation asks for. What it does must not come to pass, so the
/// kinds are found as a nobody.
async fn aimed(
    schema: &Schema,
    who: &Client,
    mutation: &(String, String),
    ids: &[String],
) -> Value {
    let nobody = who.with_nothing();
    let mut input = schema.input(&mutation.1);
    for (place, kind) in schema.places(&mutation.1, 0) {
        if named(&kind).0 != "ID" || input.pointer(&format!("/{}", place.join("/"))).is_none() {
            continue;
        }
        for id in ids {
            let tried = with(&input, &place, shaped(&kind, json!(of_nothing(id))));
            let answer = call(&nobody, mutation, &tried).await;
            if code(&answer) != "INVALID" {
                input = with(&input, &place, shaped(&kind, json!(id)));
                break;
            }
        }
    }
    input
}

#[tokio::test]
async fn missing_and_misshapen_inputs_are_refused_by_every_mutation() {
    let schema = Schema::read().await;
    let app = TestApp::sqlite().await;
    let admin = app.admin("root").await;
    let mut wrong = Vec::new();
    for mutation in schema.mutations() {
        let whole = schema.input(&mutation.1);
        let mut bad = vec![
            json!(null),
            json!("text"),
            json!(1),
            json!([1, 2]),
            with(&whole, &["unheardOf".into()], json!(1)),
        ];
        for (place, kind) in schema.places(&mutation.1, 0) {
            let misshapen = json!({"unheardOf": [1]});
            bad.push(with(&whole, &place, misshapen));
            if kind["kind"] == "NON_NULL" {
                bad.push(with(&whole, &place, json!(null)));
            }
            if named(&kind).0 == "Int" {
                for number in [
                    json!(9_223_372_036_854_775_807_i64),
                    json!(-3_000_000_000_i64),
                    json!(1.5),
                ] {
                    bad.push(with(&whole, &place, shaped(&kind, number)));
                }
            }
            if named(&kind).0 == "DateTime" {
                for time in [
                    "",
                    "yesterday",
                    "9999999-01-01T00:00:00Z",
                    "2026-02-30T00:00:00Z",
                ] {
                    bad.push(with(&whole, &place, shaped(&kind, json!(time))));
                }
            }
            if named(&kind).0 == "Bytes" {
                for size in [
                    json!("-1"),
                    json!("1.5"),
                    json!("18446744073709551616"),
                    json!(1),
                ] {
                    bad.push(with(&whole, &place, shaped(&kind, size)));
                }
            }
        }
        for input in bad {
            let answer = call(&admin, &mutation, &input).await;
            if code(&answer) != "INVALID" || !field(&answer).starts_with("input") {
                wrong.push(format!("{} {input}: {answer}", mutation.0));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Names that people take for another, and those that no name may have.
const LOOK_ALIKE: [&str; 13] = [
    "аlice",
    "ａlice",
    "alıce",
    "ALICE",
    "al\u{200b}ice",
    "alice\u{301}",
    "al ice",
    "ﬁle",
    "a\u{2215}b",
    "..",
    "-",
    "alice\n",
    "\u{202e}ecila",
];

on_each_database! {
    async fn names_that_look_like_others_are_refused(app) {
        let (_, root) = (alice(&app).await, app.admin("root").await);
        let image = id(&root, r#"image(path: "alice/tools/hello", reference: "1.0")"#).await;
        for name in LOOK_ALIKE {
            for (mutation, input, wrong) in [
                ("createNamespace", json!({"name": name}), "input.name"),
                ("createCollection", json!({"namespace": "alice", "name": name}), "input.name"),
                ("createContainer", json!({"collection": "alice/tools", "name": name}), "input.name"),
                ("createTeam", json!({"name": name}), "input.name"),
                ("createUser", json!({"name": name, "password": "a long password", "admin": false}), "input.name"),
                ("updateCollection", json!({"id": "alice/tools", "name": name}), "input.name"),
            ] {
                let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
                let answer = call(&root, &(mutation.into(), kind), &input).await;
                assert_eq!((code(&answer), field(&answer)), ("INVALID", wrong), "{mutation} {name:?}");
            }
            // Tags may have capitals, and topics are written as people like.
            if name.is_ascii() && !["al ice", "..", "-", "alice\n"].contains(&name) {
                continue;
            }
            let tag = json!({"container": "alice/tools/hello", "name": name, "image": image});
            let answer = call(&root, &("setTag".into(), "SetTagInput".into()), &tag).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.name"), "setTag {name:?}");
            if name != "al ice" {
                let topics = json!({"container": "alice/tools/hello", "topics": [name]});
                let answer = call(&root, &("setTopics".into(), "SetTopicsInput".into()), &topics).await;
                assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.topics.0"), "setTopics {name:?}");
            }
        }
    }
}

/// Each list at the root of the schema that is read by pages.
fn lists(schema: &Schema) -> Vec<String> {
    let has =
        |field: &&Value, name: &str| list(field, "args").any(|argument| argument["name"] == name);
    let required = |field: &&Value| {
        list(field, "args").any(|argument| {
            argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null()
        })
    };
    list(&schema.types["Query"], "fields")
        .filter(|field| has(field, "after") && !required(field))
        .map(|field| text(field, "name").to_owned())
        .collect()
}

on_each_database! {
    async fn cursors_of_other_lists_and_forged_ones_are_refused_by_every_list(app) {
        let schema = Schema::read().await;
        let (_, root) = (alice(&app).await, app.admin("root").await);
        let lists = lists(&schema);
        assert!(lists.len() >= 6, "{lists:?}");
        let mut cursors: Vec<(&str, String)> = Vec::new();
        for name in &lists {
            let page = root.graphql(&format!("{{ {name}(first: 1) {{ edges {{ cursor }} }} }}"), json!({})).await;
            if let Some(cursor) = page[name]["edges"][0]["cursor"].as_str() {
                cursors.push((name, cursor.to_owned()));
            }
        }
        for forged in ["", "0", "null", "AAAA", "====", "\u{0}", "ж", "' OR 1=1 --"] {
            cursors.push(("", forged.to_owned()));
        }
        let mut wrong = Vec::new();
        for name in &lists {
            for (of, cursor) in cursors.iter().filter(|(of, _)| of != name) {
                for way in ["after", "before"] {
                    let query = format!("query($cursor: String) {{ {name}({way}: $cursor) {{ edges {{ cursor }} }} }}");
                    let answer = root.try_graphql(&query, json!({"cursor": cursor})).await;
                    if (code(&answer), field(&answer)) != ("INVALID", way) {
                        wrong.push(format!("{name} {way} {cursor:?} of {of:?}: {answer}"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
