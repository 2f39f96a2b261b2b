//! Images made here, read again. Beside them: `real` ones, those that are `refused`, those with `extreme` tables, and those `harmed` at random.

use std::path::PathBuf;

use super::*;
use futures::executor::block_on;
use sif_builder::SifBuilder;

mod extreme;
mod harmed;
mod real;
mod refused;
#[expect(dead_code, reason = "the integration tests use the rest of it")]
#[path = "../../../tests/support/sif_builder.rs"]
mod sif_builder;

const FIRST_KEY: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
const SECOND_KEY: &str = "89ABCDEF0123456789ABCDEF0123456789ABCDEF";
const TABLE: usize = 4096;
const RECORD: usize = 585;

fn read(image: &[u8]) -> Result<Inspection, InspectError> {
    block_on(inspect(image, image.len() as u64))
}

fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
    image[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Definition (1), metadata (2), partition (3), signatures (4, 5).
fn full() -> SifBuilder {
    SifBuilder::new("arm64")
        .definition("Bootstrap: docker\nFrom: alpine\n")
        .label("maintainer", "ada")
        .runscript("#!/bin/sh\necho hello\n")
        .payload(10_000, 7)
        .signed_by(SECOND_KEY)
        .signed_by(FIRST_KEY)
}

#[test]
fn image_tells_what_it_was_made_of() {
    let seen = read(&full().build()).unwrap();
    assert_eq!(seen.launch_script, "#!/usr/bin/env run-singularity\n");
    assert_eq!(
        (seen.arch, seen.oci, seen.encrypted),
        (Some(Arch::Arm64), false, false)
    );
    assert_eq!(
        (seen.created, seen.modified),
        (1_700_000_000, 1_700_000_000)
    );
    assert_eq!(
        seen.uuid.split('-').map(str::len).collect::<Vec<_>>(),
        [8, 4, 4, 4, 12]
    );
    assert_eq!(
        seen.definition.as_deref(),
        Some("Bootstrap: docker\nFrom: alpine\n")
    );
    assert_eq!(seen.metadata.labels["maintainer"], "ada");
    assert_eq!(
        seen.metadata.runscript.as_deref(),
        Some("#!/bin/sh\necho hello\n")
    );
    assert_eq!(seen.notes, [""; 0]);
}

#[test]
fn objects_are_listed_with_their_place() {
    let seen = read(&full().build()).unwrap();
    let kinds: Vec<_> = seen
        .descriptors
        .iter()
        .map(|object| (object.id, object.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            (1, Kind::Definition),
            (2, Kind::Json),
            (3, Kind::Partition),
            (4, Kind::Signature),
            (5, Kind::Signature)
        ]
    );
    let root = &seen.descriptors[2];
    assert_eq!(
        (root.offset % 4096, root.size, root.group, root.link),
        (0, 10_000, Some(1), None)
    );
    assert_eq!(
        (seen.descriptors[1].name.as_str(), seen.descriptors[4].group),
        ("inspect-metadata.json", None)
    );
    let root = Partition {
        id: 3,
        filesystem: Filesystem::Squashfs,
        role: Role::Primary,
        arch: Some(Arch::Arm64),
        size: 10_000,
    };
    assert_eq!(seen.partitions, [root]);
}

#[test]
fn fingerprints_are_listed_once_each() {
    let image = full().signed_by(SECOND_KEY).build();
    let seen = read(&image).unwrap();
    assert!(seen.signed());
    assert_eq!(seen.signatures.len(), 3);
    assert_eq!(seen.fingerprints(), [FIRST_KEY, SECOND_KEY]);
    let first = &seen.signatures[0];
    assert_eq!(
        (first.kind, first.hash.as_str()),
        (SignatureKind::PgpClearsign, "sha256")
    );
    assert_eq!(first.signs, Some(Link::Group(1)));
    assert!(!read(&SifBuilder::new("amd64").build()).unwrap().signed());
}

#[test]
fn encrypted_image_is_recognized_with_its_key() {
    let seen = read(&SifBuilder::new("amd64").encrypted().build()).unwrap();
    assert!(seen.encrypted);
    assert_eq!(seen.partitions[0].filesystem, Filesystem::EncryptedSquashfs);
    assert_eq!(
        (
            seen.crypto_messages[0].format.as_str(),
            seen.crypto_messages[0].message.as_str()
        ),
        ("pem", "rsa-oaep")
    );
    assert_eq!(seen.descriptors[2].link, Some(Link::Object(2)));
}

#[test]
fn oci_image_tells_architecture_and_labels_by_its_configuration() {
    let seen = read(&SifBuilder::oci("riscv64").label("a", "b").build()).unwrap();
    assert_eq!((seen.oci, seen.arch), (true, Some(Arch::Riscv64)));
    assert_eq!(seen.metadata.labels["a"], "b");
    assert!(seen.partitions.is_empty() && seen.notes.is_empty());
}

#[test]
fn oci_image_without_its_manifest_is_taken_with_a_note() {
    let mut image = SifBuilder::oci("amd64").build();
    put(&mut image, TABLE + 2 * RECORD + 201 + 10, b"xxxx");
    let seen = read(&image).unwrap();
    assert_eq!((seen.oci, seen.arch), (true, None));
    assert_eq!(seen.notes, ["the OCI manifest is not in the image"]);
}

#[test]
fn every_architecture_survives_all_its_spellings() {
    for arch in Arch::all() {
        assert_eq!(arch.to_string().parse(), Ok(arch));
        assert_eq!(Arch::from_code(arch.code()), Some(arch));
        assert_eq!(
            read(&SifBuilder::new(arch.as_str()).build()).unwrap().arch,
            Some(arch)
        );
    }
    assert_eq!(Arch::from_code(*b"00\0"), None);
    let unknown = "x86_64".parse::<Arch>().unwrap_err().to_string();
    assert_eq!(
        unknown,
        "\"x86_64\" is not an architecture; use the name that Go has for it, such as amd64 or arm64"
    );
}

#[test]
fn other_seed_makes_other_image_and_same_seed_the_same() {
    let image = |seed| SifBuilder::new("amd64").payload(5000, seed).build();
    assert_eq!(image(1), image(1));
    assert_ne!(image(1), image(2));
    assert_ne!(read(&image(1)).unwrap().uuid, read(&image(2)).unwrap().uuid);
}

#[test]
fn inspection_survives_storage_as_json() {
    for image in [
        full().build(),
        SifBuilder::oci("amd64").build(),
        SifBuilder::new("386").encrypted().build(),
    ] {
        let seen = read(&image).unwrap();
        let json = serde_json::to_string(&seen).unwrap();
        assert_eq!(serde_json::from_str::<Inspection>(&json).unwrap(), seen);
    }
    assert_eq!(
        serde_json::from_str::<Inspection>("{}").unwrap(),
        Inspection::default()
    );
}

#[test]
fn free_descriptors_and_empty_objects_are_no_matter() {
    let mut image = full().build();
    put(&mut image, TABLE + 4, &[0]);
    put(
        &mut image,
        TABLE + RECORD + 17,
        &[u64::MAX.to_le_bytes(), [0; 8]].concat()[..],
    );
    put(&mut image, TABLE + RECORD + 17, &(1u64 << 40).to_le_bytes());
    let seen = read(&image).unwrap();
    assert_eq!(seen.descriptors.len(), 4);
    assert_eq!(
        (seen.definition, seen.notes.as_slice()),
        (
            None,
            &["inspect-metadata.json is not JSON and left out".to_owned()][..]
        )
    );
}

#[test]
fn contradictions_that_tools_accept_are_noted() {
    let mut image = full().build();
    put(&mut image, 45, b"02\0");
    let definition = image[TABLE + 17..TABLE + 25].to_vec();
    put(&mut image, TABLE + 3 * RECORD + 17, &definition);
    let seen = read(&image).unwrap();
    assert_eq!(seen.arch, Some(Arch::Amd64));
    assert_eq!(
        seen.notes,
        [
            "the header says amd64, but the primary partition is for arm64",
            "objects 1 and 4 share bytes"
        ]
    );
}

#[test]
fn texts_that_are_too_large_are_left_out_with_a_note() {
    let image = SifBuilder::new("amd64")
        .definition(&"x".repeat((1 << 20) + 1))
        .label("a", "b")
        .build();
    let seen = read(&image).unwrap();
    assert_eq!(
        (seen.definition, seen.metadata.labels["a"].as_str()),
        (None, "b")
    );
    assert_eq!(
        seen.notes,
        ["the definition file is larger than 1048576 bytes and left out"]
    );
    let image = SifBuilder::new("amd64")
        .label("a", &"x".repeat(4 << 20))
        .build();
    let seen = read(&image).unwrap();
    assert_eq!(seen.metadata, Metadata::default());
    assert_eq!(
        seen.notes,
        ["inspect-metadata.json is larger than 4194304 bytes and left out"]
    );
}

#[test]
fn odd_metadata_is_kept_as_far_as_it_makes_sense() {
    let json = br#"{"data":{"attributes":{
        "labels":{"text":"a","number":7,"list":[1,"x"],"nothing":null,"nul":"a\u0000b"},
        "environment":"none","runscript":["no"],"test":"true","helpfile":"read this",
        "apps":{"lab":{"labels":{"k":"v"},"helpfile":"h","apps":{"deeper":{}}},"odd":3}}}}"#;
    let metadata = Inspected::parse(json).unwrap().metadata;
    let labels: Vec<_> = metadata
        .labels
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        labels,
        [
            ("list", "[1,\"x\"]"),
            ("nothing", ""),
            ("nul", "a\u{fffd}b"),
            ("number", "7"),
            ("text", "a")
        ]
    );
    assert!(metadata.environment.is_empty() && metadata.runscript.is_none());
    assert_eq!(
        (metadata.test.as_deref(), metadata.help.as_deref()),
        (Some("true"), Some("read this"))
    );
    assert_eq!(metadata.apps["lab"].labels["k"], "v");
    assert_eq!(metadata.apps["odd"], Metadata::default());
    assert!(metadata.apps["lab"].apps.is_empty());
    assert!(Inspected::parse(b"[]").is_some() && Inspected::parse(b"no").is_none());
}

#[test]
fn inspecting_can_move_between_threads() {
    fn movable<T: Send>(_: T) {}
    let image = full().build();
    movable(inspect(image.as_slice(), 0));
}

/// Writes nothing unless `SIF_CORPUS` names a directory; see `fuzz/fuzz_targets/sif.rs`.
#[test]
fn seeds_are_written_for_the_fuzzer() {
    let Ok(directory) = std::env::var("SIF_CORPUS") else {
        return;
    };
    let images = [
        ("native", full()),
        ("encrypted", full().encrypted()),
        ("oci", SifBuilder::oci("amd64").label("a", "b")),
    ];
    for (name, image) in images {
        let path = PathBuf::from(&directory).join(name);
        std::fs::write(path, image.payload(16, 1).build()).unwrap();
    }
}
