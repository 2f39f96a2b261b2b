//! A public key with its names and subkeys, as the key server keeps and serves it.
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXUPPER;
use pgp::composed::{ArmorOptions, SignedPublicKey, SignedPublicSubKey};
use pgp::packet::Signature;
use pgp::ser::Serialize;
use pgp::types::{Duration, KeyDetails, KeyVersion, PublicParams, SignedUser, Timestamp};

use super::binding::{is_user_revoked, newest_binding, newest_revocation, published, verified};
use super::packets::{check_size, keys};
use super::refusal::invalid;
use crate::error::{Error, Result};

/// An `OpenPGP` certificate of which every part is signed by its own primary key.
///
/// Signatures by other people, photographs, signatures marked as not for export, and anything unsigned are not in it.
/// A revocation by a designated revoker is somebody else's signature too and does not count.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// 40 upper hex digits, or 64 for a key of version 6.
    pub fingerprint: String,
    /// The long key id, 16 upper hex digits: the end of the fingerprint, but its beginning for a key of version 6.
    pub key_id: String,
    /// The number of the algorithm, RFC 9580 section 9.1.
    pub algorithm: u8,
    /// The size in bits: of the modulus, or of the curve; 0 if it is not known.
    pub bits: u32,
    /// When the key was made.
    pub created: DateTime<Utc>,
    /// When it stops being valid, if ever.
    pub expires: Option<DateTime<Utc>>,
    /// Whether its owner took it back, for whatever reason. There is no way back from that.
    pub revoked: bool,
    /// Its names, those in use first and among these the primary one. May be empty: clients cannot use such a key and
    /// it is not worth storing on its own, but it may bring a revocation to [`Certificate::merge`].
    pub user_ids: Vec<UserId>,
    /// Its subkeys, in the order they came.
    pub subkeys: Vec<Subkey>,
    /// All of the above to be served: one armored block without headers, at most [`MAX_BYTES`](super::MAX_BYTES) long,
    /// which [`Certificate::read_all`] reads again if there is a user id.
    pub armored: String,
    /// `armored`, and revocations of user ids and subkeys that are not in it.
    key: SignedPublicKey,
}

/// A name on a key, commonly `name (comment) <address>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserId {
    /// The text; bytes that are not UTF-8 are read as Latin-1. It has no NUL, but may have other control characters.
    pub text: String,
    /// When its owner last confirmed it.
    pub created: DateTime<Utc>,
    /// When this confirmation stops being valid, if ever.
    pub expires: Option<DateTime<Utc>>,
    /// Whether its owner took it back, and did not confirm it again later.
    pub revoked: bool,
}

/// A further key that belongs to a primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subkey {
    /// 40 upper hex digits, or 64 for a key of version 6.
    pub fingerprint: String,
    /// The long key id, 16 upper hex digits.
    pub key_id: String,
    /// The number of the algorithm, RFC 9580 section 9.1.
    pub algorithm: u8,
    /// The size in bits; 0 if it is not known.
    pub bits: u32,
    /// When the subkey was made.
    pub created: DateTime<Utc>,
    /// When it stops being valid, if ever.
    pub expires: Option<DateTime<Utc>>,
    /// Whether the owner of the primary key took it back.
    pub revoked: bool,
}

impl Certificate {
    /// Reads public keys: armored blocks, one or several with anything between them, or binary packets. Copies of one
    /// key become one certificate.
    ///
    /// # Errors
    /// [`Error::TooLarge`] past [`MAX_BYTES`](super::MAX_BYTES); [`Error::Invalid`] with the reason if the input holds
    /// no key, a private key, too many parts, a version other than 4 or 6, a key that signed nothing of itself, or damage.
    pub fn read_all(armored_or_binary: &[u8]) -> Result<Vec<Self>> {
        let mut together: Vec<SignedPublicKey> = Vec::new();
        for key in keys(armored_or_binary)? {
            match together
                .iter_mut()
                .find(|known| known.fingerprint() == key.fingerprint())
            {
                Some(known) => append(known, key),
                None => together.push(key),
            }
        }
        together.into_iter().map(Self::new).collect()
    }

    /// This certificate and another copy of it together: all user ids, subkeys, revocations and changes of expiry of
    /// both. Which of the two is merged into the other makes no difference but for the order of the parts.
    ///
    /// # Errors
    /// [`Error::Invalid`] if they are of different keys or have too many parts together, [`Error::TooLarge`] if they
    /// do not fit together.
    pub fn merge(&self, other: &Self) -> Result<Self> {
        if self.fingerprint != other.fingerprint {
            return Err(invalid(format!(
                "{} and {} are different keys",
                self.fingerprint, other.fingerprint
            )));
        }
        let mut key = self.key.clone();
        append(&mut key, other.key.clone());
        Self::new(key)
    }

    fn new(key: SignedPublicKey) -> Result<Self> {
        let key = verified(key);
        let fingerprint = fingerprint(&key);
        if is_bare(&key) {
            return Err(invalid(format!(
                "nothing on {fingerprint} is validly signed by the key itself; export it again"
            )));
        }
        let public = published(key.clone());
        let armored = armor(&public)?;
        check_size(&key, &armored)?;
        Ok(Self {
            fingerprint,
            key_id: key_id(&key),
            algorithm: key.algorithm().into(),
            bits: bits(key.public_params()),
            created: time(key.created_at()),
            expires: after(key.created_at(), lifetime(&public)),
            revoked: !key.details.revocation_signatures.is_empty(),
            user_ids: public
                .details
                .users
                .iter()
                .filter_map(UserId::new)
                .collect(),
            subkeys: public.public_subkeys.iter().map(Subkey::new).collect(),
            armored,
            key,
        })
    }
}

impl UserId {
    fn new(user: &SignedUser) -> Option<Self> {
        let binding = newest_binding(&user.signatures)?;
        let created = binding.created()?;
        Some(Self {
            text: text(user.id.id()),
            created: time(created),
            expires: after(created, binding.signature_expiration_time()),
            revoked: is_user_revoked(user),
        })
    }
}

impl Subkey {
    fn new(SignedPublicSubKey { key, signatures }: &SignedPublicSubKey) -> Self {
        let lifetime = newest_binding(signatures).and_then(Signature::key_expiration_time);
        Self {
            fingerprint: fingerprint(key),
            key_id: key_id(key),
            algorithm: key.algorithm().into(),
            bits: bits(key.public_params()),
            created: time(key.created_at()),
            expires: after(key.created_at(), lifetime),
            revoked: newest_revocation(signatures).is_some(),
        }
    }
}

fn append(key: &mut SignedPublicKey, other: SignedPublicKey) {
    key.details
        .revocation_signatures
        .extend(other.details.revocation_signatures);
    key.details
        .direct_signatures
        .extend(other.details.direct_signatures);
    key.details.users.extend(other.details.users);
    key.public_subkeys.extend(other.public_subkeys);
}

fn is_bare(key: &SignedPublicKey) -> bool {
    let details = &key.details;
    details.revocation_signatures.is_empty()
        && details.direct_signatures.is_empty()
        && details.users.is_empty()
        && key.public_subkeys.is_empty()
}

/// A checksum is what older clients insist on and what a key of version 6 must not have (RFC 9580 section 6.1).
fn armor(key: &SignedPublicKey) -> Result<String> {
    let options = ArmorOptions {
        headers: None,
        include_checksum: key.version() != KeyVersion::V6,
    };
    key.to_armored_string(options)
        .map_err(|error| Error::Internal(error.into()))
}

/// How long a key lives: a signature on the key itself tells, else the newest one on a user id in use that sets a time.
/// `GnuPG` finds it the same way, so owners see here what they see at home.
fn lifetime(key: &SignedPublicKey) -> Option<Duration> {
    let in_use = key
        .details
        .users
        .iter()
        .filter(|user| !is_user_revoked(user));
    let by_users = in_use.filter_map(|user| newest_binding(&user.signatures));
    let limit = |signature: &Signature| {
        signature
            .key_expiration_time()
            .filter(|time| time.as_secs() > 0)
    };
    let by_key = key.details.direct_signatures.first().and_then(limit);
    by_key.or_else(|| {
        by_users
            .filter(|signature| limit(signature).is_some())
            .max_by_key(|signature| signature.created())
            .and_then(limit)
    })
}

fn fingerprint(key: &impl KeyDetails) -> String {
    HEXUPPER.encode(key.fingerprint().as_bytes())
}

fn key_id(key: &impl KeyDetails) -> String {
    HEXUPPER.encode(key.legacy_key_id().as_ref())
}

/// The size of a key in bits, as `GnuPG` counts it.
fn bits(params: &PublicParams) -> u32 {
    match params {
        PublicParams::RSA(params) => first_number_bits(params),
        PublicParams::DSA(params) => first_number_bits(params),
        PublicParams::Elgamal(params) => first_number_bits(params),
        PublicParams::ECDSA(params) => params.curve().nbits().into(),
        PublicParams::ECDH(params) => params.curve().nbits().into(),
        PublicParams::EdDSALegacy(params) => params.curve().nbits().into(),
        PublicParams::Ed25519(_) | PublicParams::X25519(_) => 255,
        PublicParams::Ed448(_) | PublicParams::X448(_) => 448,
        PublicParams::Unknown { .. } => 0,
    }
}

/// The modulus comes first in all three old algorithms, and before it the number of its bits (RFC 9580 section 3.2).
fn first_number_bits(params: &impl Serialize) -> u32 {
    let bytes = params.to_bytes().unwrap_or_default();
    bytes
        .first_chunk()
        .map_or(0, |length| u16::from_be_bytes(*length).into())
}

/// Old keys carry names in Latin-1; databases do not take NUL.
fn text(bytes: &[u8]) -> String {
    let text = str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().copied().map(char::from).collect(),
        str::to_owned,
    );
    text.replace('\0', "\u{fffd}")
}

fn time(stamp: Timestamp) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(stamp.as_secs().into())
}

/// The end of a time span; none and zero both stand for "never".
fn after(start: Timestamp, span: Option<Duration>) -> Option<DateTime<Utc>> {
    let span = span.filter(|span| span.as_secs() > 0)?;
    Some(time(start) + TimeDelta::seconds(span.as_secs().into()))
}
