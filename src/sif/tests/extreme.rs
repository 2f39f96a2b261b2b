//! Images with tables and payloads that no builder makes.

use super::*;

/// Moves the table to the end of the file and fills it with `count` copies of the descriptor in `slot`.
fn copied(mut image: Vec<u8>, slot: usize, count: usize) -> Vec<u8> {
    let record = image[TABLE + slot * RECORD..][..RECORD].to_vec();
    let table = [count, image.len(), count * RECORD].map(|number| (number as u64).to_le_bytes());
    put(&mut image, 88, &table.concat());
    image.extend(record.repeat(count));
    image
}

/// Appends other data for the object in `slot`.
fn replaced(mut image: Vec<u8>, slot: usize, data: &str) -> Vec<u8> {
    let place = [image.len(), data.len()].map(|number| (number as u64).to_le_bytes());
    put(&mut image, TABLE + slot * RECORD + 17, &place.concat());
    image.extend(data.as_bytes());
    image
}

#[test]
fn table_of_many_pieces_is_read_up_to_the_limit_of_objects() {
    let image = copied(full().build(), 0, 4096);
    assert_eq!(read(&image).unwrap().descriptors.len(), 4096);
    let image = copied(full().build(), 0, 4097);
    let reason = read(&image).unwrap_err().to_string();
    assert_eq!(
        reason,
        "the image holds more than 4096 objects, which is more than this server takes"
    );
}

#[test]
fn largest_table_of_free_descriptors_is_read() {
    let mut image = full().build();
    put(&mut image, TABLE + 4, &[0]);
    let seen = read(&copied(image, 0, 65_536)).unwrap();
    assert_eq!(seen.descriptors, []);
}

#[test]
fn all_of_many_signatures_are_listed_but_not_all_looked_into() {
    let seen = read(&copied(full().build(), 3, 300)).unwrap();
    let known = |signature: &&Signature| signature.kind == SignatureKind::PgpClearsign;
    assert_eq!(
        (
            seen.signatures.len(),
            seen.signatures.iter().filter(known).count()
        ),
        (300, 256)
    );
    assert_eq!(seen.fingerprints(), [SECOND_KEY]);
}

#[test]
fn cosign_signatures_beside_an_oci_image_are_passed_over() {
    let image = SifBuilder::oci("s390x").build();
    let index = image[read(&image).unwrap().descriptors[3].offset as usize..].to_vec();
    let cosign = r#""manifests":[{"digest":"sha256:0","annotations":{"org.opencontainers.image.ref.name":"_cosign:x"}},"#;
    let index = String::from_utf8(index)
        .unwrap()
        .replace("\"manifests\":[", cosign);
    let seen = read(&replaced(image, 3, &index)).unwrap();
    assert_eq!((seen.arch, seen.notes), (Some(Arch::S390x), vec![]));
}

#[test]
fn oci_image_with_an_odd_index_is_taken_with_a_note() {
    for odd in ["[", "{\"manifests\":7}", "\0"] {
        let seen = read(&replaced(SifBuilder::oci("amd64").build(), 3, odd)).unwrap();
        assert_eq!(seen.notes, ["the OCI index cannot be understood"]);
    }
}

#[test]
fn nul_bytes_do_not_get_into_texts() {
    let seen = read(&replaced(full().build(), 0, "From: a\0b\u{e9}\0\0")).unwrap();
    assert_eq!(seen.definition.as_deref(), Some("From: a\u{fffd}b\u{e9}"));
}

#[test]
fn header_without_architecture_is_helped_out_by_the_partition() {
    let mut image = full().build();
    put(&mut image, 45, b"00\0");
    let seen = read(&image).unwrap();
    assert_eq!((seen.arch, seen.notes), (Some(Arch::Arm64), vec![]));
}

#[test]
fn definition_in_the_metadata_stands_in_for_a_missing_one() {
    let mut image = full().build();
    put(&mut image, TABLE + 4, &[0]);
    assert_eq!(
        read(&image).unwrap().definition.as_deref(),
        Some("Bootstrap: docker\nFrom: alpine\n")
    );
}
