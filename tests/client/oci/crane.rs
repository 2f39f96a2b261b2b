//! `crane`.
use super::*;

#[test]
fn image_comes_back_as_it_was_pushed() {
    let site = Site::new();
    let (_, digest) = alice_with_image(&site);
    let bob = site.stranger("bob");
    bob.crane(&format!(
        "pull --format=oci {HOST}/alice/tools/hello:1 back"
    ))
    .ok();
    assert_eq!(bob.digest_in("back"), digest);
    bob.crane(&format!("digest {HOST}/alice/tools/hello:1"))
        .ok()
        .says(&digest);
    bob.crane(&format!("validate --remote {HOST}/alice/tools/hello:1"))
        .ok()
        .says("PASS");
}

#[test]
fn tags_and_containers_are_listed() {
    let site = Site::new();
    let (alice, _) = alice_with_image(&site);
    alice
        .crane(&format!("tag {HOST}/alice/tools/hello:1 latest"))
        .ok();
    let bob = site.stranger("bob");
    let tags = bob.crane(&format!("ls {HOST}/alice/tools/hello")).ok();
    assert_eq!(tags.stdout, "1\nlatest\n");
    let catalog = bob.crane(&format!("catalog {HOST}")).ok();
    assert_eq!(catalog.stdout, "alice/tools/hello\n");
}

#[test]
fn copy_within_the_site_moves_no_bytes() {
    let site = Site::new();
    let (alice, digest) = alice_with_image(&site);
    let requests = site.requests_of(|| {
        alice
            .crane(&format!(
                "copy {HOST}/alice/tools/hello:1 {HOST}/alice/copies/hello:1"
            ))
            .ok();
    });
    let mounted = requests.iter().filter(|request| {
        request.starts_with("POST /v2/alice/copies/hello/blobs/uploads/")
            && request.ends_with("201")
    });
    assert_eq!(mounted.count(), 2, "{requests:#?}");
    assert!(
        !requests.iter().any(|request| request.starts_with("PATCH")),
        "{requests:#?}"
    );
    assert_eq!(site.digest("alice/copies/hello:1"), Some(digest));
}

#[test]
fn private_image_is_not_copied_by_who_may_not_see_it() {
    let site = Site::with(&[("registry.default_visibility", "private")]);
    let (alice, digest) = alice_with_image(&site);
    let bob = site.oci_user("bob");
    bob.crane(&format!(
        "copy {HOST}/alice/tools/hello:1 {HOST}/bob/tools/hello:1"
    ))
    .fails();
    assert_eq!(bob.digest("bob/tools/hello:1"), None);
    assert_eq!(bob.digest("alice/tools/hello:1"), None);
    assert_eq!(alice.digest("alice/tools/hello:1"), Some(digest));
}

#[test]
fn image_is_deleted_by_digest() {
    let site = Site::new();
    let (alice, digest) = alice_with_image(&site);
    alice
        .crane(&format!("delete {HOST}/alice/tools/hello@{digest}"))
        .ok();
    assert_eq!(site.digest("alice/tools/hello:1"), None);
}

#[test]
fn tag_is_deleted_without_its_image() {
    let site = Site::new();
    let (alice, digest) = alice_with_image(&site);
    alice
        .crane(&format!("tag {HOST}/alice/tools/hello:1 latest"))
        .ok();
    alice
        .crane(&format!("delete {HOST}/alice/tools/hello:latest"))
        .ok();
    assert_eq!(site.tags("alice/tools/hello"), ["1"]);
    assert_eq!(
        site.digest(&format!("alice/tools/hello@{digest}")),
        Some(digest)
    );
}

#[test]
fn image_is_changed_on_the_site() {
    let site = Site::new();
    let (alice, digest) = alice_with_image(&site);
    let mutate = format!(
        "mutate {HOST}/alice/tools/hello:1 --label purpose=greeting -t {HOST}/alice/tools/hello:2"
    );
    alice.crane(&mutate).ok();
    assert_ne!(site.digest("alice/tools/hello:2"), Some(digest));
    site.stranger("bob")
        .crane(&format!("config {HOST}/alice/tools/hello:2"))
        .ok()
        .says(r#""purpose":"greeting""#);
}
