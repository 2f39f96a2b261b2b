//! `helm`, with the chart of this server itself.
use serde_json::{Value, json};

use super::*;

/// Alice, who has pushed the chart as `alice/charts/sifhub`, and its version.
fn alice_with_chart(site: &Site) -> (Apptainer<'_>, String) {
    let alice = site.oci_user("alice");
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("tests run by cargo");
    let packed = alice.helm(&format!("package {root}/helm/sifhub")).ok();
    let file = packed.stdout.trim().rsplit('/').next().expect("a file");
    let version = file
        .strip_prefix("sifhub-")
        .and_then(|rest| rest.strip_suffix(".tgz"));
    alice
        .helm(&format!(
            "push {file} oci://{HOST}/alice/charts --plain-http"
        ))
        .ok();
    (alice, version.expect("a version").to_owned())
}

#[test]
fn chart_comes_back_as_it_was_pushed() {
    let site = Site::new();
    let (alice, version) = alice_with_chart(&site);
    assert_eq!(
        site.tags("alice/charts/sifhub"),
        std::slice::from_ref(&version)
    );
    let bob = site.stranger("bob");
    let chart = format!("oci://{HOST}/alice/charts/sifhub --version {version} --plain-http");
    bob.helm(&format!("pull {chart}")).ok();
    let file = format!("sifhub-{version}.tgz");
    assert!(
        bob.read(&file) == alice.read(&file),
        "other bytes came back"
    );
    bob.helm(&format!("show chart {chart}"))
        .ok()
        .says("name: sifhub");
}

#[test]
fn chart_is_shown_as_what_it_is() {
    let site = Site::new();
    let (alice, version) = alice_with_chart(&site);
    let query = r#"{ container(path: "alice/charts/sifhub") { imageCount manifests { totalCount nodes {
        kind artifactType size tagNames image { id } parts { role mediaType } } } } }"#;
    let container = alice.graphql(query, &json!({}))["container"].clone();
    assert_eq!(
        (
            &container["imageCount"],
            &container["manifests"]["totalCount"]
        ),
        (&json!(0), &json!(1))
    );
    let chart = &container["manifests"]["nodes"][0];
    assert_eq!(
        (&chart["kind"], &chart["image"]),
        (&json!("ARTIFACT"), &Value::Null)
    );
    assert_eq!(
        chart["artifactType"],
        "application/vnd.cncf.helm.config.v1+json"
    );
    assert_eq!(chart["tagNames"], json!([version]));
    let layer = json!({"role": "LAYER", "mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip"});
    assert_eq!(chart["parts"][1], layer);
    let size: usize = chart["size"]
        .as_str()
        .expect("a size")
        .parse()
        .expect("bytes");
    assert!(size > alice.read(&format!("sifhub-{version}.tgz")).len());
}

#[test]
fn chart_goes_to_no_foreign_namespace_and_private_ones_to_nobody_else() {
    let site = Site::with(&[("registry.default_visibility", "private")]);
    let (alice, version) = alice_with_chart(&site);
    let chart = alice.read(&format!("sifhub-{version}.tgz"));
    for other in [site.oci_user("bob"), site.stranger("carol")] {
        other.write("chart.tgz", &chart);
        other
            .helm(&format!(
                "push chart.tgz oci://{HOST}/alice/charts --plain-http"
            ))
            .fails();
        other
            .helm(&format!(
                "pull oci://{HOST}/alice/charts/sifhub --version {version} --plain-http"
            ))
            .fails();
    }
}
