//! What every part of the schema owes to whoever reads it, walked by introspection, so that what is new is held to it too.
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::TestApp;

const SCHEMA: &str = "{ __schema { mutationType { name } queryType { name } types { kind name description
    fields(includeDeprecated: true) { name description isDeprecated deprecationReason type { ...T }
        args(includeDeprecated: true) { name description isDeprecated deprecationReason type { ...T } } }
    inputFields(includeDeprecated: true) { name description isDeprecated deprecationReason type { ...T } }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// Lists that take no page size, and what bounds each.
const BOUNDED: &[(&str, &str)] = &[
    ("BlobDecision.holds", "one for each of seven reasons"),
    ("Query.nodes", "as many as ids are given: 100 at most"),
    (
        "Query._entities",
        "as many as representations are given: 1000 at most",
    ),
    (
        "App.environment",
        "what one file's metadata holds, read up to a limit",
    ),
    (
        "App.labels",
        "what one file's metadata holds, read up to a limit",
    ),
    (
        "Image.apps",
        "what one file's metadata holds, read up to a limit",
    ),
    (
        "Image.environment",
        "what one file's metadata holds, read up to a limit",
    ),
    (
        "BulkDeletePayload.items",
        "as many as ids are given: 100 at most",
    ),
    ("TrashEntry.tags", "100 at most"),
    ("Container.topics", "20 at most"),
    ("Protection.immutableTags", "20 at most"),
    ("TagsPayload.tags", "as many as names are given: 50 at most"),
    ("HistoryEntry.tags", "100 at most"),
    ("Webhook.actions", "50 at most"),
    ("Image.notes", "a few sentences about one file"),
    ("Image.partitions", "the descriptors of one file"),
    ("Image.sboms", "the descriptors of one file"),
    ("Image.signatures", "the descriptors of one file"),
    ("SearchHit.snippet", "about 250 characters of text"),
    ("SearchFacets.arch", "20 values at most"),
    ("SearchFacets.labels", "20 values at most"),
    ("SearchFacets.topics", "20 values at most"),
    ("SearchFacets.namespaces", "20 values at most"),
    ("SearchFacets.signedBy", "20 values at most"),
    ("Downloads.byDay", "400 days at most"),
    ("Collection.growth", "400 days at most"),
    ("Container.growth", "400 days at most"),
    ("Namespace.growth", "400 days at most"),
    ("Server.growth", "400 days at most"),
    ("Downloads.byDoor", "as many as there are doors"),
    (
        "Key.userIds",
        "what one certificate holds, read up to a limit",
    ),
    ("Image.fingerprints", "the descriptors of one file"),
    ("ImageComparison.scripts", "4 at most"),
    (
        "ValueChanges.nodes",
        "as many as were asked for: 100 at most",
    ),
    ("AppChanges.nodes", "as many as were asked for: 100 at most"),
    (
        "PartitionChanges.nodes",
        "as many as were asked for: 100 at most",
    ),
    (
        "SignatureChanges.nodes",
        "as many as were asked for: 100 at most",
    ),
];

/// The types of the schema, without those about the schema itself.
pub async fn types() -> Vec<Value> {
    let app = TestApp::sqlite().await;
    let schema = app.admin("root").await.graphql(SCHEMA, json!({})).await;
    let types = schema["__schema"]["types"]
        .as_array()
        .expect("types")
        .clone();
    types
        .into_iter()
        .filter(|kind| !text(kind, "name").starts_with("__"))
        .collect()
}

pub fn text<'a>(of: &'a Value, member: &str) -> &'a str {
    of[member].as_str().unwrap_or_default()
}

pub fn list<'a>(of: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    of[member].as_array().into_iter().flatten()
}

/// The type within lists and `!`, and whether there is a list.
pub fn named(kind: &Value) -> (&str, bool) {
    match text(kind, "kind") {
        "LIST" => (named(&kind["ofType"]).0, true),
        "NON_NULL" => named(&kind["ofType"]),
        _ => (text(kind, "name"), false),
    }
}

/// Everything that has a name: `Type`, `Type.field`, `Type.field(argument)`, `Enum.VALUE`.
fn all(types: &[Value]) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    for kind in types {
        let name = text(kind, "name");
        all.push((name.to_owned(), kind));
        for member in ["fields", "inputFields", "enumValues"] {
            for field in list(kind, member) {
                let field_name = format!("{name}.{}", text(field, "name"));
                for argument in list(field, "args") {
                    all.push((
                        format!("{field_name}({})", text(argument, "name")),
                        argument,
                    ));
                }
                all.push((field_name, field));
            }
        }
    }
    all
}

#[tokio::test]
async fn everything_in_the_schema_has_a_description() {
    let types = types().await;
    let bare = all(&types)
        .into_iter()
        .filter(|(_, thing)| text(thing, "description").trim().is_empty());
    let bare: Vec<String> = bare.map(|(name, _)| name).collect();
    assert!(bare.is_empty(), "without a description: {bare:#?}");
}

#[tokio::test]
async fn what_is_deprecated_says_what_to_use_instead() {
    let types = types().await;
    let silent = all(&types).into_iter().filter(|(_, thing)| {
        let reason = text(thing, "deprecationReason");
        thing["isDeprecated"] == true && (reason.is_empty() || reason == "No longer supported")
    });
    let silent: Vec<String> = silent.map(|(name, _)| name).collect();
    assert!(
        silent.is_empty(),
        "deprecated without a reason: {silent:#?}"
    );
}

#[tokio::test]
async fn no_field_returns_a_list_without_bounds() {
    let mut unbounded = Vec::new();
    for kind in types()
        .await
        .iter()
        .filter(|kind| kind["kind"] != "INPUT_OBJECT")
    {
        let owner = text(kind, "name");
        for field in list(kind, "fields") {
            let (name, is_list) = (text(field, "name"), named(&field["type"]).1);
            let full = format!("{owner}.{name}");
            let of_connection = owner.ends_with("Connection") && matches!(name, "edges" | "nodes");
            let sized = list(field, "args").any(|argument| text(argument, "name") == "first");
            let known = BOUNDED
                .iter()
                .any(|(known, bound)| *known == full && !bound.is_empty());
            // What a search found is bounded by the number that the search takes.
            let found = owner == "SearchResult";
            if is_list && !known && !of_connection && !sized && !found {
                unbounded.push(full);
            }
        }
    }
    assert!(
        unbounded.is_empty(),
        "these lists take neither `first` nor are they in BOUNDED, where their bound is named: {unbounded:#?}"
    );
}

#[tokio::test]
async fn every_connection_can_be_walked_in_both_directions() {
    let mut odd = Vec::new();
    for kind in types().await {
        for field in list(&kind, "fields") {
            if !named(&field["type"]).0.ends_with("Connection") {
                continue;
            }
            let arguments: Vec<&str> = list(field, "args")
                .map(|argument| text(argument, "name"))
                .collect();
            if ["first", "after", "last", "before"]
                .iter()
                .any(|wanted| !arguments.contains(wanted))
            {
                odd.push(format!("{}.{}", text(&kind, "name"), text(field, "name")));
            }
        }
    }
    assert!(
        odd.is_empty(),
        "connections without first, after, last and before: {odd:#?}"
    );
}

#[tokio::test]
async fn every_connection_counts_and_has_nodes_edges_and_page_info() {
    let mut odd = Vec::new();
    for kind in types().await {
        let name = text(&kind, "name");
        if !name.ends_with("Connection") || kind["kind"] != "OBJECT" {
            continue;
        }
        let fields: Vec<&str> = list(&kind, "fields")
            .map(|field| text(field, "name"))
            .collect();
        if ["edges", "nodes", "pageInfo", "totalCount"]
            .iter()
            .any(|wanted| !fields.contains(wanted))
        {
            odd.push(name.to_owned());
        }
    }
    assert!(odd.is_empty(), "connections that lack something: {odd:#?}");
}

#[tokio::test]
async fn every_mutation_takes_one_input_and_returns_a_payload() {
    let types = types().await;
    let mutations = types
        .iter()
        .find(|kind| kind["name"] == "Mutation")
        .expect("mutations");
    let mut odd = Vec::new();
    for mutation in list(mutations, "fields") {
        let arguments: Vec<&Value> = list(mutation, "args").collect();
        let takes_input = matches!(arguments[..], [input] if input["name"] == "input"
            && input["type"]["kind"] == "NON_NULL"
            && named(&input["type"]).0.ends_with("Input"));
        if !takes_input || !named(&mutation["type"]).0.ends_with("Payload") {
            odd.push(text(mutation, "name").to_owned());
        }
    }
    assert!(
        odd.is_empty(),
        "not one `input: …Input!` or no …Payload: {odd:#?}"
    );
}

#[tokio::test]
async fn digests_and_paths_of_containers_are_never_plain_texts() {
    let mut odd = Vec::new();
    for kind in types().await {
        let fields = list(&kind, "fields").chain(list(&kind, "inputFields"));
        for field in fields {
            let wanted = match text(field, "name") {
                "digest" => "Digest",
                "supersededBy" => "ContainerPath",
                _ => continue,
            };
            if named(&field["type"]).0 != wanted {
                odd.push(format!("{}.{}", text(&kind, "name"), text(field, "name")));
            }
        }
    }
    assert!(odd.is_empty(), "texts where there is a type: {odd:#?}");
}

#[tokio::test]
async fn numbers_of_bytes_are_never_plain_numbers() {
    let mut odd = Vec::new();
    for kind in types().await {
        for field in list(&kind, "fields") {
            let name = text(field, "name").to_lowercase();
            let counts_bytes = name == "size" || name.ends_with("bytes") || name.ends_with("size");
            if counts_bytes && matches!(named(&field["type"]).0, "Int" | "Float") {
                odd.push(format!("{}.{}", text(&kind, "name"), text(field, "name")));
            }
        }
    }
    assert!(
        odd.is_empty(),
        "sizes that are not of the type Bytes: {odd:#?}"
    );
}

/// What is written like the code of an error, between these marks.
fn codes(text: &str, mark: char) -> BTreeSet<&str> {
    let code =
        |word: &&str| word.len() > 3 && word.bytes().all(|c| c.is_ascii_uppercase() || c == b'_');
    text.split(mark).filter(code).collect()
}

#[test]
fn the_documentation_tells_each_code_of_an_error_and_no_other() {
    let page = std::fs::read_to_string("docs/graphql.md").expect("the page");
    let (_, errors) = page.split_once("\n## Errors\n").expect("the section");
    let (errors, _) = errors.split_once("\n## ").expect("the next section");
    let cells = errors.lines().filter_map(|line| line.split('|').nth(1));
    let told: String = cells.collect();
    let source = std::fs::read_to_string("src/graphql/error.rs").expect("the source");
    assert_eq!(codes(&told, '`'), codes(&source, '"'));
}

#[test]
fn the_documentation_tells_how_large_trees_of_sizes_are() {
    use sifhub::registry::size_tree::nodes;
    let page = std::fs::read_to_string("docs/graphql.md").expect("the page");
    let (two, three) = (nodes(2, 20), nodes(3, 20));
    let told = format!(
        "two levels are up to {two} nodes, three {},{:03}",
        three / 1000,
        three % 1000
    );
    assert!(page.contains(&told), "{told}");
}
