//! `skopeo`.
use serde_json::Value;

use super::*;
use crate::support::oci::{INDEX, MANIFEST};

#[test]
fn image_is_copied_in_and_out() {
    let site = Site::new();
    let (alice, digest) = alice(&site);
    alice
        .skopeo(&format!(
            "copy --dest-tls-verify=false oci:image:1 docker://{HOST}/alice/tools/hello:1"
        ))
        .ok();
    assert_eq!(site.digest("alice/tools/hello:1"), Some(digest.clone()));
    let bob = site.stranger("bob");
    bob.skopeo(&format!(
        "copy --src-tls-verify=false docker://{HOST}/alice/tools/hello:1 oci:back:1"
    ))
    .ok();
    assert_eq!(bob.digest_in("back"), digest);
}

#[test]
fn image_is_inspected() {
    let site = Site::new();
    let (_, digest) = alice_with_image(&site);
    let bob = site.stranger("bob");
    let shown = bob
        .skopeo(&format!(
            "inspect --tls-verify=false docker://{HOST}/alice/tools/hello:1"
        ))
        .ok();
    let shown: Value = serde_json::from_str(&shown.stdout).expect("JSON");
    assert_eq!(shown["Digest"], digest.as_str());
    assert_eq!(shown["Architecture"], arch());
    assert_eq!(shown["RepoTags"], serde_json::json!(["1"]));
}

#[test]
fn tags_are_listed() {
    let site = Site::new();
    let (alice, _) = alice_with_image(&site);
    for tag in ["latest", "1.0"] {
        alice
            .crane(&format!("tag {HOST}/alice/tools/hello:1 {tag}"))
            .ok();
    }
    let shown = site.stranger("bob").skopeo(&format!(
        "list-tags --tls-verify=false docker://{HOST}/alice/tools/hello"
    ));
    let shown: Value = serde_json::from_str(&shown.ok().stdout).expect("JSON");
    assert_eq!(shown["Tags"], serde_json::json!(["1", "1.0", "latest"]));
}

#[test]
fn image_is_deleted_with_its_tags() {
    let site = Site::new();
    let (alice, _) = alice_with_image(&site);
    alice
        .crane(&format!("tag {HOST}/alice/tools/hello:1 latest"))
        .ok();
    let delete = format!("delete --tls-verify=false docker://{HOST}/alice/tools/hello:1");
    site.oci_user("bob").skopeo(&delete).fails();
    assert_eq!(site.tags("alice/tools/hello"), ["1", "latest"]);
    alice.skopeo(&delete).ok();
    assert_eq!(site.tags("alice/tools/hello"), [""; 0]);
    alice
        .skopeo(&format!(
            "inspect --tls-verify=false docker://{HOST}/alice/tools/hello:1"
        ))
        .fails()
        .says("manifest unknown");
}

#[test]
fn images_for_several_architectures_are_copied_with_their_index() {
    let site = Site::new();
    let alice = site.oci_user("alice");
    let digest = alice.layout_of("images", &["amd64", "arm64"]);
    alice
        .skopeo(&format!(
            "copy --all --dest-tls-verify=false oci:images:1 docker://{HOST}/alice/tools/hello:1"
        ))
        .ok();
    assert_eq!(site.digest("alice/tools/hello:1"), Some(digest));
    assert_eq!(site.manifest("alice/tools/hello:1")["mediaType"], INDEX);
    for arch in ["amd64", "arm64"] {
        let inspect = format!(
            "--override-arch {arch} inspect --tls-verify=false docker://{HOST}/alice/tools/hello:1"
        );
        let shown = site.stranger("bob").skopeo(&inspect).ok();
        shown.says(&format!("\"Architecture\": \"{arch}\""));
    }
}

#[test]
fn image_in_the_format_of_docker_is_taken() {
    let site = Site::new();
    let (alice, _) = alice(&site);
    alice
        .skopeo(&format!(
            "copy --format v2s2 --dest-tls-verify=false oci:image:1 docker://{HOST}/alice/tools/hello:1"
        ))
        .ok();
    assert_eq!(
        site.manifest("alice/tools/hello:1")["mediaType"],
        "application/vnd.docker.distribution.manifest.v2+json"
    );
    let bob = site.stranger("bob");
    bob.skopeo(&format!(
        "copy --format oci --src-tls-verify=false docker://{HOST}/alice/tools/hello:1 oci:back:1"
    ))
    .ok();
    let manifest = bob
        .digest_in("back")
        .replace("sha256:", "back/blobs/sha256/");
    let manifest: Value = serde_json::from_slice(&bob.read(&manifest)).expect("JSON");
    assert_eq!(manifest["mediaType"], MANIFEST);
}

#[test]
fn all_tags_of_a_container_are_synchronised() {
    let site = Site::new();
    let (alice, digest) = alice_with_image(&site);
    alice
        .crane(&format!("tag {HOST}/alice/tools/hello:1 latest"))
        .ok();
    let out = format!(
        "sync --src-tls-verify=false --src docker --dest dir {HOST}/alice/tools/hello away"
    );
    alice.skopeo(&out).ok();
    alice.read("away/hello:latest/manifest.json");
    let back =
        format!("sync --dest-tls-verify=false --src dir --dest docker away {HOST}/alice/mirror");
    alice.skopeo(&back).ok();
    assert_eq!(site.tags("alice/mirror/hello"), ["1", "latest"]);
    assert_eq!(site.digest("alice/mirror/hello:1"), Some(digest));
}

#[test]
fn image_goes_to_no_foreign_namespace() {
    let site = Site::new();
    let (alice, digest) = alice_with_image(&site);
    for other in [site.oci_user("bob"), site.stranger("carol")] {
        other.layout("image", "s390x");
        for place in ["alice/tools/hello:1", "alice/tools/b:1", "alice/new/b:1"] {
            let copy = format!("copy --dest-tls-verify=false oci:image:1 docker://{HOST}/{place}");
            other.skopeo(&copy).fails();
        }
    }
    assert_eq!(alice.digest("alice/tools/hello:1"), Some(digest));
    assert_eq!(alice.digest("alice/tools/b:1"), None);
}
