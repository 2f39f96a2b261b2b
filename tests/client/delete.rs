//! `apptainer delete`.
use serde_json::json;

use crate::support::{SifBuilder, apptainer::Site};

#[test]
fn image_is_deleted_for_one_architecture() {
    let site = Site::new();
    let alice = site.user("alice");
    alice.put("amd64.sif", SifBuilder::new("amd64"));
    alice.put("arm64.sif", SifBuilder::new("arm64"));
    for arch in ["amd64", "arm64"] {
        alice
            .run(&format!("push -U {arch}.sif library://alice/tools/a:1"))
            .ok();
    }
    alice
        .run("delete -F --arch arm64 library://alice/tools/a:1")
        .ok()
        .says("alice/tools/a:1 (arm64) deleted");
    assert_eq!(site.get("/v1/images/alice/tools/a:1?arch=arm64").0, 404);
    alice
        .run("pull --arch arm64 back.sif library://alice/tools/a:1")
        .fails()
        .says("image does not exist");
    alice
        .run("pull --arch amd64 back.sif library://alice/tools/a:1")
        .ok();
    alice
        .run("delete -F --arch arm64 library://alice/tools/a:1")
        .fails()
        .says("not found");
}

#[test]
fn space_of_deleted_image_comes_back() {
    let site = Site::new();
    let alice = site.user("alice");
    let hash = alice.put("a.sif", SifBuilder::new("amd64"));
    alice.run("push -U a.sif library://alice/tools/a:1").ok();
    let blob = format!("blob {} ", hash.replace('.', ":"));
    assert!(!site.server.cli(&["gc", "--grace", "0s"]).contains(&blob));
    alice
        .run(&format!(
            "delete -F --arch amd64 library://alice/tools/a:{hash}"
        ))
        .ok();
    // It can be brought back for a while.
    assert!(!site.server.cli(&["gc", "--grace", "0s"]).contains(&blob));
    let empty = r#"mutation { emptyTrash(input: {namespace: "alice"}) { purged } }"#;
    alice.graphql(empty, &json!({}));
    assert!(site.server.cli(&["gc", "--grace", "0s"]).contains(&blob));
}

#[test]
fn foreign_image_is_not_deleted() {
    let site = Site::new();
    let (alice, bob) = (site.user("alice"), site.user("bob"));
    let hash = alice.put("a.sif", SifBuilder::new("amd64"));
    alice.run("push -U a.sif library://alice/tools/a:1").ok();
    bob.run("delete -F --arch amd64 library://alice/tools/a:1")
        .fails()
        .says("403 Forbidden");
    assert_eq!(
        site.image("alice/tools/a:1", "amd64")["hash"],
        hash.as_str()
    );
}
