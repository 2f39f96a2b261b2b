//! `apptainer push`.
use crate::support::{
    SifBuilder,
    apptainer::{Site, hash},
};

/// How many of the requests begin like this.
fn count(requests: &[String], method: &str, part: &str) -> usize {
    let meant = |request: &&String| request.starts_with(method) && request.contains(part);
    requests.iter().filter(meant).count()
}

#[test]
fn new_image_is_pushed() {
    let site = Site::new();
    let alice = site.user("alice");
    let hash = alice.put("a.sif", SifBuilder::new("amd64"));
    let push = [
        "push",
        "-U",
        "-D",
        "what it is",
        "a.sif",
        "library://alice/tools/a:1.0",
    ];
    let requests = site.requests_of(|| {
        alice
            .args(&push)
            .ok()
            .says("Container URL: http://localhost/library/alice/tools/a");
    });
    assert_eq!(count(&requests, "PUT", "/_upload/"), 1, "{requests:#?}");
    let image = site.image("alice/tools/a:1.0", "amd64");
    assert_eq!(image["hash"], hash.as_str());
    assert_eq!(image["size"], alice.read("a.sif").len());
    assert_eq!(image["arch"], "amd64");
    assert_eq!(image["uploaded"], true);
    assert_eq!(image["description"], "what it is");
}

#[test]
fn image_that_is_there_is_not_uploaded_again() {
    let site = Site::new();
    let alice = site.user("alice");
    let hash = alice.put("a.sif", SifBuilder::new("amd64"));
    alice.run("push -U a.sif library://alice/tools/a:1").ok();
    let requests = site.requests_of(|| {
        alice.run("push -U a.sif library://alice/tools/a:2").ok();
    });
    assert_eq!(count(&requests, "POST", "imagefile"), 0, "{requests:#?}");
    assert_eq!(count(&requests, "PUT", ""), 0, "{requests:#?}");
    for tag in ["1", "2"] {
        assert_eq!(
            site.image(&format!("alice/tools/a:{tag}"), "amd64")["hash"],
            hash.as_str()
        );
    }
}

#[test]
fn image_that_is_in_another_container_is_not_uploaded_again() {
    let site = Site::new();
    let alice = site.user("alice");
    let hash = alice.put("a.sif", SifBuilder::new("amd64"));
    alice.run("push -U a.sif library://alice/tools/a:1").ok();
    let requests = site.requests_of(|| {
        alice.run("push -U a.sif library://alice/other/b:1").ok();
    });
    assert_eq!(count(&requests, "PUT", ""), 0, "{requests:#?}");
    assert_eq!(
        site.image("alice/other/b:1", "amd64")["hash"],
        hash.as_str()
    );
}

#[test]
fn several_tags_point_at_one_image() {
    let site = Site::new();
    let alice = site.user("alice");
    let hash = alice.put("a.sif", SifBuilder::new("amd64"));
    alice
        .run("push -U a.sif library://alice/tools/a:v1,v1.2,latest")
        .ok();
    for reference in ["alice/tools/a:v1", "alice/tools/a:v1.2", "alice/tools/a"] {
        assert_eq!(site.image(reference, "amd64")["hash"], hash.as_str());
    }
}

#[test]
fn tag_moves_to_the_image_pushed_last() {
    let site = Site::new();
    let alice = site.user("alice");
    let old = alice.put("old.sif", SifBuilder::new("amd64").payload(4096, 1));
    let new = alice.put("new.sif", SifBuilder::new("amd64").payload(4096, 2));
    alice.run("push -U old.sif library://alice/tools/a:v1").ok();
    alice.run("push -U new.sif library://alice/tools/a:v1").ok();
    assert_eq!(
        site.image("alice/tools/a:v1", "amd64")["hash"],
        new.as_str()
    );
    let by_hash = site.image(&format!("alice/tools/a:{old}"), "amd64");
    assert_eq!(by_hash["uploaded"], true);
}

#[test]
fn large_image_is_pushed_in_parts() {
    let site = Site::with(&[("registry.part_size", "16 MiB")]);
    let alice = site.user("alice");
    let large = SifBuilder::new("amd64").payload(70 << 20, 7);
    let hash = alice.put("large.sif", large);
    let requests = site.requests_of(|| {
        alice
            .run("push -U large.sif library://alice/tools/large:1")
            .ok();
    });
    assert_eq!(count(&requests, "PUT", "/_upload/"), 5, "{requests:#?}");
    assert_eq!(
        count(&requests, "PUT", "/_multipart_complete 200"),
        1,
        "{requests:#?}"
    );
    assert_eq!(
        site.image("alice/tools/large:1", "amd64")["hash"],
        hash.as_str()
    );
    alice
        .run("pull back.sif library://alice/tools/large:1")
        .ok();
    assert!(
        alice.read("back.sif") == alice.read("large.sif"),
        "other bytes came back"
    );
}

#[test]
fn one_tag_names_an_image_for_each_architecture() {
    let site = Site::new();
    let alice = site.user("alice");
    let amd64 = alice.put("amd64.sif", SifBuilder::new("amd64"));
    let arm64 = alice.put("arm64.sif", SifBuilder::new("arm64"));
    for arch in ["amd64", "arm64"] {
        alice
            .run(&format!("push -U {arch}.sif library://alice/tools/a:v1"))
            .ok();
    }
    for (arch, hash) in [("amd64", amd64), ("arm64", arm64)] {
        alice
            .run(&format!(
                "pull --arch {arch} {arch}.back library://alice/tools/a:v1"
            ))
            .ok();
        assert_eq!(
            crate::support::apptainer::hash(&alice.read(&format!("{arch}.back"))),
            hash
        );
        assert_eq!(site.image("alice/tools/a:v1", arch)["arch"], arch);
    }
}

#[test]
fn what_is_no_image_is_refused() {
    let site = Site::new();
    let alice = site.user("alice");
    alice.write("text.sif", "no image at all\n");
    alice
        .run("push -U text.sif library://alice/tools/text:1")
        .fails()
        .says("unable to open: text.sif");
    assert_eq!(site.get("/v1/images/alice/tools/text:1").0, 404);
}

#[test]
fn image_that_was_cut_is_refused_with_the_reason() {
    let site = Site::new();
    let alice = site.user("alice");
    let mut bytes = SifBuilder::new("amd64").payload(1 << 20, 3).build();
    bytes.truncate(bytes.len() - 100_000);
    alice.write("cut.sif", &bytes);
    alice
        .run("push -U cut.sif library://alice/tools/cut:1")
        .fails()
        .says("ends");
    assert_eq!(site.get("/v1/images/alice/tools/cut:1").0, 404);
    let (status, answer) = site.get(&format!("/v1/images/alice/tools/cut:{}", hash(&bytes)));
    assert!(
        status == 404 || answer["data"]["uploaded"] == false,
        "{answer}"
    );
}

#[test]
fn image_beyond_the_limit_is_refused_with_the_limit() {
    let site = Site::with(&[("registry.max_image_size", "1 MiB")]);
    let alice = site.user("alice");
    alice.put("big.sif", SifBuilder::new("amd64").payload(2 << 20, 4));
    alice
        .run("push -U big.sif library://alice/tools/big:1")
        .fails()
        .says("larger than 1048576 bytes");
}
