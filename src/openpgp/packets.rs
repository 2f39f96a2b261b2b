//! From bytes to keys, within bounds. Nothing is verified here.
use std::io::{BufRead, Read};

use pgp::composed::{PacketBodyReader, SignedKeyDetails, SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{Packet, PacketHeader, PacketParser, PublicKey, PublicSubkey, Signature};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, PacketLength, SignedUser, Tag};

use super::armor::{BEGIN, blocks};
use super::refusal::{at_most, damaged, invalid, private_key, too_large};
use crate::error::Result;

/// The largest input that is read, and the largest armored certificate that is made, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// The most certificates in one input.
pub const MAX_CERTIFICATES: usize = 16;
/// The most user ids on one certificate.
pub const MAX_USER_IDS: usize = 256;
/// The most subkeys on one certificate.
pub const MAX_SUBKEYS: usize = 64;

/// How much verifying one input is worth, in the units of [`cost`].
const MAX_COST: usize = 1024;
/// The most keys and subkeys worth parsing in one input, since DSA keys cost milliseconds already then.
const MAX_KEY_PACKETS: usize = 256;
/// The longest user id, in bytes; longer ones are skipped. `GnuPG` draws the line at the same place.
const MAX_USER_ID_BYTES: usize = 2048;
/// The longest key packet, in bytes. The largest key that is supported, RSA with 16384 bits, takes an eighth of it.
const MAX_KEY_BYTES: usize = 1 << 14;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Splits an input, binary or armored, into keys with those of their parts and signatures that are worth verifying.
///
/// # Errors
/// Too large past [`MAX_BYTES`]; invalid if there is no key, a private key, too much of anything, a version that is not
/// supported, or damage.
pub(super) fn keys(input: &[u8]) -> Result<Vec<SignedPublicKey>> {
    if input.len() > MAX_BYTES {
        return Err(too_large());
    }
    let input = input.strip_prefix(BYTE_ORDER_MARK).unwrap_or(input);
    let mut reader = Reader::default();
    if input.first().is_some_and(|first| first & 0x80 != 0) {
        reader.read(input)?;
    } else {
        for block in blocks(&String::from_utf8_lossy(input))? {
            reader.read(&block)?;
        }
    }
    reader.finish()
}

/// Checks that a certificate is within the bounds, so that what is written can be read again.
pub(super) fn check_size(key: &SignedPublicKey, armored: &str) -> Result<()> {
    let details = &key.details;
    let on_key = details.revocation_signatures.len() + details.direct_signatures.len();
    let on_users: usize = details.users.iter().map(|user| user.signatures.len()).sum();
    let by_subkeys = |subkey: &SignedPublicSubKey| {
        subkey.signatures.len() * cost(&key.primary_key, Some(&subkey.key))
    };
    let on_subkeys: usize = key.public_subkeys.iter().map(by_subkeys).sum();
    at_most(details.users.len(), MAX_USER_IDS, "user ids")?;
    at_most(key.public_subkeys.len(), MAX_SUBKEYS, "subkeys")?;
    check_cost((on_key + on_users) * cost(&key.primary_key, None) + on_subkeys)?;
    if armored.len() > MAX_BYTES {
        Err(too_large())
    } else {
        Ok(())
    }
}

/// Sorts packets into keys, as they come.
#[derive(Default)]
struct Reader {
    keys: Vec<SignedPublicKey>,
    part: Part,
    key_packets: usize,
    cost: usize,
    stray_signature: bool,
}

/// What the next signature is about.
#[derive(Default)]
enum Part {
    #[default]
    Key,
    User,
    Subkey,
    Skipped,
}

impl Reader {
    fn read(&mut self, bytes: &[u8]) -> Result<()> {
        // A block of its own that holds a revocation certificate belongs to the key in the block before.
        self.part = Part::Key;
        let mut packets = PacketParser::new(bytes);
        while let Some(packet) = packets.next_ref() {
            let (header, body) = packet.ok().and_then(whole).ok_or_else(damaged)?;
            self.take(header, &body)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<SignedPublicKey>> {
        if self.stray_signature {
            return Err(invalid(
                "there is a signature without a key; if it is a revocation certificate, import it into your key ring and \
                 send the key as it is exported then",
            ));
        }
        if self.keys.is_empty() {
            return Err(invalid(format!(
                "there is no key here; send one that begins with {BEGIN}"
            )));
        }
        Ok(self.keys)
    }

    fn take(&mut self, header: PacketHeader, body: &[u8]) -> Result<()> {
        match header.tag() {
            Tag::SecretKey | Tag::SecretSubkey => Err(private_key()),
            Tag::PublicKey => self.key(header, body),
            Tag::UserId => self.user(header, body),
            Tag::PublicSubkey => self.subkey(header, body),
            Tag::Signature => self.signature(header, body),
            // Photographs and the like are not served, so their signatures are of no use either.
            Tag::UserAttribute => {
                self.part = Part::Skipped;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn key(&mut self, header: PacketHeader, body: &[u8]) -> Result<()> {
        check_version(body)?;
        at_most(self.keys.len() + 1, MAX_CERTIFICATES, "keys")?;
        let Some(Packet::PublicKey(primary_key)) = self.key_packet(header, body)? else {
            return Err(invalid(
                "its primary key is damaged or of a kind that this server does not know",
            ));
        };
        let details = SignedKeyDetails::new(Vec::new(), Vec::new(), Vec::new(), Vec::new());
        self.keys.push(SignedPublicKey {
            primary_key,
            details,
            public_subkeys: Vec::new(),
        });
        self.part = Part::Key;
        Ok(())
    }

    fn user(&mut self, header: PacketHeader, body: &[u8]) -> Result<()> {
        self.part = Part::Skipped;
        let Some(key) = self.keys.last_mut() else {
            return Ok(());
        };
        if body.len() > MAX_USER_ID_BYTES {
            return Ok(());
        }
        at_most(key.details.users.len() + 1, MAX_USER_IDS, "user ids")?;
        if let Ok(Packet::UserId(id)) = Packet::from_reader(header, body) {
            key.details.users.push(SignedUser {
                id,
                signatures: Vec::new(),
            });
            self.part = Part::User;
        }
        Ok(())
    }

    fn subkey(&mut self, header: PacketHeader, body: &[u8]) -> Result<()> {
        self.part = Part::Skipped;
        let packet = self.key_packet(header, body)?;
        let Some(owner) = self.keys.last_mut() else {
            return Ok(());
        };
        at_most(owner.public_subkeys.len() + 1, MAX_SUBKEYS, "subkeys")?;
        if let Some(Packet::PublicSubkey(key)) = packet
            && key.version() == owner.primary_key.version()
        {
            owner.public_subkeys.push(SignedPublicSubKey {
                key,
                signatures: Vec::new(),
            });
            self.part = Part::Subkey;
        }
        Ok(())
    }

    fn key_packet(&mut self, header: PacketHeader, body: &[u8]) -> Result<Option<Packet>> {
        self.key_packets += 1;
        at_most(self.key_packets, MAX_KEY_PACKETS, "keys and subkeys")?;
        let packet = (body.len() <= MAX_KEY_BYTES).then(|| Packet::from_reader(header, body).ok());
        Ok(packet.flatten())
    }

    fn signature(&mut self, header: PacketHeader, body: &[u8]) -> Result<()> {
        let Some(key) = self.keys.last_mut() else {
            self.stray_signature = true;
            return Ok(());
        };
        let Ok(Packet::Signature(signature)) = Packet::from_reader(header, body) else {
            return Ok(());
        };
        if !is_by(&signature, &key.primary_key) {
            return Ok(());
        }
        let (signatures, subkey) = match (
            &self.part,
            key.details.users.last_mut(),
            key.public_subkeys.last_mut(),
        ) {
            (Part::Key, ..) => (&mut key.details.direct_signatures, None),
            (Part::User, Some(user), _) => (&mut user.signatures, None),
            (Part::Subkey, _, Some(subkey)) => (&mut subkey.signatures, Some(&subkey.key)),
            _ => return Ok(()),
        };
        signatures.push(signature);
        self.cost += cost(&key.primary_key, subkey);
        check_cost(self.cost)
    }
}

/// What verifying one signature costs, in units of about a millisecond at most. The time grows with the square of the
/// size of the key, and a subkey may have to be asked, too.
fn cost(primary: &PublicKey, subkey: Option<&PublicSubkey>) -> usize {
    let of = |bytes: usize| 1 + (bytes / 512).pow(2);
    of(primary.write_len()) + subkey.map_or(0, |subkey| of(subkey.write_len()))
}

fn check_cost(cost: usize) -> Result<()> {
    if cost > MAX_COST {
        return Err(invalid(
            "it has too many signatures for keys of this size; send fewer",
        ));
    }
    Ok(())
}

/// The header and the whole body of a packet, or nothing if its length is not told beforehand (which is for messages,
/// RFC 9580 section 4.2.1.4) or the body ends early.
fn whole(mut packet: PacketBodyReader<impl BufRead>) -> Option<(PacketHeader, Vec<u8>)> {
    let header = packet.packet_header();
    let mut body = Vec::new();
    match header.packet_length() {
        PacketLength::Fixed(_) => packet.read_to_end(&mut body).ok().map(|_| (header, body)),
        PacketLength::Partial(_) | PacketLength::Indeterminate => None,
    }
}

/// Whether a signature says that the key made it, or does not say who did. Other people's signatures are the stuff of
/// flooding attacks and are dropped before they cost anything.
fn is_by(signature: &Signature, key: &impl KeyDetails) -> bool {
    let (ids, fingerprints) = (signature.issuer_key_id(), signature.issuer_fingerprint());
    ids.is_empty() && fingerprints.is_empty()
        || ids.contains(&&key.legacy_key_id())
        || fingerprints.contains(&&key.fingerprint())
}

fn check_version(key: &[u8]) -> Result<()> {
    match key.first() {
        Some(4 | 6) => Ok(()),
        Some(version @ (2 | 3)) => Err(invalid(format!(
            "keys of version {version} are obsolete and no longer safe; make a new key and send that"
        ))),
        Some(version) => Err(invalid(format!(
            "keys of version {version} are not supported; send one of version 4 or 6"
        ))),
        None => Err(damaged()),
    }
}
