//! `apptainer key …`, `sign` and `verify`.
use crate::support::{
    SifBuilder,
    apptainer::{Apptainer, Site, arch},
};

/// Makes a key without asking, small so that it takes no time, and tells its fingerprint.
fn new_key(person: &Apptainer<'_>, name: &str, push: &str) -> String {
    let email = format!("{name}@example.org");
    let made = person.args(&[
        "key", "newpair", "-N", name, "-E", &email, "-C", "", "-P", "", "-b", "2048", push,
    ]);
    made.ok();
    let list = person.run("key list --secret").ok().stdout;
    let line = list
        .lines()
        .find_map(|line| line.trim().strip_prefix("Fingerprint:"));
    line.expect("the new key is listed").trim().to_owned()
}

#[test]
fn new_key_is_pushed_found_and_pulled() {
    let site = Site::new();
    let alice = site.user("alice");
    let fingerprint = new_key(&alice, "alice", "--push=false");
    let bob = site.visitor("bob");
    bob.run("key search alice").fails().says("no matching keys");
    alice.run(&format!("key push {fingerprint}")).ok();
    bob.run("key search alice")
        .ok()
        .says("Showing 1 results")
        .says("alice <alice@example.org>");
    bob.run("key search -l alice@example.org")
        .ok()
        .says(&fingerprint);
    bob.run(&format!("key search {}", &fingerprint[24..]))
        .ok()
        .says("alice@example.org");
    bob.run(&format!("key pull {fingerprint}"))
        .ok()
        .says("1 key(s) added");
    bob.run("key list").ok().says(&fingerprint);
}

#[test]
fn key_is_pushed_as_it_is_made() {
    let site = Site::new();
    let alice = site.user("alice");
    let fingerprint = new_key(&alice, "alice", "--push=true");
    site.visitor("bob")
        .run(&format!("key pull {fingerprint}"))
        .ok();
}

#[test]
fn signed_image_is_verified_by_the_key_of_the_server() {
    let site = Site::new();
    let alice = site.user("alice");
    let fingerprint = new_key(&alice, "alice", "--push=true");
    alice.put("a.sif", SifBuilder::new(arch()));
    alice.run("sign a.sif").ok();
    alice.run("push a.sif library://alice/tools/a:1").ok();
    let image = site.image("alice/tools/a:1", arch());
    assert_eq!(image["signed"], true);
    assert_eq!(image["fingerprints"][0], fingerprint.as_str());
    let bob = site.visitor("bob");
    bob.run("pull a.sif library://alice/tools/a:1").ok();
    let verified = bob.run("verify a.sif").ok();
    verified
        .says("[REMOTE]")
        .says(&fingerprint)
        .says("Verified signature(s)");
    alice.run(&format!("key remove {fingerprint}")).ok();
    alice.run("verify a.sif").ok().says("[REMOTE]");
}

#[test]
fn signature_by_an_unknown_key_is_not_verified() {
    let site = Site::new();
    let alice = site.user("alice");
    let fingerprint = new_key(&alice, "alice", "--push=false");
    alice.put("a.sif", SifBuilder::new(arch()));
    alice.run("sign a.sif").ok();
    alice.run("verify a.sif").ok().says("[LOCAL]");
    alice.run(&format!("key remove {fingerprint}")).ok();
    let unknown = "signature made by unknown entity";
    alice.run("verify a.sif").fails().says(unknown);
    let push = "push a.sif library://alice/tools/a:1";
    alice.run(push).fails();
    alice.run(&push.replace("push", "push -U")).ok();
    let pull = "pull a.sif library://alice/tools/a:1";
    site.visitor("bob").run(pull).ok().says(unknown);
}

#[test]
fn changed_image_is_not_verified() {
    let site = Site::new();
    let alice = site.user("alice");
    new_key(&alice, "alice", "--push=true");
    alice.put("a.sif", SifBuilder::new(arch()));
    alice.run("sign a.sif").ok();
    let mut bytes = alice.read("a.sif");
    // Inside the root file system, which the builder puts at the first block behind the table of descriptors.
    bytes[36_864] ^= 1;
    alice.write("a.sif", bytes);
    alice.run("verify a.sif").fails().says("integrity");
}
