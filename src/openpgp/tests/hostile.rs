use pgp::composed::{ArmorOptions, KeyType, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::{PacketTrait, PubKeyInner, PublicKey, PublicSubkey, SignatureType};
use pgp::ser::Serialize;
use pgp::types::{KeyVersion, PublicParams, Timestamp};
use proptest::prelude::*;

use super::maker::*;
use crate::error::Error;
use crate::openpgp::{Certificate, MAX_BYTES, MAX_CERTIFICATES, MAX_SUBKEYS, MAX_USER_IDS};

#[test]
fn private_key_is_refused_with_a_warning() {
    let armored = ALICE.to_armored_string(ArmorOptions::default()).unwrap();
    let disguised = armored.replace("PRIVATE", "PUBLIC");
    let behind = format!("{}{armored}", super::maker::armored(&ALICE.to_public_key()));
    let mut binary = MALLORY.to_public_key().to_bytes().unwrap();
    binary.extend(ALICE.to_bytes().unwrap());
    let openssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
    for input in [
        armored.as_bytes(),
        disguised.as_bytes(),
        behind.as_bytes(),
        &binary,
        openssh.as_bytes(),
    ] {
        let why = refusal(input);
        assert!(
            why.contains("PRIVATE") && why.contains("must be considered exposed"),
            "{why}"
        );
    }
}

#[test]
fn too_much_of_anything_is_refused() {
    let large = Certificate::read_all(&vec![b' '; MAX_BYTES + 1]).unwrap_err();
    assert!(matches!(
        large,
        Error::TooLarge {
            limit: 1_048_576,
            ..
        }
    ));
    let alice = ALICE.to_public_key();
    let blocks = armored(&alice).repeat(MAX_CERTIFICATES);
    assert_eq!(Certificate::read_all(blocks.as_bytes()).unwrap().len(), 1);
    assert!(refusal((blocks + &armored(&alice)).as_bytes()).contains("more than 16 "));
    assert!(
        refusal(&alice.to_bytes().unwrap().repeat(MAX_CERTIFICATES + 1))
            .contains("more than 16 keys")
    );
    let with = |change: &dyn Fn(&mut SignedPublicKey)| {
        let mut key = ALICE.to_public_key();
        change(&mut key);
        Certificate::read_all(&key.to_bytes().unwrap()).map_err(|error| error.to_string())
    };
    let users = |count| {
        move |key: &mut SignedPublicKey| {
            key.details.users = vec![key.details.users[0].clone(); count];
        }
    };
    assert_eq!(with(&users(MAX_USER_IDS)).unwrap()[0].user_ids.len(), 1);
    assert!(
        with(&users(MAX_USER_IDS + 1))
            .unwrap_err()
            .contains("more than 256 user ids")
    );
    let subkeys = |count| {
        move |key: &mut SignedPublicKey| {
            key.public_subkeys = vec![key.public_subkeys[0].clone(); count];
        }
    };
    assert_eq!(with(&subkeys(MAX_SUBKEYS)).unwrap()[0].subkeys.len(), 1);
    assert!(
        with(&subkeys(MAX_SUBKEYS + 1))
            .unwrap_err()
            .contains("more than 64 subkeys")
    );
    let broken = [
        ALICE.to_public_key().to_bytes().unwrap(),
        [0xce, 6, 4, 0, 0, 0, 0, 1].repeat(256),
    ]
    .concat();
    assert!(refusal(&broken).contains("more than 256 keys and subkeys"));
    let signatures = |count| {
        move |key: &mut SignedPublicKey| {
            let signature = key.details.users[0].signatures[0].clone();
            key.public_subkeys.clear();
            key.details.users[0].signatures = vec![signature; count];
        }
    };
    assert!(with(&signatures(1024)).is_ok());
    assert!(
        with(&signatures(1025))
            .unwrap_err()
            .contains("too many signatures")
    );
}

#[test]
fn large_keys_may_have_fewer_signatures() {
    let mut bound = ALICE.to_public_key();
    let key = PublicSubkey::from_inner(largest_rsa()).unwrap();
    let binding = draft(&ALICE, SignatureType::SubkeyBinding, 1).on_subkey(&bound, &key);
    let mut with_bindings = |count| {
        let signatures = vec![binding.clone(); count];
        bound.public_subkeys = vec![SignedPublicSubKey {
            key: key.clone(),
            signatures,
        }];
        bound.details.users.clear();
        Certificate::read_all(&bound.to_bytes().unwrap())
    };
    assert_eq!(with_bindings(56).unwrap()[0].subkeys[0].bits, 16384);
    assert!(
        with_bindings(57)
            .unwrap_err()
            .to_string()
            .contains("too many signatures")
    );
    let mut primary = ALICE.to_public_key();
    let mut unclaimed = draft(&ALICE, SignatureType::Key, 1);
    unclaimed.config.hashed_subpackets.truncate(1);
    let unclaimed = unclaimed.on_key(&primary);
    primary.primary_key = PublicKey::from_inner(largest_rsa()).unwrap();
    (primary.details.users, primary.public_subkeys) = (vec![], vec![]);
    for (count, why) in [(60, "nothing on "), (61, "too many signatures")] {
        primary.details.direct_signatures = vec![unclaimed.clone(); count];
        assert!(refusal(&primary.to_bytes().unwrap()).contains(why));
    }
}

/// A public RSA key of 16384 bits that nobody has the private part of.
fn largest_rsa() -> PubKeyInner {
    let modulus = [vec![0xc3; 2047], vec![0x77]].concat();
    let material = [&[0x40, 0][..], &modulus, &[0, 17, 1, 0, 1]].concat();
    let params =
        PublicParams::try_from_reader(PublicKeyAlgorithm::RSA, None, &material[..]).unwrap();
    let created = Timestamp::from_secs(BORN);
    PubKeyInner::new(
        KeyVersion::V4,
        PublicKeyAlgorithm::RSA,
        created,
        None,
        params,
    )
    .unwrap()
}

#[test]
fn flood_of_signatures_by_strangers_is_washed_off() {
    let mut key = ALICE.to_public_key();
    let clean = read(&key);
    let id = key.details.users[0].id.clone();
    let praise = draft(&MALLORY, SignatureType::CertGeneric, 1).on_user(&key, &id);
    key.details.users[0]
        .signatures
        .splice(0..0, vec![praise; 5000]);
    assert_eq!(read(&key), clean);
}

#[test]
fn refusals_say_what_to_do() {
    let alice = armored(&ALICE.to_public_key());
    let revocation = draft(&ALICE, SignatureType::KeyRevocation, 1).on_key(&ALICE.to_public_key());
    let mut signature = Vec::new();
    revocation.to_writer_with_header(&mut signature).unwrap();
    let version_3 = [0x99, 0, 13, 3, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1];
    let mut version_5 = version_3;
    version_5[3] = 5;
    for (input, expected) in [
        (&b""[..], "there is no key here"),
        (b"hello", "there is no key here"),
        (
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----",
            "the armor is damaged",
        ),
        (&alice.as_bytes()[..alice.len() / 2], "the armor is damaged"),
        (
            alice.replacen('m', "*", 3).as_bytes(),
            "the armor is damaged",
        ),
        (&[0x99, 0, 9, 4, 0], "the data is damaged"),
        (&[0x9b, 4, 0], "the data is damaged"),
        (&[b'\x80'; 9], "the data is damaged"),
        (&signature, "a signature without a key"),
        (&version_3, "version 3 are obsolete"),
        (&version_5, "version 5 are not supported"),
        (
            &[0x99, 0, 7, 4, 0, 0, 0, 0, 1, 0],
            "its primary key is damaged",
        ),
    ] {
        let why = refusal(input);
        assert!(
            why.starts_with("public key: ") && why.contains(expected),
            "{why}"
        );
    }
}

#[test]
fn revocation_certificate_behind_a_key_counts() {
    let alice = ALICE.to_public_key();
    let mut input = alice.to_bytes().unwrap();
    draft(&ALICE, SignatureType::KeyRevocation, 1)
        .on_key(&alice)
        .to_writer_with_header(&mut input)
        .unwrap();
    assert!(
        !Certificate::read_all(&input).unwrap()[0].revoked,
        "here it is about the last subkey"
    );
    let revocation = draft(&ALICE, SignatureType::KeyRevocation, 1).on_key(&alice);
    let block = pgp::composed::DetachedSignature::new(revocation)
        .to_armored_string(ArmorOptions::default())
        .unwrap();
    let text = armored(&alice) + &block.replace("PGP SIGNATURE", "PGP PUBLIC KEY BLOCK");
    assert!(Certificate::read_all(text.as_bytes()).unwrap()[0].revoked);
}

#[test]
fn user_id_that_is_too_long_is_skipped() {
    let mut key = ALICE.to_public_key();
    key.details.users.push(user(&"x".repeat(2049), |id| {
        vec![draft(&ALICE, SignatureType::CertPositive, 1).on_user(&ALICE.to_public_key(), id)]
    }));
    assert_eq!(read(&key).user_ids.len(), 1);
}

/// Keys of many kinds, in binary, to be mutated.
fn seeds() -> impl Strategy<Value = Vec<u8>> {
    static SEEDS: std::sync::LazyLock<Vec<Vec<u8>>> = std::sync::LazyLock::new(|| {
        let six = key(
            KeyVersion::V6,
            KeyType::Ed25519,
            "Six",
            vec![subkey_of(KeyVersion::V6, KeyType::X25519)],
        );
        let rsa = key(
            KeyVersion::V4,
            KeyType::Rsa(2048),
            "Rivest",
            vec![subkey(KeyType::Ed25519)],
        );
        let p256 = key(
            KeyVersion::V4,
            KeyType::ECDSA(pgp::crypto::ecc_curve::ECCCurve::P256),
            "Neal",
            vec![],
        );
        let alice = ALICE.to_public_key();
        [
            six.to_public_key(),
            rsa.to_public_key(),
            p256.to_public_key(),
            alice,
        ]
        .map(|key| key.to_bytes().unwrap())
        .into()
    });
    prop::sample::select(&SEEDS[..])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = Certificate::read_all(&bytes);
    }

    #[test]
    fn any_packets_are_read_or_refused(packets in prop::collection::vec((0u8..64, prop::collection::vec(any::<u8>(), 0..90)), 0..8)) {
        let packet = |(tag, body): (u8, Vec<u8>)| [&[0xc0 | tag, u8::try_from(body.len()).unwrap()][..], &body].concat();
        let _ = Certificate::read_all(&packets.into_iter().flat_map(packet).collect::<Vec<u8>>());
    }

    #[test]
    fn any_text_in_armor_is_read_or_refused(text in "[A-Za-z0-9+/=\n:, -]{0,300}") {
        let begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n";
        let _ = Certificate::read_all(format!("{begin}{text}").as_bytes());
        let _ = Certificate::read_all(format!("{begin}\n{text}\n-----END PGP PUBLIC KEY BLOCK-----\n").as_bytes());
    }

    #[test]
    fn damaged_key_never_says_more_than_the_whole_one(
        seed in seeds(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        end in any::<prop::sample::Index>(),
        cut: bool,
    ) {
        let [whole] = &Certificate::read_all(&seed).unwrap()[..] else { panic!("one key") };
        let mut bytes = seed;
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        for certificate in Certificate::read_all(&bytes).unwrap_or_default() {
            prop_assert_eq!(&certificate.fingerprint, &whole.fingerprint);
            prop_assert!(certificate.user_ids.iter().all(|user| whole.user_ids.contains(user)));
            prop_assert!(certificate.subkeys.iter().all(|subkey| whole.subkeys.contains(subkey)));
            let again = Certificate::read_all(certificate.armored.as_bytes()).unwrap();
            prop_assert_eq!(again, [certificate]);
        }
    }
}
