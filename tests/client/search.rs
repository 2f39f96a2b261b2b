//! `apptainer search`.
use std::{thread::sleep, time::Duration};

use crate::support::{SifBuilder, apptainer::Site};

/// Waits until the server's search has taken in so many containers.
fn wait_for(site: &Site, text: &str, containers: usize) {
    let known = || {
        let (_, found) = site.get(&format!("/v1/search?value={text}"));
        found["data"]["container"].as_array().map_or(0, Vec::len)
    };
    let tries = (0..600).take_while(|_| known() < containers);
    tries.for_each(|_| sleep(Duration::from_millis(50)));
}

#[test]
fn image_is_found_by_a_part_of_its_name() {
    let site = Site::new();
    let alice = site.user("alice");
    alice.put("a.sif", SifBuilder::new("amd64"));
    alice
        .run("push -U a.sif library://alice/tools/samtools:1.20,latest")
        .ok();
    alice
        .run("push -U a.sif library://alice/tools/bowtie:2")
        .ok();
    wait_for(&site, "alice", 2);
    let bob = site.visitor("bob");
    let found = bob.run("search --arch amd64 samto").ok();
    found
        .says("Found 1 ")
        .says("library://alice/tools/samtools:1.20,latest")
        .keeps_silent_about("bowtie");
    bob.run("search --arch arm64 samto")
        .ok()
        .says("No container images found");
    bob.run("search --arch amd64 nothing-of-the-kind")
        .ok()
        .says("No container images found");
}

#[test]
fn search_for_signed_images_leaves_out_the_others() {
    let site = Site::new();
    let alice = site.user("alice");
    let fingerprint = "8EDC6A0B5D3F4C2B1A09F8E7D6C5B4A392817060";
    alice.put("plain.sif", SifBuilder::new("amd64"));
    alice.put(
        "signed.sif",
        SifBuilder::new("amd64").signed_by(fingerprint),
    );
    for name in ["plain", "signed"] {
        alice
            .run(&format!(
                "push -U {name}.sif library://alice/tools/tool-{name}:1"
            ))
            .ok();
    }
    // Containers are found before it is known what is in them.
    wait_for(&site, "tool-signed&signed=true&arch=amd64", 1);
    let found = site
        .visitor("bob")
        .run("search --signed --arch amd64 tool-")
        .ok();
    found
        .says("tool-signed")
        .says(fingerprint)
        .keeps_silent_about("tool-plain");
}
