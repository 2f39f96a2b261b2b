//! What belongs to a key: only what its primary key signed.
//!
//! Rules: RFC 9580 sections 5.2.1 (signature types), 5.2.3 (subpackets) and 10.1.1 (the shape of a certificate).
use std::cmp::Reverse;

use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{PublicKey, PublicSubkey, Signature, SignatureType, Subpacket, SubpacketData};
use pgp::types::{KeyDetails, SignedUser, Tag};

/// How many certifications or bindings, and how many revocations, of one part are kept: the newest.
const KEPT: usize = 4;

/// Keeps what the primary key validly signed of a key whose signatures claim to be its own: each part once, with its
/// newest signatures first and nothing in them that is not signed.
///
/// A user id or subkey that has a revocation but no certification stays, so that [`SignedPublicKey`]s of one key can be
/// concatenated and sent through here again without losing it; [`published`] leaves it out.
pub(super) fn verified(mut key: SignedPublicKey) -> SignedPublicKey {
    let primary = &key.primary_key;
    let details = &mut key.details;
    let mut direct = std::mem::take(&mut details.direct_signatures);
    direct.append(&mut details.revocation_signatures);
    (details.revocation_signatures, details.direct_signatures) =
        valid(direct, primary, |signature| signature.verify_key(primary))
            .into_iter()
            .partition(is_revocation);
    details.users = users(std::mem::take(&mut details.users), primary);
    details.user_attributes.clear();
    key.public_subkeys = subkeys(std::mem::take(&mut key.public_subkeys), primary);
    key
}

/// The key as others get it: without the parts that are only revoked, at which some clients stumble.
pub(super) fn published(mut key: SignedPublicKey) -> SignedPublicKey {
    key.details
        .users
        .retain(|user| newest_binding(&user.signatures).is_some());
    key.public_subkeys
        .retain(|subkey| newest_binding(&subkey.signatures).is_some());
    key
}

/// The newest certification or binding among signatures that went through [`verified`].
pub(super) fn newest_binding(signatures: &[Signature]) -> Option<&Signature> {
    signatures
        .iter()
        .find(|signature| !is_revocation(signature))
}

/// The newest revocation among signatures that went through [`verified`].
pub(super) fn newest_revocation(signatures: &[Signature]) -> Option<&Signature> {
    signatures.iter().find(|signature| is_revocation(signature))
}

/// Whether a user id is revoked: unlike a key, it comes back with a certification that is newer than the revocation.
pub(super) fn is_user_revoked(user: &SignedUser) -> bool {
    let binding = newest_binding(&user.signatures).and_then(Signature::created);
    newest_revocation(&user.signatures).is_some_and(|revocation| revocation.created() >= binding)
}

fn users(all: Vec<SignedUser>, primary: &PublicKey) -> Vec<SignedUser> {
    let mut users: Vec<SignedUser> = Vec::new();
    for user in all {
        match users.iter_mut().find(|known| known.id.id() == user.id.id()) {
            Some(known) => known.signatures.extend(user.signatures),
            None => users.push(user),
        }
    }
    for SignedUser { id, signatures } in &mut users {
        let verify =
            |signature: &Signature| signature.verify_certification(primary, Tag::UserId, id);
        *signatures = valid(std::mem::take(signatures), primary, verify);
    }
    users.retain(|user| !user.signatures.is_empty());
    // Clients show the first user id as the name of the key.
    users.sort_by_key(|user| {
        (
            is_user_revoked(user),
            !newest_binding(&user.signatures).is_some_and(Signature::is_primary),
        )
    });
    users
}

fn subkeys(all: Vec<SignedPublicSubKey>, primary: &PublicKey) -> Vec<SignedPublicSubKey> {
    let mut subkeys: Vec<SignedPublicSubKey> = Vec::new();
    for subkey in all {
        match subkeys
            .iter_mut()
            .find(|known| known.key.fingerprint() == subkey.key.fingerprint())
        {
            Some(known) => known.signatures.extend(subkey.signatures),
            None => subkeys.push(subkey),
        }
    }
    for SignedPublicSubKey { key, signatures } in &mut subkeys {
        *signatures = valid(std::mem::take(signatures), primary, |signature| {
            verify_subkey(signature, primary, key)
        });
    }
    subkeys.retain(|subkey| !subkey.signatures.is_empty());
    subkeys
}

/// A subkey that signs must agree: else anybody could claim another's signing key as their own (section 5.2.1.9).
fn verify_subkey(
    signature: &Signature,
    primary: &PublicKey,
    subkey: &PublicSubkey,
) -> pgp::errors::Result<()> {
    signature.verify_subkey_binding(primary, subkey)?;
    if is_revocation(signature) || !signature.key_flags().sign() {
        return Ok(());
    }
    match signature.embedded_signature() {
        Some(consent) => consent.verify_primary_key_binding(subkey, primary),
        None => Err(pgp::errors::Error::MissingKey),
    }
}

/// The signatures by the primary key that verify: each once, the newest first, [`KEPT`] of each kind.
fn valid(
    mut signatures: Vec<Signature>,
    primary: &PublicKey,
    verify: impl Fn(&Signature) -> pgp::errors::Result<()>,
) -> Vec<Signature> {
    let mut kept: Vec<Signature> = Vec::new();
    let (mut bindings, mut revocations) = (0, 0);
    // The hash decides between signatures of the same second, so that the order of merging does not.
    signatures
        .sort_by_key(|signature| (Reverse(signature.created()), signature.signed_hash_value()));
    for signature in signatures {
        let count = if is_revocation(&signature) {
            &mut revocations
        } else {
            &mut bindings
        };
        let wanted = *count < KEPT && is_for_everybody(&signature);
        let known = || {
            kept.iter()
                .any(|known| known.signature() == signature.signature())
        };
        if wanted && !known() && verify(&signature).is_ok() {
            *count += 1;
            kept.extend(without_unsigned(&signature, primary));
        }
    }
    kept
}

/// Whether a signature tells when it was made and is not marked as for the owner's own key ring only.
fn is_for_everybody(signature: &Signature) -> bool {
    signature.created().is_some() && signature.exportable_certification()
}

/// The signature without what anybody could have added to it. What stays proves itself, once each: who made it,
/// and the consent of a subkey.
fn without_unsigned(signature: &Signature, primary: &PublicKey) -> Option<Signature> {
    let mut config = signature.config()?.clone();
    let consent = signature.embedded_signature();
    let (id, fingerprint) = (primary.legacy_key_id(), primary.fingerprint());
    config
        .unhashed_subpackets
        .retain(|Subpacket { data, .. }| match data {
            SubpacketData::IssuerKeyId(issuer) => *issuer == id,
            SubpacketData::IssuerFingerprint(issuer) => *issuer == fingerprint,
            SubpacketData::EmbeddedSignature(embedded) => {
                consent == Some(&**embedded) && signature.key_flags().sign()
            }
            _ => false,
        });
    config
        .unhashed_subpackets
        .sort_by_key(|subpacket| subpacket.typ().as_u8(false));
    config
        .unhashed_subpackets
        .dedup_by_key(|subpacket| subpacket.typ());
    Signature::from_config(
        config,
        signature.signed_hash_value()?,
        signature.signature()?.clone(),
    )
    .ok()
}

fn is_revocation(signature: &Signature) -> bool {
    matches!(
        signature.typ(),
        Some(
            SignatureType::KeyRevocation
                | SignatureType::SubkeyRevocation
                | SignatureType::CertRevocation
        )
    )
}
