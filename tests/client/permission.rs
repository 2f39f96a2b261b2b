//! Who may do what, as the client tells them.
use std::{thread, time::Duration};

use crate::support::{
    SifBuilder,
    apptainer::{Apptainer, Site, arch},
};

/// Alice, who has pushed `library://alice/tools/a:1`.
fn alice_with_image(site: &Site) -> Apptainer<'_> {
    let alice = site.user("alice");
    alice.put("a.sif", SifBuilder::new(arch()));
    alice.run("push -U a.sif library://alice/tools/a:1").ok();
    alice
}

#[test]
fn private_image_is_there_for_its_owner_alone() {
    let site = Site::with(&[("registry.default_visibility", "private")]);
    let alice = alice_with_image(&site);
    alice.run("pull b.sif library://alice/tools/a:1").ok();
    // The search learns of a push within a moment.
    let search = format!("search --arch {} tools", arch());
    let found = |_| {
        thread::sleep(Duration::from_millis(100));
        let told = alice.run(&search).ok().stdout;
        told.contains("library://alice/tools/a:1")
    };
    assert!((0..100).any(found), "it is never found");
    for other in [site.visitor("carol"), site.user("bob")] {
        other
            .run("pull a.sif library://alice/tools/a:1")
            .fails()
            .says("image does not exist in the library");
        other
            .run(&format!("search --arch {} tools", arch()))
            .ok()
            .says("No container images found");
    }
}

#[test]
fn token_for_reading_pulls_and_does_not_push() {
    let site = Site::with(&[("registry.default_visibility", "private")]);
    let alice = alice_with_image(&site);
    alice.log_in(&site.token("alice", &["--scope", "read"]));
    alice.run("pull b.sif library://alice/tools/a:1").ok();
    alice.put("c.sif", SifBuilder::new(arch()).payload(4096, 9));
    for place in ["alice/tools/a:2", "alice/tools/c:1", "alice/new/c:1"] {
        let refused = alice
            .run(&format!("push -U c.sif library://{place}"))
            .fails();
        refused.says("403 Forbidden").says("scope");
    }
    alice
        .run(&format!(
            "delete -F --arch {} library://alice/tools/a:1",
            arch()
        ))
        .fails()
        .says("403 Forbidden");
}

#[test]
fn foreign_namespace_takes_no_push() {
    let site = Site::new();
    alice_with_image(&site);
    let bob = site.user("bob");
    bob.put("b.sif", SifBuilder::new(arch()).payload(4096, 8));
    for place in ["alice/tools/a:1", "alice/tools/b:1", "alice/new/b:1"] {
        bob.run(&format!("push -U b.sif library://{place}"))
            .fails()
            .says("403 Forbidden");
    }
}

#[test]
fn revoked_token_is_refused_with_words() {
    let site = Site::new();
    let alice = alice_with_image(&site);
    let tokens = site.server.cli(&["token", "list", "--user", "alice"]);
    let id = tokens
        .lines()
        .nth(1)
        .and_then(|line| line.split_whitespace().next());
    site.server
        .cli(&["token", "revoke", id.expect("a token is listed")]);
    // Even what anybody may pull: whoever shows a token wants to be told that it is void.
    alice
        .run("pull b.sif library://alice/tools/a:1")
        .fails()
        .says("expired or revoked");
    alice
        .run("push -U a.sif library://alice/tools/a:2")
        .fails()
        .says("expired or revoked");
    alice.run("remote status hub").fails();
}

#[test]
fn expired_token_is_refused_with_words() {
    let site = Site::new();
    let alice = alice_with_image(&site);
    alice.write("token", site.token("alice", &["--expires", "2s"]));
    alice.run("remote login --tokenfile token hub").ok();
    thread::sleep(Duration::from_secs(2));
    alice
        .run("push -U a.sif library://alice/tools/a:2")
        .fails()
        .says("expired or revoked");
    alice
        .run("remote login --tokenfile token hub")
        .fails()
        .says("Invalid Credentials");
}
