//! `apptainer` with `oras://` and `docker://`.
use super::*;
use crate::support::{
    SifBuilder,
    apptainer::hash,
    oci::{HOST, MANIFEST},
};

/// Alice, who has pushed `a.sif` as `alice/tools/a:1`.
fn alice_with_sif(site: &Site) -> Apptainer<'_> {
    let alice = site.oci_user("alice");
    alice.put("a.sif", SifBuilder::new(arch()));
    alice
        .run(&format!("push -U a.sif oras://{HOST}/alice/tools/a:1"))
        .ok();
    alice
}

#[test]
fn sif_comes_back_as_it_was_pushed() {
    let site = Site::new();
    let alice = alice_with_sif(&site);
    let bob = site.stranger("bob");
    bob.run(&format!("pull a.sif oras://{HOST}/alice/tools/a:1"))
        .ok();
    assert_eq!(bob.read("a.sif"), alice.read("a.sif"));
    let manifest = site.manifest("alice/tools/a:1");
    assert_eq!(manifest["mediaType"], MANIFEST);
    let layer = &manifest["layers"][0];
    assert_eq!(
        layer["mediaType"],
        "application/vnd.sylabs.sif.layer.v1.sif"
    );
    assert_eq!(
        layer["digest"],
        hash(&alice.read("a.sif")).replace('.', ":")
    );
    assert_eq!(layer["size"], alice.read("a.sif").len());
}

#[test]
fn sif_that_is_there_is_not_uploaded_again() {
    let site = Site::new();
    let alice = alice_with_sif(&site);
    let requests = site.requests_of(|| {
        alice
            .run(&format!("push -U a.sif oras://{HOST}/alice/tools/a:2"))
            .ok();
    });
    let uploads = requests
        .iter()
        .filter(|request| request.starts_with("PATCH"));
    assert_eq!(uploads.count(), 0, "{requests:#?}");
    assert_eq!(site.tags("alice/tools/a"), ["1", "2"]);
}

#[test]
fn tag_moves_to_the_sif_pushed_last() {
    let site = Site::new();
    let alice = alice_with_sif(&site);
    let before = site.digest("alice/tools/a:1").expect("it is pushed");
    alice.put("b.sif", SifBuilder::new(arch()).payload(4096, 7));
    alice
        .run(&format!("push -U b.sif oras://{HOST}/alice/tools/a:1"))
        .ok();
    let bob = site.stranger("bob");
    bob.run(&format!("pull new.sif oras://{HOST}/alice/tools/a:1"))
        .ok();
    assert_eq!(bob.read("new.sif"), alice.read("b.sif"));
    bob.run(&format!(
        "pull old.sif oras://{HOST}/alice/tools/a@{before}"
    ))
    .ok();
    assert_eq!(bob.read("old.sif"), alice.read("a.sif"));
}

#[test]
fn large_sif_comes_back_as_it_was_pushed() {
    let site = Site::new();
    let alice = site.oci_user("alice");
    alice.put("a.sif", SifBuilder::new(arch()).payload(70 << 20, 3));
    alice
        .run(&format!("push -U a.sif oras://{HOST}/alice/tools/a:1"))
        .ok();
    let bob = site.stranger("bob");
    bob.run(&format!("pull a.sif oras://{HOST}/alice/tools/a:1"))
        .ok();
    assert!(
        bob.read("a.sif") == alice.read("a.sif"),
        "other bytes came back"
    );
}

#[test]
fn sif_goes_to_no_foreign_namespace() {
    let site = Site::new();
    let alice = alice_with_sif(&site);
    let before = site.digest("alice/tools/a:1");
    for other in [site.oci_user("bob"), site.stranger("carol")] {
        other.put("b.sif", SifBuilder::new(arch()).payload(4096, 8));
        for place in ["alice/tools/a:1", "alice/tools/b:1", "alice/new/b:1"] {
            let push = format!("push -U b.sif oras://{HOST}/{place}");
            other.run(&push).fails();
        }
    }
    assert_eq!(alice.digest("alice/tools/a:1"), before);
    assert_eq!(alice.digest("alice/tools/b:1"), None);
}

#[test]
fn what_is_nowhere_is_not_found() {
    let site = Site::new();
    alice_with_sif(&site);
    let bob = site.stranger("bob");
    for nowhere in ["alice/tools/a:2", "alice/tools/b:1", "nobody/tools/a:1"] {
        bob.run(&format!("pull b.sif oras://{HOST}/{nowhere}"))
            .fails();
        assert_eq!(bob.digest(nowhere), None);
    }
}

#[test]
fn oci_image_is_pulled_and_runs() {
    let site = Site::new();
    alice_with_image(&site);
    let bob = site.stranger("bob");
    bob.run(&format!(
        "pull --no-https hello.sif docker://{HOST}/alice/tools/hello:1"
    ))
    .ok();
    bob.run("run hello.sif").ok().says("it runs\n");
    bob.run(&format!(
        "exec --no-https docker://{HOST}/alice/tools/hello:1 /bin/busybox echo so it does"
    ))
    .ok()
    .says("so it does\n");
}

#[test]
fn private_oci_image_is_pulled_by_who_may() {
    let site = Site::with(&[("registry.default_visibility", "private")]);
    let (alice, _) = alice_with_image(&site);
    let pull = format!("pull --no-https hello.sif docker://{HOST}/alice/tools/hello:1");
    alice.run(&pull).ok();
    for other in [site.oci_user("bob"), site.stranger("carol")] {
        other.run(&pull).fails();
    }
}
