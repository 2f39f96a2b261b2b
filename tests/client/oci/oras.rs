//! `oras`.
use serde_json::Value;

use super::*;

/// Alice, who has pushed `report.txt` as `alice/tools/data:1`.
fn alice_with_file(site: &Site) -> Apptainer<'_> {
    let alice = site.oci_user("alice");
    alice.write("report.txt", "all is well\n");
    alice
        .oras(&format!(
            "push --artifact-type application/vnd.example.report {HOST}/alice/tools/data:1 report.txt:text/plain"
        ))
        .ok();
    alice
}

/// What is known to be about something: the types of all that `oras discover` finds.
fn about(person: &Apptainer, reference: &str, options: &str) -> Vec<String> {
    let line = format!("discover --format json {options} {HOST}/{reference}");
    let found: Value = serde_json::from_str(&person.oras(&line).ok().stdout).expect("JSON");
    let referrers = found["referrers"].as_array().expect("a list");
    let kind = |found: &Value| found["artifactType"].as_str().expect("a type").to_owned();
    referrers.iter().map(kind).collect()
}

#[test]
fn file_comes_back_as_it_was_pushed() {
    let site = Site::new();
    alice_with_file(&site);
    let bob = site.stranger("bob");
    bob.oras(&format!("pull {HOST}/alice/tools/data:1")).ok();
    assert_eq!(bob.read("report.txt"), b"all is well\n");
    let manifest = site.manifest("alice/tools/data:1");
    assert_eq!(manifest["artifactType"], "application/vnd.example.report");
    assert_eq!(manifest["layers"][0]["mediaType"], "text/plain");
}

#[test]
fn what_is_attached_is_discovered() {
    let site = Site::new();
    let alice = alice_with_file(&site);
    alice.write("sbom.json", "{}\n");
    alice.write("signature", "signed\n");
    for (kind, file) in [("sbom", "sbom.json"), ("signature", "signature")] {
        let attach = format!(
            "attach --artifact-type application/vnd.example.{kind} {HOST}/alice/tools/data:1 {file}"
        );
        let requests = site.requests_of(|| drop(alice.oras(&attach).ok()));
        // The client would otherwise keep a list of its own, by a tag.
        let puts = requests
            .iter()
            .filter(|request| request.starts_with("PUT") && request.contains("/manifests/"));
        assert_eq!(puts.count(), 1, "{requests:#?}");
    }
    let bob = site.stranger("bob");
    let mut found = about(&bob, "alice/tools/data:1", "");
    found.sort();
    assert_eq!(
        found,
        [
            "application/vnd.example.sbom",
            "application/vnd.example.signature"
        ]
    );
    let filter = "--artifact-type application/vnd.example.sbom";
    assert_eq!(
        about(&bob, "alice/tools/data:1", filter),
        ["application/vnd.example.sbom"]
    );
    assert_eq!(site.tags("alice/tools/data"), ["1"]);
}

#[test]
fn artifact_is_copied_with_what_is_attached_to_it() {
    let site = Site::new();
    let alice = alice_with_file(&site);
    alice.write("sbom.json", "{}\n");
    alice
        .oras(&format!(
            "attach --artifact-type application/vnd.example.sbom {HOST}/alice/tools/data:1 sbom.json"
        ))
        .ok();
    alice
        .oras(&format!(
            "cp -r {HOST}/alice/tools/data:1 {HOST}/alice/copies/data:1"
        ))
        .ok();
    assert_eq!(
        site.digest("alice/copies/data:1"),
        site.digest("alice/tools/data:1")
    );
    assert_eq!(
        about(&site.stranger("bob"), "alice/copies/data:1", ""),
        ["application/vnd.example.sbom"]
    );
}

#[test]
fn containers_and_tags_are_listed_for_who_may_see_them() {
    let site = Site::new();
    let alice = alice_with_file(&site);
    alice
        .oras(&format!("tag {HOST}/alice/tools/data:1 latest v1"))
        .ok();
    let bob = site.stranger("bob");
    let tags = bob.oras(&format!("repo tags {HOST}/alice/tools/data")).ok();
    assert_eq!(tags.stdout, "1\nlatest\nv1\n");
    let repositories = bob.oras(&format!("repo ls {HOST}")).ok();
    assert_eq!(repositories.stdout, "alice/tools/data\n");
}

#[test]
fn private_containers_are_listed_to_their_owner_alone() {
    let site = Site::with(&[("registry.default_visibility", "private")]);
    let alice = alice_with_file(&site);
    let list = format!("repo ls {HOST}");
    assert_eq!(alice.oras(&list).ok().stdout, "alice/tools/data\n");
    for other in [site.oci_user("bob"), site.stranger("carol")] {
        assert_eq!(other.oras(&list).stdout, "");
        let tags = other.oras(&format!("repo tags {HOST}/alice/tools/data"));
        assert_eq!(tags.fails().stdout, "");
        other
            .oras(&format!("pull {HOST}/alice/tools/data:1"))
            .fails();
    }
}

#[test]
fn manifest_is_deleted() {
    let site = Site::new();
    let alice = alice_with_file(&site);
    alice
        .oras(&format!("tag {HOST}/alice/tools/data:1 latest"))
        .ok();
    alice
        .oras(&format!("manifest delete -f {HOST}/alice/tools/data:1"))
        .ok();
    let bob = site.stranger("bob");
    bob.oras(&format!("pull {HOST}/alice/tools/data:latest"))
        .fails()
        .says("not found");
    assert_eq!(site.tags("alice/tools/data"), [""; 0]);
}

#[test]
fn blob_is_pushed_fetched_and_deleted() {
    let site = Site::new();
    let alice = alice_with_file(&site);
    alice.write("blob", "some bytes\n");
    let place = format!("{HOST}/alice/tools/data");
    alice.oras(&format!("blob push {place} blob")).ok();
    let digest = sifhub::registry::Digest::of(b"some bytes\n");
    let bob = site.stranger("bob");
    bob.oras(&format!("blob fetch -o back {place}@{digest}"))
        .ok();
    assert_eq!(bob.read("back"), b"some bytes\n");
    bob.oras(&format!("blob delete -f {place}@{digest}"))
        .fails();
    alice.oras(&format!("blob delete -f {place}@{digest}")).ok();
    bob.oras(&format!("blob fetch -o none {place}@{digest}"))
        .fails()
        .says("not found");
}
