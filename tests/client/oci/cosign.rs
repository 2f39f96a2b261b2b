//! `cosign` with a key, and without the services that it would ask elsewhere.
use serde_json::{Value, json};

use super::*;
use crate::support::{SifBuilder, apptainer::Done};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// How signatures were kept before there were referrers: by a tag that is made of the digest.
const BY_TAG: &str = "--new-bundle-format=false";

fn cosign(person: &Apptainer, line: &str) -> Done {
    let words = line.split_whitespace();
    let args: Vec<_> = ["COSIGN_PASSWORD=", "cosign"]
        .into_iter()
        .chain(words)
        .collect();
    person.outside("env", &args)
}

fn sign(person: &Apptainer, options: &str, image: &str) -> Done {
    let alone = "--use-signing-config=false --tlog-upload=false --allow-http-registry";
    cosign(
        person,
        &format!("sign -y --key cosign.key {alone} {options} {HOST}/{image}"),
    )
}

fn verify(person: &Apptainer, options: &str, image: &str) -> Done {
    let alone = "--insecure-ignore-tlog=true --allow-http-registry";
    cosign(
        person,
        &format!("verify --key cosign.pub {alone} {options} {HOST}/{image}"),
    )
}

/// Alice with a key and two images, one in layers, one of the library, and what they are named by.
fn alice_with_images(site: &Site) -> (Apptainer<'_>, [String; 2]) {
    let (alice, digest) = alice_with_image(site);
    alice.put("a.sif", SifBuilder::new(arch()));
    alice.run("push -U a.sif library://alice/tools/a:1").ok();
    let sif = alice.digest("alice/tools/a:1").expect("it is pushed");
    cosign(&alice, "generate-key-pair").ok();
    let images = [
        format!("alice/tools/hello@{digest}"),
        format!("alice/tools/a@{sif}"),
    ];
    (alice, images)
}

/// What the graph tells of the manifests in the container of an image: of each, what it is about, and the type of its layer.
fn about(person: &Apptainer, image: &str) -> Vec<(Value, Value)> {
    let query = "query($path: ContainerPath!) { container(path: $path) { manifests { nodes { subject parts { mediaType } } } } }";
    let (path, _) = image.split_once('@').expect("a digest");
    let data = person.graphql(query, &json!({"path": path}));
    let nodes = data["container"]["manifests"]["nodes"].as_array().cloned();
    let told = |node: Value| {
        (
            node["subject"].clone(),
            node["parts"][1]["mediaType"].clone(),
        )
    };
    nodes.expect("a list").into_iter().map(told).collect()
}

#[test]
fn signature_by_a_tag_is_kept_found_and_shown() {
    let site = Site::new();
    let (alice, images) = alice_with_images(&site);
    let bob = site.stranger("bob");
    bob.write("cosign.pub", alice.read("cosign.pub"));
    for image in &images {
        verify(&bob, BY_TAG, image).fails();
        sign(&alice, BY_TAG, image).ok();
        let (path, digest) = image.split_once('@').expect("a digest");
        assert_eq!(
            site.tags(path),
            ["1".to_owned(), format!("{}.sig", digest.replace(':', "-"))]
        );
        verify(&bob, BY_TAG, image).ok().says(digest);
        assert!(about(&alice, image).contains(&(Value::Null, json!(PAYLOAD))));
    }
}

#[test]
fn signature_that_refers_to_its_image_is_kept_found_and_shown() {
    let site = Site::new();
    let (alice, images) = alice_with_images(&site);
    let bob = site.stranger("bob");
    bob.write("cosign.pub", alice.read("cosign.pub"));
    for image in &images {
        verify(&bob, "", image).fails();
        sign(&alice, "", image).ok();
        let (path, digest) = image.split_once('@').expect("a digest");
        // Where there were no referrers, it would keep a list by a tag.
        assert_eq!(site.tags(path), ["1"]);
        verify(&bob, "", image).ok().says(digest);
        assert!(about(&alice, image).contains(&(json!(digest), json!(BUNDLE))));
        bob.oras(&format!("discover {HOST}/{image}"))
            .ok()
            .says(BUNDLE);
    }
}

#[test]
fn signature_by_another_key_is_none_and_strangers_add_none() {
    let site = Site::new();
    let (alice, images) = alice_with_images(&site);
    sign(&alice, "", &images[0]).ok();
    let bob = site.oci_user("bob");
    cosign(&bob, "generate-key-pair").ok();
    for options in ["", BY_TAG] {
        sign(&bob, options, &images[0]).fails();
        verify(&bob, options, &images[0]).fails();
    }
    assert_eq!(site.tags("alice/tools/hello"), ["1"]);
}
