//! The key server, as Singularity, Apptainer and GnuPG speak it.
mod add;
mod lookup;

use pgp::{
    composed::{
        ArmorOptions, EncryptionCaps, KeyType, SecretKeyParamsBuilder, SignedPublicKey,
        SignedSecretKey, SubkeyParamsBuilder,
    },
    packet::{SignatureConfig, SignatureType, Subpacket, SubpacketData},
    types::{KeyDetails, Password, Timestamp},
};
use rand::thread_rng;
use url::form_urlencoded::Serializer;

use crate::support::{Answer, Client};

/// A key as people have them.
pub struct Key {
    pub armored: String,
    /// Lower-case hex.
    pub fingerprint: String,
    /// The id of its subkey, as a number.
    subkey: u64,
    secret: SignedSecretKey,
}

impl Key {
    /// A new key of somebody.
    pub fn of(name: &str) -> Self {
        Self::with(name, &[])
    }

    /// A new key with several names.
    fn with(name: &str, others: &[String]) -> Self {
        let subkey = SubkeyParamsBuilder::default()
            .key_type(KeyType::Ed25519Legacy)
            .created_at(Timestamp::from_secs(1_600_000_000))
            .can_sign(true)
            .can_encrypt(EncryptionCaps::None)
            .build()
            .expect("a subkey");
        let key = SecretKeyParamsBuilder::default()
            .key_type(KeyType::Ed25519Legacy)
            .can_certify(true)
            .can_sign(true)
            .created_at(Timestamp::from_secs(1_600_000_000))
            .primary_user_id(name.into())
            .user_ids(others.to_vec())
            .subkeys(vec![subkey])
            .build()
            .expect("a key")
            .generate(thread_rng())
            .expect("a new key");
        let public = SignedPublicKey::from(key.clone());
        let id = public.public_subkeys[0].key.legacy_key_id();
        Self {
            armored: armor(&public),
            fingerprint: public.fingerprint().to_string(),
            subkey: u64::from_be_bytes(id.as_ref().try_into().expect("8 bytes")),
            secret: key,
        }
    }

    /// Its text with one of its names only.
    fn named(&self, number: usize) -> String {
        let mut public = SignedPublicKey::from(self.secret.clone());
        public.details.users = vec![public.details.users[number].clone()];
        armor(&public)
    }

    /// Its text with the signature by which its holder takes it back.
    pub fn revoked(&self) -> String {
        let mut public = SignedPublicKey::from(self.secret.clone());
        let signer = &self.secret.primary_key;
        let mut config =
            SignatureConfig::from_key(thread_rng(), signer, SignatureType::KeyRevocation)
                .expect("a draft");
        config.hashed_subpackets = [
            SubpacketData::SignatureCreationTime(Timestamp::from_secs(1_600_000_001)),
            SubpacketData::IssuerFingerprint(self.secret.fingerprint()),
        ]
        .map(|data| Subpacket::regular(data).expect("a subpacket"))
        .into();
        let signature = config.sign_key(signer, &Password::empty(), &public.primary_key);
        public
            .details
            .revocation_signatures
            .push(signature.expect("a signature"));
        armor(&public)
    }
}

fn armor(key: &SignedPublicKey) -> String {
    key.to_armored_string(ArmorOptions::default())
        .expect("armor")
}

/// Pushes text as a key.
pub async fn push(client: &Client, text: &str) -> Answer {
    let form = Serializer::new(String::new())
        .append_pair("keytext", text)
        .finish();
    let client = client.header("content-type", "application/x-www-form-urlencoded");
    client.send("POST", "/pks/add", form).await
}

/// The error that a client would show, after a look at the shape it demands.
#[track_caller]
fn refused(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    let error = answer.json()["error"].clone();
    assert_eq!(error["code"], status);
    error["message"].as_str().expect("a message").to_owned()
}
