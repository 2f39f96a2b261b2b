//! One image behind several doors: whichever it came in by, it is there at all of them, for the same people, and when it
//! is deleted at one, it is gone from all.
mod table;
mod wire;

pub use wire::push_by_oci;

use serde_json::{Value, json};

use crate::support::{
    SifBuilder,
    apptainer::{Apptainer, Site, arch, hash},
    oci::HOST,
};

/// The doors that take an image, as `apptainer push` names them.
const DOORS: [&str; 2] = ["library:/", "oras://localhost:80"];
/// Who sees it of alice, whose it is, somebody else who is logged in, and nobody in particular.
const VISIBILITIES: [(&str, [bool; 3]); 3] = [
    ("public", [true, true, true]),
    ("internal", [true, true, false]),
    ("private", [true, false, false]),
];
/// What shows the image at each of these doors at once, by its tag.
const IMAGE: &str = r#"image(path: "alice/tools/a", reference: "1")"#;

/// Alice, who has pushed `a.sif` as `alice/tools/a:1` by that door, and its digest.
fn alice_with_image<'a>(site: &'a Site, door: &str) -> (Apptainer<'a>, String) {
    let alice = site.oci_user("alice");
    let digest = alice
        .put("a.sif", SifBuilder::new(arch()))
        .replace('.', ":");
    push(&alice, "a.sif", door);
    (alice, digest)
}

fn push(person: &Apptainer, file: &str, door: &str) {
    person
        .run(&format!("push -U {file} {door}/alice/tools/a:1"))
        .ok();
}

/// What somebody finds at each door: the digest of the image, or nothing. Everything must agree.
#[track_caller]
fn found(person: &Apptainer, reference: &str) -> Option<String> {
    let found = [
        pulled(person, &format!("library://{reference}")),
        pulled(person, &format!("oras://{HOST}/{reference}")),
        in_manifest(person, reference),
        in_graph(person, reference),
        downloaded(person, reference),
    ];
    assert!(
        found.iter().all(|digest| *digest == found[0]),
        "{reference} by library, oras, manifest, graph, sif: {found:?}"
    );
    found[0].clone()
}

fn pulled(person: &Apptainer, from: &str) -> Option<String> {
    let done = person.run(&format!(
        "pull -F --disable-cache --no-https found.sif {from}"
    ));
    let there = done.succeeded();
    there.then(|| hash(&person.read("found.sif")).replace('.', ":"))
}

/// As scripts download it, with the token that a person has, if any.
fn downloaded(person: &Apptainer, reference: &str) -> Option<String> {
    let download = format!(
        "token=$(cat token || true); curl -fsS ${{token:+-u :$token}} -o file.sif http://localhost/sif/{reference}"
    );
    let done = person.shell(&download);
    let there = done.succeeded();
    there.then(|| hash(&person.read("file.sif")).replace('.', ":"))
}

fn in_manifest(person: &Apptainer, reference: &str) -> Option<String> {
    let done = person.crane(&format!("manifest {HOST}/{reference}"));
    let manifest: Value = serde_json::from_str(&done.stdout).ok()?;
    let digest = manifest["layers"][0]["digest"].as_str();
    Some(digest.expect("a SIF image is one layer").to_owned())
}

fn in_graph(person: &Apptainer, reference: &str) -> Option<String> {
    let (path, tag) = reference.split_once(':').expect("a tag");
    let query =
        "query($path: String!, $tag: String!) { image(path: $path, reference: $tag) { digest } }";
    let data = person.graphql(query, &json!({"path": path, "tag": tag}));
    Some(data["image"]["digest"].as_str()?.to_owned())
}

#[test]
fn image_is_there_for_who_may_see_it_whatever_door_it_came_in_by() {
    for (visibility, sees) in VISIBILITIES {
        for door in DOORS {
            let site = Site::with(&[("registry.default_visibility", visibility)]);
            let (alice, digest) = alice_with_image(&site, door);
            let people = [alice, site.oci_user("bob"), site.visitor("carol")];
            for (person, sees) in people.iter().zip(sees) {
                let expected = sees.then(|| digest.clone());
                let found = found(person, "alice/tools/a:1");
                assert_eq!(found, expected, "{visibility} {door}");
            }
            // Its clients send no token.
            let found = pulled(&people[0], "shub://localhost/alice/tools/a:1");
            let expected = (visibility == "public").then_some(digest);
            assert_eq!(found, expected, "{visibility} {door} by shub");
        }
    }
}

#[test]
fn image_is_told_about_in_the_same_way_whatever_door_it_came_in_by() {
    let about = |door: &str| {
        let site = Site::new();
        let (alice, _) = alice_with_image(&site, door);
        let query = format!(
            "{{ {IMAGE} {{ digest arch size signed partitions {{ role }} tags {{ name arch }}
                container {{ path imageCount }} pullCommand createdBy {{ name }} }} }}"
        );
        let told = alice.graphql(&query, &json!({}));
        let mut library = site.image("alice/tools/a:1", arch());
        library["id"].take();
        library["container"].take();
        (
            told,
            library["hash"].take(),
            library["size"].take(),
            library["tags"].take(),
            site.tags("alice/tools/a"),
        )
    };
    assert_eq!(about(DOORS[0]), about(DOORS[1]));
}

const EMPTY_TRASH: &str = r#"mutation { emptyTrash(input: {namespace: "alice"}) { purged } }"#;

#[test]
fn image_that_is_deleted_at_one_door_is_gone_from_all() {
    let by_library = |alice: &Apptainer| {
        let delete = format!("delete -F --arch {} library://alice/tools/a:1", arch());
        alice.run(&delete).ok();
    };
    let by_manifest = |alice: &Apptainer| {
        let manifest = alice.digest("alice/tools/a:1").expect("it is there");
        alice
            .crane(&format!("delete {HOST}/alice/tools/a@{manifest}"))
            .ok();
    };
    let by_graph = |alice: &Apptainer| {
        let image = alice.graphql(&format!("{{ {IMAGE} {{ id }} }}"), &json!({}));
        let delete = "mutation($id: ID!) { deleteImage(input: {id: $id}) { deletedId } }";
        alice.graphql(delete, &json!({"id": image["image"]["id"]}));
    };
    let ways: [&dyn Fn(&Apptainer); 3] = [&by_library, &by_manifest, &by_graph];
    for door in DOORS {
        for (number, delete) in ways.iter().enumerate() {
            let site = Site::new();
            let (alice, digest) = alice_with_image(&site, door);
            delete(&alice);
            assert_eq!(found(&alice, "alice/tools/a:1"), None, "{door} {number}");
            assert_eq!(site.tags("alice/tools/a"), [""; 0], "{door} {number}");
            let blob = format!("blob {digest} ");
            let collected = site.server.cli(&["gc", "--grace", "0s"]);
            assert!(
                !collected.contains(&blob),
                "{door} {number}: it is in the trash"
            );
            alice.graphql(EMPTY_TRASH, &json!({}));
            let collected = site.server.cli(&["gc", "--grace", "0s"]);
            assert!(collected.contains(&blob), "{door} {number}: {collected}");
        }
    }
}

#[test]
fn tag_that_is_removed_at_one_door_leaves_the_image() {
    let by_manifest = |alice: &Apptainer| {
        alice.crane(&format!("delete {HOST}/alice/tools/a:1")).ok();
    };
    let by_graph = |alice: &Apptainer| {
        let tags = alice.graphql(&format!("{{ {IMAGE} {{ tags {{ id }} }} }}"), &json!({}));
        let delete = "mutation($id: ID!) { deleteTag(input: {id: $id}) { deletedId } }";
        alice.graphql(delete, &json!({"id": tags["image"]["tags"][0]["id"]}));
    };
    let ways: [&dyn Fn(&Apptainer); 2] = [&by_manifest, &by_graph];
    for door in DOORS {
        for (number, remove) in ways.iter().enumerate() {
            let site = Site::new();
            let (alice, digest) = alice_with_image(&site, door);
            let manifest = alice.digest("alice/tools/a:1").expect("it is there");
            remove(&alice);
            assert_eq!(found(&alice, "alice/tools/a:1"), None, "{door} {number}");
            let by_hash = format!("library://alice/tools/a:{}", digest.replace(':', "."));
            assert_eq!(pulled(&alice, &by_hash), Some(digest), "{door} {number}");
            let by_digest = alice.digest(&format!("alice/tools/a@{manifest}"));
            assert_eq!(by_digest, Some(manifest), "{door} {number}");
        }
    }
}

#[test]
fn tag_moves_at_all_doors_at_once() {
    for (first, second) in [(DOORS[0], DOORS[1]), (DOORS[1], DOORS[0])] {
        let site = Site::new();
        let (alice, _) = alice_with_image(&site, first);
        let newer = alice.put("b.sif", SifBuilder::new(arch()).payload(4096, 5));
        push(&alice, "b.sif", second);
        let newer = newer.replace('.', ":");
        assert_eq!(found(&alice, "alice/tools/a:1"), Some(newer), "{first}");
    }
}

#[test]
fn image_counts_once_in_the_quota_by_whatever_doors_it_comes() {
    let quota = r#"{ namespace(name: "alice") { quota { usedImages usedBytes } } }"#;
    for (first, second) in [(DOORS[0], DOORS[1]), (DOORS[1], DOORS[0])] {
        let site = Site::with(&[("quota.namespace.images", "1")]);
        let (alice, _) = alice_with_image(&site, first);
        let once = alice.graphql(quota, &json!({}));
        assert_eq!(once["namespace"]["quota"]["usedImages"], 1);
        push(&alice, "a.sif", second);
        assert_eq!(alice.graphql(quota, &json!({})), once, "{first}");
        alice.put("b.sif", SifBuilder::new(arch()).payload(4096, 5));
        let more = format!("push -U b.sif {second}/alice/tools/a:2");
        alice
            .run(&more)
            .fails()
            .says("quota of the namespace alice");
    }
}

#[test]
fn bytes_that_came_in_by_one_door_are_not_sent_again_by_the_other() {
    for (first, second) in [(DOORS[0], DOORS[1]), (DOORS[1], DOORS[0])] {
        let site = Site::new();
        let (alice, _) = alice_with_image(&site, first);
        let requests = site.requests_of(|| push(&alice, "a.sif", second));
        // Beside the image, a push by OCI brings a configuration of two bytes.
        let sent = requests.iter().filter(|request| {
            request.starts_with("PATCH")
                || request.starts_with("PUT") && request.contains("_upload/")
        });
        assert!(sent.count() <= 1, "{first}: {requests:#?}");
    }
}

#[test]
fn what_is_no_sif_is_told_about_at_the_other_doors_as_absent() {
    let site = Site::new();
    let alice = site.oci_user("alice");
    alice.layout("image", arch());
    alice
        .crane(&format!("push image {HOST}/alice/tools/a:1"))
        .ok();
    alice
        .run("pull a.sif library://alice/tools/a:1")
        .fails()
        .says("image does not exist in the library");
    assert_eq!(in_graph(&alice, "alice/tools/a:1"), None);
    let data = alice.graphql(
        r#"{ container(path: "alice/tools/a") { path imageCount } }"#,
        &json!({}),
    );
    assert_eq!(
        data["container"],
        json!({"path": "alice/tools/a", "imageCount": 0})
    );
}

#[test]
fn tag_of_several_architectures_is_pulled_for_each() {
    let site = Site::new();
    let alice = site.oci_user("alice");
    for arch in ["amd64", "arm64"] {
        alice.put(&format!("{arch}.sif"), SifBuilder::new(arch));
        push(&alice, &format!("{arch}.sif"), DOORS[0]);
    }
    let bob = site.visitor("bob");
    for arch in ["amd64", "arm64"] {
        let image = alice.read(&format!("{arch}.sif"));
        bob.run(&format!(
            "pull -F --arch {arch} library.sif library://alice/tools/a:1"
        ))
        .ok();
        assert_eq!(bob.read("library.sif"), image);
        let chosen = bob
            .crane(&format!(
                "manifest --platform linux/{arch} {HOST}/alice/tools/a:1"
            ))
            .ok();
        let digest = hash(&image).replace('.', ":");
        chosen.says(&digest);
        let alias = format!("alice/tools/a:1-{arch}");
        assert_eq!(in_manifest(&bob, &alias), Some(digest));
    }
    // Clients that cannot choose from an index name the architecture themselves.
    let alias = format!("oras://{HOST}/alice/tools/a:1-{}", arch());
    let native = hash(&alice.read(&format!("{}.sif", arch()))).replace('.', ":");
    assert_eq!(pulled(&bob, &alias), Some(native));
}
