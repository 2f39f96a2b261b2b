use chrono::{DateTime, Utc};
use pgp::composed::{KeyType, SignedPublicSubKey};
use pgp::packet::{KeyFlags, Notation, PublicSubkey, SignatureType, SubpacketData};
use pgp::types::{Duration, KeyDetails, KeyVersion};

use super::maker::*;
use crate::openpgp::Certificate;

fn time(days: u32) -> DateTime<Utc> {
    DateTime::from_timestamp((BORN + days * DAY).into(), 0).unwrap()
}

fn lasting(days: u32) -> SubpacketData {
    SubpacketData::KeyExpirationTime(Duration::from_secs(days * DAY))
}

#[test]
fn what_strangers_added_is_dropped() {
    let mut key = ALICE.to_public_key();
    let clean = read(&key);
    let id = key.details.users[0].id.clone();
    let praise = draft(&MALLORY, SignatureType::CertGeneric, 1).on_user(&key, &id);
    key.details.users[0].signatures.push(praise);
    key.details.users.push(user("Eve <eve@example.org>", |id| {
        vec![draft(&MALLORY, SignatureType::CertPositive, 1).on_user(&ALICE.to_public_key(), id)]
    }));
    key.details
        .users
        .extend(MALLORY.to_public_key().details.users);
    key.details
        .revocation_signatures
        .push(draft(&MALLORY, SignatureType::KeyRevocation, 1).on_key(&key));
    key.public_subkeys
        .extend(MALLORY.to_public_key().public_subkeys);
    assert_eq!(read(&key), clean);
}

#[test]
fn forged_signatures_are_dropped() {
    let mut key = ALICE.to_public_key();
    let clean = read(&key);
    let forge = |kind| draft(&MALLORY, kind, 9000).forged_as(&ALICE);
    let id = key.details.users[0].id.clone();
    let subkey = key.public_subkeys[1].key.clone();
    let revocations = [
        forge(SignatureType::KeyRevocation).on_key(&key),
        forge(SignatureType::CertRevocation).on_user(&key, &id),
        forge(SignatureType::SubkeyRevocation).on_subkey(&key, &subkey),
    ];
    let [on_key, on_user, on_subkey] = revocations;
    key.details.revocation_signatures.push(on_key);
    key.details.users[0].signatures.push(on_user);
    key.public_subkeys[1].signatures.push(on_subkey);
    let alice = ALICE.to_public_key();
    let confirm = |id: &_| vec![forge(SignatureType::CertPositive).on_user(&alice, id)];
    key.details
        .users
        .push(user("Eve <eve@example.org>", confirm));
    assert_eq!(read(&key), clean);
}

#[test]
fn what_is_not_signed_is_dropped_from_signatures() {
    let mut key = ALICE.to_public_key();
    let junk = Notation {
        readable: true,
        name: "n@example.org".into(),
        value: vec![b'x'; 999].into(),
    };
    let issuer = SubpacketData::IssuerKeyId(key.legacy_key_id());
    let id = key.details.users[0].id.clone();
    let signature = draft(&ALICE, SignatureType::CertPositive, 1)
        .unsigned(issuer.clone())
        .unsigned(SubpacketData::IssuerKeyId(MALLORY.legacy_key_id()))
        .unsigned(issuer.clone());
    key.details.users[0].signatures = vec![
        signature
            .unsigned(SubpacketData::Notation(junk))
            .on_user(&key, &id),
    ];
    let served = served(&read(&key));
    let unsigned = &served.details.users[0].signatures[0]
        .config()
        .unwrap()
        .unhashed_subpackets;
    assert_eq!(
        unsigned
            .iter()
            .map(|subpacket| &subpacket.data)
            .collect::<Vec<_>>(),
        [&issuer]
    );
}

#[test]
fn signature_for_the_own_key_ring_stays_there() {
    let mut key = ALICE.to_public_key();
    let private = SubpacketData::ExportableCertification(false);
    key.details.users.push(user("Secret name", |id| {
        vec![
            draft(&ALICE, SignatureType::CertPositive, 1)
                .with(private)
                .on_user(&ALICE.to_public_key(), id),
        ]
    }));
    assert_eq!(names(&read(&key)), ["Alice <alice@example.org>"]);
}

#[test]
fn signing_subkey_must_agree() {
    let stolen = MALLORY.to_public_key().public_subkeys.remove(0);
    let consent_to_mallory = stolen.signatures[0].embedded_signature().unwrap().clone();
    let consent = SubpacketData::EmbeddedSignature(Box::new(consent_to_mallory));
    for claim in [
        claim(),
        claim().with(consent.clone()),
        claim().unsigned(consent.clone()),
    ] {
        assert!(bound(claim, &stolen.key).subkeys.is_empty());
    }
}

#[test]
fn consent_of_a_subkey_may_stand_outside_of_what_is_signed() {
    let own = ALICE.to_public_key().public_subkeys.remove(0);
    let consent = own.signatures[0].embedded_signature().unwrap().clone();
    let consent = SubpacketData::EmbeddedSignature(Box::new(consent));
    let certificate = bound(claim().unsigned(consent), &own.key);
    assert_eq!(certificate.subkeys.len(), 1);
    assert!(
        served(&certificate).public_subkeys[0].signatures[0]
            .embedded_signature()
            .is_some()
    );
}

#[test]
fn subkey_of_another_version_is_dropped() {
    let six = key(KeyVersion::V6, KeyType::Ed25519, "Six", vec![]);
    let mut mixed = six.to_public_key();
    let subkey = ALICE.to_public_key().public_subkeys.remove(1).key;
    let binding = draft(&six, SignatureType::SubkeyBinding, 1).on_subkey(&mixed, &subkey);
    mixed.public_subkeys = vec![SignedPublicSubKey {
        key: subkey,
        signatures: vec![binding],
    }];
    assert!(read(&mixed).subkeys.is_empty());
}

/// Says that a subkey that signs is Alice's.
fn claim() -> Draft<'static> {
    let mut flags = KeyFlags::default();
    flags.set_sign(true);
    draft(&ALICE, SignatureType::SubkeyBinding, 1).with(SubpacketData::KeyFlags(flags))
}

/// Alice's key with one subkey.
fn bound(claim: Draft, subkey: &PublicSubkey) -> Certificate {
    let mut key = ALICE.to_public_key();
    let signatures = vec![claim.on_subkey(&key, subkey)];
    key.public_subkeys = vec![SignedPublicSubKey {
        key: subkey.clone(),
        signatures,
    }];
    read(&key)
}

#[test]
fn key_that_signed_nothing_of_itself_is_refused() {
    let mut key = ALICE.to_public_key();
    key.details.users = MALLORY.to_public_key().details.users;
    key.public_subkeys.clear();
    let why = refusal(armored(&key).as_bytes());
    assert!(why.contains("signed by the key itself"), "{why}");
}

#[test]
fn newest_statement_about_expiry_counts() {
    let mut key = ALICE.to_public_key();
    let id = key.details.users[0].id.clone();
    for (statements, expires) in [
        (vec![(1, Some(30))], Some(time(30))),
        (vec![(2, Some(60)), (1, Some(30))], Some(time(60))),
        (vec![(1, Some(30)), (2, Some(20))], Some(time(20))),
        (vec![(1, Some(30)), (2, None)], None),
        (vec![(1, Some(0))], None),
    ] {
        let sign = |(made, lasts)| confirmation(made, lasts).on_user(&ALICE.to_public_key(), &id);
        key.details.users[0].signatures = statements.into_iter().map(sign).collect();
        assert_eq!(read(&key).expires, expires);
    }
}

#[test]
fn expiry_comes_from_the_key_or_from_the_newest_name_in_use_that_sets_it() {
    let mut key = ALICE.to_public_key();
    let alice = ALICE.to_public_key();
    let name = |name: &str, made, lasts| {
        user(name, |id| {
            vec![confirmation(made, lasts).on_user(&alice, id)]
        })
    };
    key.details.users = vec![
        name("A", 1, Some(30)),
        name("B", 3, Some(20)),
        name("C", 4, None),
    ];
    assert_eq!(read(&key).expires, Some(time(20)));
    let revocation = |id: &_| draft(&ALICE, SignatureType::CertRevocation, 5).on_user(&alice, id);
    let revoked = revocation(&key.details.users[1].id);
    key.details.users[1].signatures.push(revoked);
    assert_eq!(read(&key).expires, Some(time(30)));
    for (lasts, expires) in [(0, 30), (90, 90)] {
        let statement = draft(&ALICE, SignatureType::Key, 3 + lasts).with(lasting(lasts));
        key.details.direct_signatures.push(statement.on_key(&key));
        assert_eq!(read(&key).expires, Some(time(expires)));
    }
}

/// Confirms a name on some day, and perhaps sets the lifetime of the key in days.
fn confirmation(made: u32, lasts: Option<u32>) -> Draft<'static> {
    let statement = draft(&ALICE, SignatureType::CertPositive, made);
    match lasts {
        Some(days) => statement.with(lasting(days)),
        None => statement,
    }
}

#[test]
fn subkey_and_user_id_expire_on_their_own() {
    let mut key = ALICE.to_public_key();
    let subkey = key.public_subkeys[1].key.clone();
    let id = key.details.users[0].id.clone();
    key.public_subkeys[1].signatures = vec![
        draft(&ALICE, SignatureType::SubkeyBinding, 1)
            .with(lasting(10))
            .on_subkey(&key, &subkey),
    ];
    let ends = SubpacketData::SignatureExpirationTime(Duration::from_secs(5 * DAY));
    key.details.users[0].signatures = vec![
        draft(&ALICE, SignatureType::CertPositive, 1)
            .with(ends)
            .on_user(&key, &id),
    ];
    let other = key.public_subkeys[0].key.clone();
    let forever = draft(&ALICE, SignatureType::SubkeyBinding, 1)
        .with(lasting(0))
        .on_subkey(&key, &other);
    key.public_subkeys[0].signatures = vec![forever];
    let certificate = read(&key);
    assert_eq!(
        (certificate.expires, certificate.subkeys[0].expires),
        (None, None)
    );
    assert_eq!(certificate.subkeys[1].expires, Some(time(10)));
    assert_eq!(
        (
            certificate.user_ids[0].created,
            certificate.user_ids[0].expires
        ),
        (time(1), Some(time(6)))
    );
}
