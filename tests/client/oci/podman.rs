//! `podman`, which keeps what it has in the home and starts nothing.
use super::*;
use crate::support::oci::INDEX;

/// Takes in the layout `image`, and tells the digest of its configuration, which is what podman knows it by.
fn take(person: &Apptainer) -> String {
    let id = person.podman("pull -q oci:image:1").ok().stdout;
    id.trim().to_owned()
}

/// What is taken from the site.
fn pull(person: &Apptainer, options: &str) -> String {
    let pull = format!("pull -q --tls-verify=false {options} docker://{HOST}/alice/tools/hello:1");
    person.podman(&pull).ok().stdout.trim().to_owned()
}

#[test]
fn image_comes_back_as_it_was_pushed() {
    let site = Site::new();
    let (alice, _) = alice(&site);
    let id = take(&alice);
    let push = format!("push --tls-verify=false {id} docker://{HOST}/alice/tools/hello:1");
    alice.podman(&push).ok();
    let manifest = site.manifest("alice/tools/hello:1");
    assert_eq!(manifest["config"]["digest"], format!("sha256:{id}"));
    let bob = site.stranger("bob");
    assert_eq!(pull(&bob, ""), id);
    bob.podman(&format!("image inspect {id}"))
        .ok()
        .says("/bin/busybox");
}

#[test]
fn image_of_another_architecture_is_chosen_from_an_index() {
    let site = Site::new();
    let alice = site.oci_user("alice");
    alice.layout_of("images", &["amd64", "arm64"]);
    alice
        .skopeo(&format!(
            "copy --all --dest-tls-verify=false oci:images:1 docker://{HOST}/alice/tools/hello:1"
        ))
        .ok();
    let bob = site.stranger("bob");
    for arch in ["amd64", "arm64"] {
        let id = pull(&bob, &format!("--arch {arch}"));
        let told = bob.podman(&format!(
            "image inspect --format {{{{.Architecture}}}} {id}"
        ));
        assert_eq!(told.ok().stdout.trim(), arch);
    }
}

#[test]
fn list_of_manifests_is_pushed() {
    let site = Site::new();
    let (alice, digest) = alice_with_image(&site);
    alice.podman("manifest create list").ok();
    let add = format!("manifest add --tls-verify=false list docker://{HOST}/alice/tools/hello:1");
    alice.podman(&add).ok();
    let push = format!(
        "manifest push --all --format oci --tls-verify=false list docker://{HOST}/alice/tools/list:1"
    );
    alice.podman(&push).ok();
    let index = site.manifest("alice/tools/list:1");
    assert_eq!(index["mediaType"], INDEX);
    assert_eq!(index["manifests"][0]["digest"], digest.as_str());
    assert_eq!(index["manifests"][0]["platform"]["architecture"], arch());
}

#[test]
fn containers_and_tags_are_searched_by_who_may_see_them() {
    let site = Site::with(&[("registry.default_visibility", "internal")]);
    let (alice, _) = alice_with_image(&site);
    let search = format!("search --tls-verify=false {HOST}/");
    let tags = format!("search --tls-verify=false --list-tags {HOST}/alice/tools/hello");
    for person in [&alice, &site.oci_user("bob")] {
        person.podman(&search).ok().says("alice/tools/hello");
        person.podman(&tags).ok().says("alice/tools/hello  1");
    }
    let carol = site.stranger("carol");
    carol.podman(&search).keeps_silent_about("hello");
    assert_eq!(carol.podman(&tags).fails().stdout, "");
}

#[test]
fn image_goes_to_no_foreign_namespace() {
    let site = Site::new();
    let (_, digest) = alice_with_image(&site);
    for other in [site.oci_user("bob"), site.stranger("carol")] {
        other.layout("image", "s390x");
        let id = take(&other);
        for place in ["alice/tools/hello:1", "alice/new/b:1"] {
            let push = format!("push --tls-verify=false {id} docker://{HOST}/{place}");
            other.podman(&push).fails();
        }
    }
    assert_eq!(site.digest("alice/tools/hello:1"), Some(digest));
    assert_eq!(site.digest("alice/new/b:1"), None);
}
