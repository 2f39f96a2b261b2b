//! Files that are made from the code say what the code says. `make update` writes them anew.
use std::fs;

/// Compares a file with what it should hold; with `UPDATE=1`, writes it.
pub fn assert_current(file: &str, content: &str) {
    let content = format!("{}\n", content.trim_end());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(file, &content).expect("the file is written");
    }
    let there = fs::read_to_string(file).unwrap_or_default();
    assert!(
        there == content,
        "{file} is stale: write it anew by `make update` or `make conformance`, and commit it"
    );
}

#[test]
fn the_page_about_configuration_is_current() {
    assert_current("docs/configuration.md", &sifhub::config::docs());
}

#[test]
fn the_schema_of_the_configuration_is_current() {
    assert_current("docs/config.schema.json", &sifhub::config::schema());
}

#[test]
fn the_schema_of_the_graph_is_current() {
    assert_current("schema.graphql", &sifhub::graphql::sdl());
}

#[test]
fn the_chart_knows_the_schema_of_the_configuration() {
    let check = std::process::Command::new("helm/schema")
        .arg("--check")
        .output();
    let check = check.expect("helm/schema runs with python3");
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stderr)
    );
}
