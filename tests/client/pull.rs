//! `apptainer pull`, and what runs an image from the library.
use crate::support::{
    SifBuilder,
    apptainer::{Site, arch},
};

/// A site where alice has pushed an image for this machine as `library://alice/tools/a:1`.
fn site_with_image() -> (Site, String) {
    let site = Site::new();
    let alice = site.user("alice");
    let hash = alice.put("a.sif", SifBuilder::new(arch()));
    alice
        .run("push -U a.sif library://alice/tools/a:1,latest")
        .ok();
    drop(alice);
    (site, hash)
}

#[test]
fn visitor_pulls_by_tag() {
    let (site, _) = site_with_image();
    let bob = site.visitor("bob");
    bob.run("pull a.sif library://alice/tools/a:1").ok();
    assert_eq!(bob.read("a.sif"), site.stranger("alice").read("a.sif"));
    bob.run("pull library://alice/tools/a").ok();
    assert_eq!(bob.read("a_latest.sif"), bob.read("a.sif"));
}

#[test]
fn visitor_pulls_by_hash() {
    let (site, hash) = site_with_image();
    let bob = site.visitor("bob");
    bob.run(&format!("pull a.sif library://alice/tools/a:{hash}"))
        .ok();
    assert_eq!(bob.read("a.sif"), site.stranger("alice").read("a.sif"));
}

#[test]
fn second_pull_comes_out_of_the_cache() {
    let (site, _) = site_with_image();
    let bob = site.visitor("bob");
    let first = site.requests_of(|| {
        bob.run("pull a.sif library://alice/tools/a:1").ok();
    });
    let asked_for_bytes =
        |requests: &[String]| requests.iter().any(|request| request.contains("imagefile"));
    assert!(asked_for_bytes(&first), "{first:#?}");
    let second = site.requests_of(|| {
        bob.run("pull b.sif library://alice/tools/a:1")
            .ok()
            .says("Using cached image");
    });
    assert!(!asked_for_bytes(&second), "{second:#?}");
    assert_eq!(bob.read("b.sif"), bob.read("a.sif"));
}

#[test]
fn pull_works_without_a_cache() {
    let (site, _) = site_with_image();
    let bob = site.visitor("bob");
    bob.run("pull --disable-cache a.sif library://alice/tools/a:1")
        .ok();
    assert_eq!(bob.read("a.sif"), site.stranger("alice").read("a.sif"));
}

#[test]
fn large_image_comes_over_several_connections_where_the_site_wants_it() {
    let site = Site::with(&[("registry.concurrent_downloads", "true")]);
    let alice = site.user("alice");
    alice.put("a.sif", SifBuilder::new(arch()).payload(12 << 20, 5));
    alice.run("push -U a.sif library://alice/tools/a:1").ok();
    let requests = site.requests_of(|| {
        alice
            .run("pull --disable-cache b.sif library://alice/tools/a:1")
            .ok();
    });
    let parts = requests
        .iter()
        .filter(|request| request.starts_with("GET /v2/imagefile/") && request.ends_with("206"));
    assert_eq!(parts.count(), 3, "{requests:#?}");
    assert!(
        alice.read("a.sif") == alice.read("b.sif"),
        "other bytes came back"
    );
}

#[test]
fn image_for_another_architecture_is_not_found() {
    let (site, _) = site_with_image();
    let bob = site.visitor("bob");
    let pull = "pull --arch s390x a.sif library://alice/tools/a:1";
    bob.run(pull)
        .fails()
        .says("image does not exist in the library: alice/tools/a:1 (s390x)");
}

#[test]
fn image_that_is_nowhere_is_not_found() {
    let (site, _) = site_with_image();
    let bob = site.visitor("bob");
    for nowhere in [
        "alice/tools/b",
        "alice/tools/a:2",
        "alice/other/a",
        "nobody/tools/a",
        "a",
    ] {
        bob.run(&format!("pull a.sif library://{nowhere}"))
            .fails()
            .says("image does not exist in the library");
    }
}

#[test]
fn short_reference_means_the_default_namespace() {
    let site = Site::new();
    let root = site.admin("root");
    root.put("a.sif", SifBuilder::new(arch()));
    root.run("push -U a.sif library://library/default/a:1").ok();
    root.run("push -U a.sif library://library/tools/b:latest")
        .ok();
    let bob = site.visitor("bob");
    bob.run("pull a.sif library://a:1").ok();
    bob.run("pull b.sif library://tools/b").ok();
    assert_eq!(bob.read("a.sif"), root.read("a.sif"));
    assert_eq!(bob.read("b.sif"), root.read("a.sif"));
}

#[test]
fn pulled_image_runs() {
    let site = Site::new();
    let alice = site.user("alice");
    alice.build("hello.sif");
    alice
        .run("push -U hello.sif library://alice/tools/hello:1")
        .ok();
    let bob = site.visitor("bob");
    bob.run("pull hello.sif library://alice/tools/hello:1").ok();
    bob.run("exec hello.sif /bin/busybox echo it runs")
        .ok()
        .says("it runs\n");
    bob.run("inspect --labels hello.sif")
        .ok()
        .says("purpose: greeting");
}

#[test]
fn image_runs_straight_from_the_library() {
    let site = Site::new();
    let alice = site.user("alice");
    alice.build("hello.sif");
    alice
        .run("push -U hello.sif library://alice/tools/hello:1")
        .ok();
    let bob = site.visitor("bob");
    bob.run("run library://alice/tools/hello:1 bob")
        .ok()
        .says("hello bob\n");
}
