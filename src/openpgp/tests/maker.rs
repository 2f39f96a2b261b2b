//! Makes keys and signatures, also ones that no honest program would make.
use std::sync::LazyLock;

use pgp::composed::{
    ArmorOptions, Deserializable, EncryptionCaps, KeyType, SecretKeyParamsBuilder, SignedPublicKey,
    SignedSecretKey,
};
use pgp::composed::{SubkeyParams, SubkeyParamsBuilder};
use pgp::crypto::ecc_curve::ECCCurve;
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{
    PublicSubkey, Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData, UserId,
};
use pgp::types::{KeyDetails, KeyVersion, Password, SignedUser, Tag, Timestamp};
use rand::thread_rng;

use crate::openpgp::Certificate;

/// When all keys here are made: 2020-09-13 12:26:40 UTC.
pub const BORN: u32 = 1_600_000_000;
pub const DAY: u32 = 86_400;

/// Alice has an `EdDSA` key with a subkey to sign and one to encrypt.
pub static ALICE: LazyLock<SignedSecretKey> = LazyLock::new(|| {
    let subkeys = vec![
        subkey(KeyType::Ed25519Legacy),
        subkey(KeyType::ECDH(ECCCurve::Curve25519Legacy)),
    ];
    key(
        KeyVersion::V4,
        KeyType::Ed25519Legacy,
        "Alice <alice@example.org>",
        subkeys,
    )
});

/// Mallory does what strangers do.
pub static MALLORY: LazyLock<SignedSecretKey> = LazyLock::new(|| {
    key(
        KeyVersion::V4,
        KeyType::Ed25519Legacy,
        "Mallory <m@example.org>",
        vec![subkey(KeyType::Ed25519Legacy)],
    )
});

pub fn key(
    version: KeyVersion,
    kind: KeyType,
    name: &str,
    subkeys: Vec<SubkeyParams>,
) -> SignedSecretKey {
    let mut params = SecretKeyParamsBuilder::default();
    params
        .version(version)
        .key_type(kind)
        .can_certify(true)
        .created_at(Timestamp::from_secs(BORN));
    params.primary_user_id(name.into()).subkeys(subkeys);
    params.build().unwrap().generate(thread_rng()).unwrap()
}

pub fn subkey(kind: KeyType) -> SubkeyParams {
    subkey_of(KeyVersion::V4, kind)
}

pub fn subkey_of(version: KeyVersion, kind: KeyType) -> SubkeyParams {
    let encrypts = kind.can_encrypt() && !kind.can_sign();
    let mut params = SubkeyParamsBuilder::default();
    params
        .version(version)
        .key_type(kind)
        .created_at(Timestamp::from_secs(BORN))
        .can_sign(!encrypts);
    params
        .can_encrypt(if encrypts {
            EncryptionCaps::All
        } else {
            EncryptionCaps::None
        })
        .build()
        .unwrap()
}

/// A signature of `signer` that is not made yet.
pub struct Draft<'a> {
    pub signer: &'a SignedSecretKey,
    pub config: SignatureConfig,
}

pub fn draft(signer: &SignedSecretKey, kind: SignatureType, days: u32) -> Draft<'_> {
    let mut config = SignatureConfig::from_key(thread_rng(), &signer.primary_key, kind).unwrap();
    let created = SubpacketData::SignatureCreationTime(Timestamp::from_secs(BORN + days * DAY));
    let issuer = SubpacketData::IssuerFingerprint(signer.fingerprint());
    config.hashed_subpackets = [created, issuer]
        .map(|data| Subpacket::regular(data).unwrap())
        .into();
    Draft { signer, config }
}

impl Draft<'_> {
    pub fn with(mut self, data: SubpacketData) -> Self {
        self.config
            .hashed_subpackets
            .push(Subpacket::regular(data).unwrap());
        self
    }

    pub fn unsigned(mut self, data: SubpacketData) -> Self {
        self.config
            .unhashed_subpackets
            .push(Subpacket::regular(data).unwrap());
        self
    }

    /// Claims that somebody else made the signature.
    pub fn forged_as(mut self, victim: &SignedSecretKey) -> Self {
        let issuer = SubpacketData::IssuerFingerprint(victim.fingerprint());
        self.config.hashed_subpackets[1] = Subpacket::regular(issuer).unwrap();
        self
    }

    pub fn hash(mut self, hash: HashAlgorithm) -> Self {
        self.config.hash_alg = hash;
        self
    }

    pub fn on_key(self, key: &SignedPublicKey) -> Signature {
        self.config
            .sign_key(
                &self.signer.primary_key,
                &Password::empty(),
                &key.primary_key,
            )
            .unwrap()
    }

    pub fn on_user(self, key: &SignedPublicKey, id: &UserId) -> Signature {
        let Self { signer, config } = self;
        let sign = |config: SignatureConfig| {
            config.sign_certification(
                &signer.primary_key,
                &key.primary_key,
                &Password::empty(),
                Tag::UserId,
                id,
            )
        };
        sign(config).unwrap()
    }

    pub fn on_subkey(self, key: &SignedPublicKey, subkey: &PublicSubkey) -> Signature {
        let signer = &self.signer.primary_key;
        self.config
            .sign_subkey_binding(signer, &key.primary_key, &Password::empty(), subkey)
            .unwrap()
    }
}

pub fn user_id(name: &str) -> UserId {
    UserId::from_str(pgp::types::PacketHeaderVersion::New, name).unwrap()
}

pub fn user(name: &str, signatures: impl FnOnce(&UserId) -> Vec<Signature>) -> SignedUser {
    let id = user_id(name);
    SignedUser {
        signatures: signatures(&id),
        id,
    }
}

pub fn armored(key: &SignedPublicKey) -> String {
    key.to_armored_string(ArmorOptions::default()).unwrap()
}

pub fn read(key: &SignedPublicKey) -> Certificate {
    let [certificate] = Certificate::read_all(armored(key).as_bytes())
        .unwrap()
        .try_into()
        .unwrap();
    certificate
}

/// What others get.
pub fn served(certificate: &Certificate) -> SignedPublicKey {
    SignedPublicKey::from_string(&certificate.armored)
        .unwrap()
        .0
}

/// Why an input is refused.
pub fn refusal(input: &[u8]) -> String {
    Certificate::read_all(input).unwrap_err().to_string()
}

pub fn names(certificate: &Certificate) -> Vec<&str> {
    certificate
        .user_ids
        .iter()
        .map(|user| user.text.as_str())
        .collect()
}
