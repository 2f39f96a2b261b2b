//! The queries that the documentation gives to people, that GraphiQL offers and that the dashboard asks, asked.
use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};

use super::code;
use crate::support::{Client, SifBuilder, TestApp};

const FOLDER: &str = "web/src/cookbook";
const DASHBOARD: &str = "docs/grafana/sifhub.json";

/// The queries of the cookbook by their file names.
fn cookbook() -> BTreeMap<String, String> {
    let files = fs::read_dir(FOLDER).expect("the folder");
    let read = |file: std::io::Result<fs::DirEntry>| {
        let path = file.expect("a file").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        (name, fs::read_to_string(path).expect("a query"))
    };
    files.map(read).collect()
}

/// A server on which every question of the cookbook has an answer, and somebody who may ask them all.
async fn lived_in() -> (TestApp, Client) {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let signer = "AB".repeat(20);
    let image = |seed| {
        SifBuilder::new("amd64")
            .label("org.label-schema.name", "tool")
            .payload(4096, seed)
    };
    alice.push("alice/tools/hello", "1.0", image(1)).await;
    alice
        .push("alice/tools/hello", "latest", image(2).signed_by(&signer))
        .await;
    alice.push("alice/tools/hello", "latest", image(3)).await;
    alice.push("alice/work/copy", "1.0", image(1)).await;
    app.anonymous().get("/library/alice/tools/hello").await;
    let root = app.admin("root").await;
    (app, root)
}

#[tokio::test]
async fn every_query_of_the_cookbook_is_answered() {
    let (_app, root) = lived_in().await;
    let queries = cookbook();
    assert!(queries.len() >= 12, "{} queries", queries.len());
    for (name, query) in queries {
        assert!(
            query.starts_with("# ") && query.lines().next().is_some_and(|line| line.ends_with('?')),
            "{name} does not begin with its question"
        );
        let answer = root.try_graphql(&query, json!({})).await;
        assert_eq!(code(&answer), "", "{name}: {answer:#}");
        let data = answer["data"].as_object().expect("data");
        assert!(
            data.values().all(|value| !value.is_null()),
            "{name}: {answer:#}"
        );
    }
}

#[test]
fn the_documentation_and_the_page_have_every_query_of_the_cookbook() {
    let (page, preset) = (
        fs::read_to_string("docs/graphql.md").expect("the page"),
        fs::read_to_string("web/src/cookbook.js").expect("the presets"),
    );
    for (name, query) in cookbook() {
        assert!(
            page.contains(query.trim()),
            "docs/graphql.md lacks {name} as it is in {FOLDER}"
        );
        assert!(
            preset.contains(&format!("./cookbook/{name}")),
            "web/src/cookbook.js lacks {name}"
        );
    }
}

/// What the panels of the dashboard ask: the title, the query, where the rows are, and the columns of each.
fn panels() -> Vec<(String, String, String, Vec<String>)> {
    let dashboard = fs::read_to_string(DASHBOARD).expect("the dashboard");
    let dashboard: Value = serde_json::from_str(&dashboard).expect("JSON");
    let mut asked = Vec::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let columns = target["columns"].as_array().into_iter().flatten();
            asked.push((
                text(&panel["title"]),
                text(&target["url_options"]["body_graphql_query"]),
                text(&target["root_selector"]),
                columns.map(|column| text(&column["selector"])).collect(),
            ));
        }
    }
    asked
}

/// What a selector such as `data.collections.nodes` selects.
fn select<'a>(value: &'a Value, selector: &str) -> &'a Value {
    selector
        .split('.')
        .fold(value, |value, member| match value {
            Value::Array(items) => member
                .parse::<usize>()
                .map_or(&Value::Null, |at| &items[at]),
            _ => &value[member],
        })
}

#[tokio::test]
async fn every_panel_of_the_dashboard_finds_its_columns() {
    let (_app, root) = lived_in().await;
    let panels = panels();
    assert!(panels.len() >= 6, "{} panels", panels.len());
    for (title, query, root_selector, columns) in panels {
        let answer = root.try_graphql(&query, json!({})).await;
        assert_eq!(code(&answer), "", "{title}: {answer:#}");
        let rows = select(&answer, &root_selector);
        let row = rows.get(0).unwrap_or(rows);
        assert!(
            row.is_object() && !columns.is_empty(),
            "{title}: nothing at {root_selector}: {answer:#}"
        );
        for column in columns {
            let mut at = row;
            for member in column.split('.') {
                assert!(
                    at.get(member).is_some() || at.is_null(),
                    "{title}: no column {column} in {row}"
                );
                at = at.get(member).unwrap_or(&Value::Null);
            }
        }
    }
}
