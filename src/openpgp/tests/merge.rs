use pgp::composed::SignedPublicKey;
use pgp::packet::{SignatureType, SubpacketData};
use pgp::types::Duration;

use super::maker::*;
use crate::openpgp::Certificate;

/// Merges both ways round, which must say the same.
fn merged(one: &SignedPublicKey, other: &SignedPublicKey) -> Certificate {
    let (one, other) = (read(one), read(other));
    let (certificate, reverse) = (one.merge(&other).unwrap(), other.merge(&one).unwrap());
    assert_eq!(sorted(&certificate), sorted(&reverse));
    assert_eq!(
        (certificate.revoked, certificate.expires),
        (reverse.revoked, reverse.expires)
    );
    let again = Certificate::read_all(certificate.armored.as_bytes()).unwrap();
    assert_eq!(again[0].user_ids, certificate.user_ids);
    certificate
}

fn sorted(certificate: &Certificate) -> (Vec<String>, Vec<String>) {
    let mut users: Vec<_> = certificate
        .user_ids
        .iter()
        .map(|user| format!("{user:?}"))
        .collect();
    let mut subkeys: Vec<_> = certificate
        .subkeys
        .iter()
        .map(|subkey| format!("{subkey:?}"))
        .collect();
    users.sort();
    subkeys.sort();
    (users, subkeys)
}

#[test]
fn later_copy_adds_names_and_keeps_old_ones() {
    let (old, mut new) = (ALICE.to_public_key(), ALICE.to_public_key());
    new.details.users = vec![user("Alice at work", |id| {
        vec![draft(&ALICE, SignatureType::CertPositive, 9).on_user(&old, id)]
    })];
    new.public_subkeys.clear();
    let certificate = merged(&old, &new);
    assert_eq!(
        names(&certificate),
        ["Alice <alice@example.org>", "Alice at work"]
    );
    assert_eq!(certificate.subkeys.len(), 2);
}

#[test]
fn revoked_key_stays_revoked_when_an_older_copy_is_pushed() {
    let (old, mut revoked) = (ALICE.to_public_key(), ALICE.to_public_key());
    revoked.details.revocation_signatures =
        vec![draft(&ALICE, SignatureType::KeyRevocation, 5).on_key(&old)];
    assert!(!read(&old).revoked);
    assert!(merged(&old, &revoked).revoked);
    let twice = merged(&old, &revoked).merge(&read(&old)).unwrap();
    assert!(twice.revoked && Certificate::read_all(twice.armored.as_bytes()).unwrap()[0].revoked);
}

#[test]
fn bare_key_can_bring_a_revocation() {
    let (old, mut bare) = (ALICE.to_public_key(), ALICE.to_public_key());
    bare.details.revocation_signatures =
        vec![draft(&ALICE, SignatureType::KeyRevocation, 5).on_key(&old)];
    bare.details.users.clear();
    bare.public_subkeys.clear();
    assert!(read(&bare).user_ids.is_empty());
    let certificate = merged(&old, &bare);
    assert!(
        certificate.revoked && certificate.user_ids.len() == 1 && certificate.subkeys.len() == 2
    );
}

#[test]
fn revoked_user_id_comes_back_only_with_a_newer_confirmation() {
    let (old, mut new) = (ALICE.to_public_key(), ALICE.to_public_key());
    let id = old.details.users[0].id.clone();
    let revocation = draft(&ALICE, SignatureType::CertRevocation, 9000).on_user(&old, &id);
    new.details.users[0].signatures = vec![revocation];
    let certificate = read(&new);
    assert!(certificate.user_ids.is_empty() && served(&certificate).details.users.is_empty());
    let revoked = merged(&old, &new);
    assert!(revoked.user_ids[0].revoked);
    new.details.users[0].signatures =
        vec![draft(&ALICE, SignatureType::CertPositive, 9001).on_user(&old, &id)];
    assert!(!revoked.merge(&read(&new)).unwrap().user_ids[0].revoked);
}

#[test]
fn revoked_subkey_stays_revoked() {
    let (old, mut new) = (ALICE.to_public_key(), ALICE.to_public_key());
    let subkey = old.public_subkeys[0].key.clone();
    new.public_subkeys[0].signatures =
        vec![draft(&ALICE, SignatureType::SubkeyRevocation, 1).on_subkey(&old, &subkey)];
    let certificate = read(&new);
    assert_eq!(
        (
            certificate.subkeys.len(),
            served(&certificate).public_subkeys.len()
        ),
        (1, 1)
    );
    let revoked = |certificate: &Certificate| {
        certificate
            .subkeys
            .iter()
            .filter(|subkey| subkey.revoked)
            .count()
    };
    assert_eq!(
        (revoked(&certificate), revoked(&merged(&old, &new))),
        (0, 1)
    );
}

#[test]
fn later_expiry_replaces_the_earlier_one() {
    let key = |made: u32, lasts: u32| {
        let mut key = ALICE.to_public_key();
        let id = key.details.users[0].id.clone();
        let lasting = SubpacketData::KeyExpirationTime(Duration::from_secs(lasts * DAY));
        key.details.users[0].signatures = vec![
            draft(&ALICE, SignatureType::CertPositive, made)
                .with(lasting)
                .on_user(&key, &id),
        ];
        key
    };
    assert_eq!(
        merged(&key(1, 10), &key(2, 99)).expires,
        read(&key(2, 99)).expires
    );
    assert_eq!(
        merged(&key(2, 10), &key(1, 99)).expires,
        read(&key(2, 10)).expires
    );
}

#[test]
fn copies_in_one_input_become_one() {
    let (old, mut revoked) = (ALICE.to_public_key(), ALICE.to_public_key());
    revoked.details.revocation_signatures =
        vec![draft(&ALICE, SignatureType::KeyRevocation, 5).on_key(&old)];
    let both = format!("{}{}", armored(&old), armored(&revoked));
    let [certificate] = &Certificate::read_all(both.as_bytes()).unwrap()[..] else {
        panic!("one key")
    };
    assert!(certificate.revoked);
}

#[test]
fn different_keys_do_not_merge() {
    let (alice, mallory) = (read(&ALICE.to_public_key()), read(&MALLORY.to_public_key()));
    assert!(
        alice
            .merge(&mallory)
            .unwrap_err()
            .to_string()
            .contains("are different keys")
    );
}

#[test]
fn merging_a_key_with_itself_changes_nothing() {
    let alice = read(&ALICE.to_public_key());
    assert_eq!(alice.merge(&alice).unwrap(), alice);
}

#[test]
fn owner_who_pushes_every_day_does_not_fill_the_key() {
    let mut certificate = read(&ALICE.to_public_key());
    let id = ALICE.to_public_key().details.users[0].id.clone();
    for day in 3000..3012 {
        let mut key = ALICE.to_public_key();
        let confirmation = draft(&ALICE, SignatureType::CertPositive, day).on_user(&key, &id);
        key.details.users[0].signatures = vec![confirmation];
        certificate = certificate.merge(&read(&key)).unwrap();
    }
    let kept = &served(&certificate).details.users[0].signatures;
    let newest = i64::from(BORN + 3011 * DAY);
    assert_eq!(kept.len(), 4);
    assert_eq!(certificate.user_ids[0].created.timestamp(), newest);
}

#[test]
fn merged_key_must_be_readable_again() {
    let named = |names: std::ops::Range<u32>| {
        let mut key = ALICE.to_public_key();
        let confirm = |id: &_| {
            vec![draft(&ALICE, SignatureType::CertPositive, 1).on_user(&ALICE.to_public_key(), id)]
        };
        key.details.users = names.map(|name| user(&name.to_string(), confirm)).collect();
        read(&key)
    };
    let half = named(0..128);
    assert_eq!(half.merge(&named(128..256)).unwrap().user_ids.len(), 256);
    assert!(
        half.merge(&named(128..257))
            .unwrap_err()
            .to_string()
            .contains("more than 256 user ids")
    );
}
