//! The queries that the documentation gives to people, that GraphiQL offers and that the dashboard asks, asked.
use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};
use sifhub::registry::download::flush;

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
            .label("org.label-schema.usage.apptainer.version", "1.4.5")
            .payload(4096, seed)
    };
    alice.push("alice/tools/hello", "1.0", image(1)).await;
    alice
        .push("alice/tools/hello", "latest", image(2).signed_by(&signer))
        .await;
    alice.push("alice/tools/hello", "latest", image(3)).await;
    alice.push("alice/work/copy", "1.0", image(1)).await;
    app.anonymous()
        .get("/sif/alice/tools/hello:1.0")
        .await
        .expect(200);
    alice.get("/sif/alice/tools/hello:1.0").await.expect(200);
    flush(&app.operator()).await.expect("it is written");
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

/// The values at `member` of the rows at `rows`.
fn column(answer: &Value, rows: &str, member: &str) -> Vec<Value> {
    let rows = select(answer, rows).as_array().expect("rows");
    rows.iter().map(|row| select(row, member).clone()).collect()
}

#[tokio::test]
async fn the_cookbook_answers_what_it_says() {
    let (_app, root) = lived_in().await;
    let queries = cookbook();
    let ask = async |name: &str| root.graphql(&queries[name], json!({})).await;
    let both = [json!("alice/tools/hello"), json!("alice/work/copy")];

    let largest = ask("collections.graphql").await;
    let paths = column(&largest, "collections.nodes", "path");
    assert_eq!(paths, [json!("alice/tools"), json!("alice/work")]);
    let images = column(&largest, "collections.nodes", "imageCount");
    assert_eq!(images, [json!(3), json!(1)]);

    let held = ask("namespaces.graphql").await;
    assert_eq!(held["namespaces"]["nodes"][0]["name"], "alice");
    assert_eq!(
        held["server"]["size"],
        held["namespaces"]["nodes"][0]["size"]
    );
    assert_eq!(held["server"]["imageCount"], 4);

    let large = ask("large-images.graphql").await;
    let sizes = column(&large, "images.nodes", "size");
    let bytes = |size: &Value| size.as_str().expect("bytes").parse::<u64>().expect("bytes");
    assert_eq!(sizes.len(), 4);
    assert!(sizes.is_sorted_by_key(|size| std::cmp::Reverse(bytes(size))));

    let cold = ask("cold.graphql").await;
    let paths = column(&cold, "containers.nodes", "path");
    assert_eq!(paths, [both[1].clone(), both[0].clone()]);
    let last = column(&cold, "containers.nodes", "downloads.lastPulledAt");
    assert!(last[0].is_null() && last[1].is_string());
    assert_eq!(cold["images"]["totalCount"], 4);

    let pulls = ask("pulls.graphql").await;
    assert_eq!(column(&pulls, "containers.nodes", "path"), both);
    let most = &pulls["containers"]["nodes"][0]["downloads"];
    assert_eq!(
        (&most["total"], &most["byTag"]),
        (&json!(2), &json!([{"tag": "1.0", "count": 2}]))
    );
    assert_eq!(most["byDoor"][0]["anonymous"], 1);
    assert_eq!(pulls["server"]["downloads"]["total"], 2);

    let pullers = ask("pullers.graphql").await;
    let everywhere = &pullers["server"]["downloads"]["byUser"];
    assert_eq!(everywhere["totalCount"], 1);
    assert_eq!(everywhere["nodes"][0]["user"]["name"], "alice");
    let here = &pullers["containers"]["nodes"][0];
    assert_eq!(here["path"], both[0]);
    assert_eq!(here["downloads"]["byUser"]["nodes"][0]["count"], 1);

    let labels = ask("labels.graphql").await;
    let values = &labels["labelValues"]["nodes"];
    assert_eq!(*values, json!([{"value": "1.4.5", "imageCount": 4}]));

    let unsigned = ask("unsigned-in-use.graphql").await;
    assert_eq!(unsigned["images"]["totalCount"], 3);
    assert_eq!(
        unsigned["images"]["nodes"][0]["downloads"]["total"], 2,
        "the most pulled first"
    );
    let untagged = ask("untagged.graphql").await;
    assert_eq!(
        untagged["images"]["totalCount"], 1,
        "the tag latest has moved on"
    );
    let tagged = column(&unsigned, "images.nodes", "digest");
    assert!(!tagged.contains(&untagged["images"]["nodes"][0]["digest"]));

    let duplicates = ask("duplicates.graphql").await;
    let mut digests = column(&duplicates, "images.nodes", "digest");
    digests.sort_by_key(ToString::to_string);
    digests.dedup();
    assert_eq!(digests.len(), 3, "two of the four are the same file");
    let tags = ask("tags.graphql").await;
    let names = column(&tags, "container.tags.nodes", "name");
    assert_eq!(names, [json!("1.0"), json!("latest")]);
    let pushed = ask("recent-pushes.graphql").await;
    assert_eq!(
        pushed["images"]["nodes"][0]["container"]["path"],
        "alice/work/copy"
    );
    assert_eq!(pushed["images"]["nodes"][0]["createdBy"]["name"], "alice");
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
                // Grafana puts in the start of its time range.
                text(&target["url_options"]["body_graphql_query"])
                    .replace("${__from:date:iso}", "2100-01-01T00:00:00.000Z"),
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
