use chrono::{DateTime, Utc};
use pgp::armor::Headers;
use pgp::composed::{ArmorOptions, KeyType};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{SignatureType, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::KeyVersion;

use super::maker::*;
use crate::openpgp::Certificate;

fn time(days: u32) -> DateTime<Utc> {
    DateTime::from_timestamp((BORN + days * DAY).into(), 0).unwrap()
}

#[test]
fn certificate_tells_what_the_key_says() {
    let certificate = read(&ALICE.to_public_key());
    assert_eq!(certificate.fingerprint.len(), 40);
    assert!(
        certificate.fingerprint.ends_with(&certificate.key_id) && certificate.key_id.len() == 16
    );
    assert!(
        certificate
            .fingerprint
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
    );
    assert_eq!((certificate.algorithm, certificate.bits), (22, 255));
    assert_eq!(
        (
            certificate.created,
            certificate.expires,
            certificate.revoked
        ),
        (time(0), None, false)
    );
    assert_eq!(names(&certificate), ["Alice <alice@example.org>"]);
    let subkeys: Vec<_> = certificate
        .subkeys
        .iter()
        .map(|key| (key.algorithm, key.bits, key.revoked))
        .collect();
    assert_eq!(subkeys, [(22, 255, false), (18, 255, false)]);
    assert!(
        certificate
            .subkeys
            .iter()
            .all(|key| key.created == time(0) && key.expires.is_none())
    );
}

#[test]
fn rsa_key_tells_the_size_of_its_modulus() {
    let certificate =
        read(&key(KeyVersion::V4, KeyType::Rsa(2048), "Rivest", vec![]).to_public_key());
    assert_eq!((certificate.algorithm, certificate.bits), (1, 2048));
}

#[test]
fn key_of_version_6_has_its_id_at_the_beginning() {
    let subkeys = vec![subkey_of(KeyVersion::V6, KeyType::X25519)];
    let certificate = read(&key(KeyVersion::V6, KeyType::Ed25519, "Six", subkeys).to_public_key());
    assert_eq!(
        (certificate.fingerprint.len(), certificate.algorithm),
        (64, 27)
    );
    assert!(certificate.fingerprint.starts_with(&certificate.key_id));
    assert_eq!(certificate.subkeys[0].algorithm, 25);
    assert!(
        !certificate.armored.contains("\n="),
        "a checksum is not allowed"
    );
}

#[test]
fn many_blocks_are_read_with_anything_between_them() {
    let (alice, mallory) = (
        armored(&ALICE.to_public_key()),
        armored(&MALLORY.to_public_key()),
    );
    let text = format!(
        "\u{feff}Dear server,\n{alice}\nand:\r\n{}bye\n",
        mallory.replace('\n', "\r\n")
    );
    let read = Certificate::read_all(text.as_bytes()).unwrap();
    assert_eq!(
        read.iter().map(names).collect::<Vec<_>>(),
        [["Alice <alice@example.org>"], ["Mallory <m@example.org>"]]
    );
}

#[test]
fn binary_and_armored_input_give_the_same() {
    let (alice, mallory) = (ALICE.to_public_key(), MALLORY.to_public_key());
    let binary = [alice.to_bytes().unwrap(), mallory.to_bytes().unwrap()].concat();
    assert_eq!(
        Certificate::read_all(&binary).unwrap(),
        [read(&alice), read(&mallory)]
    );
}

#[test]
fn what_is_served_is_clean_and_reads_back_the_same() {
    let headers = Headers::from([("Comment".into(), vec!["buy at http://example.org".into()])]);
    let options = ArmorOptions {
        headers: Some(&headers),
        include_checksum: true,
    };
    let sent = ALICE.to_public_key().to_armored_string(options).unwrap();
    let [certificate] = &Certificate::read_all(sent.as_bytes()).unwrap()[..] else {
        panic!("one key")
    };
    assert!(
        certificate
            .armored
            .starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n")
    );
    assert!(
        certificate
            .armored
            .ends_with("\n-----END PGP PUBLIC KEY BLOCK-----\n")
    );
    assert_eq!(
        Certificate::read_all(certificate.armored.as_bytes()).unwrap(),
        std::slice::from_ref(certificate)
    );
    served(certificate).verify_bindings().unwrap();
}

#[test]
fn old_key_signed_with_sha1_is_listed() {
    let rsa = key(
        KeyVersion::V4,
        KeyType::Rsa(2048),
        "Old <old@example.org>",
        vec![],
    );
    let mut key = rsa.to_public_key();
    let id = key.details.users[0].id.clone();
    key.details.users[0].signatures = vec![
        draft(&rsa, SignatureType::CertPositive, 1)
            .hash(HashAlgorithm::Sha1)
            .on_user(&key, &id),
    ];
    assert_eq!(names(&read(&key)), ["Old <old@example.org>"]);
}

#[test]
fn armor_that_mail_programs_changed_is_read() {
    let text = armored(&ALICE.to_public_key());
    let headers = "\nVersion: 1 \u{e9}\nComment:\n\n\n";
    let checksum = text.lines().find(|line| line.starts_with('=')).unwrap();
    for changed in [
        text.replace('\n', "\r\n"),
        text.replace('\n', " \n  "),
        text.replacen("\n\n", "\n", 1),
        text.replacen("\n\n", headers, 1),
        text.replace(checksum, ""),
        text.trim_end().to_owned(),
    ] {
        assert_eq!(
            Certificate::read_all(changed.as_bytes()).unwrap(),
            [read(&ALICE.to_public_key())],
            "{changed}"
        );
    }
}

#[test]
fn primary_user_id_comes_first_and_strange_names_are_readable() {
    let mut key = ALICE.to_public_key();
    let primary =
        draft(&ALICE, SignatureType::CertPositive, 1).with(SubpacketData::IsPrimary(true));
    key.details.users[0].signatures = vec![
        draft(&ALICE, SignatureType::CertPositive, 1)
            .on_user(&key, &user_id("Alice <alice@example.org>")),
    ];
    key.details.users.push(user("A\0B", |id| {
        vec![primary.on_user(&ALICE.to_public_key(), id)]
    }));
    assert_eq!(
        names(&read(&key)),
        ["A\u{fffd}B", "Alice <alice@example.org>"]
    );
}

#[test]
fn real_key_is_read() {
    let Ok(bytes) = std::fs::read("../shared/data/sif/busybox-signed-pgp.pub.asc") else {
        return;
    };
    let [certificate] = &Certificate::read_all(&bytes).unwrap()[..] else {
        panic!("one key")
    };
    assert_eq!(
        certificate.fingerprint,
        "D0C9D4A5706CDBC8AC0AEDC5BFC8644CE3D3E9D7"
    );
    assert_eq!(certificate.key_id, "BFC8644CE3D3E9D7");
    assert_eq!((certificate.algorithm, certificate.bits), (1, 4096));
    assert_eq!(certificate.user_ids.len(), 1);
}
