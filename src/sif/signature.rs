//! Signatures: who signed what. Nothing is verified here.

use std::io;

use data_encoding::HEXUPPER;
use serde::{Deserialize, Serialize};

use super::bytes::{field, i32_at};
use super::descriptor::{Entry, Kind, Link};
use super::partition::of;
use super::source::{Image, ReadAt};

/// So many signatures are looked into; of more only the descriptor is read.
const MAX_LOOKED_INTO: usize = 256;
/// Its first bytes tell how a signature is made.
const PREFIX: u64 = 1024;

const CLEAR_SIGNED: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
const LEGACY: &[u8] = b"\n\nSIFHASH:";

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureKind {
    /// Clear-signed text of OpenPGP about a list of digests.
    PgpClearsign,
    /// A DSSE envelope, signed with a key that is not of OpenPGP.
    Dsse,
    /// Clear-signed text of OpenPGP about one digest, as before Singularity 3.6.
    Legacy,
    /// Something else.
    Unknown,
}

impl SignatureKind {
    fn of(prefix: &[u8]) -> Self {
        if !prefix.starts_with(CLEAR_SIGNED) {
            let dsse = prefix.trim_ascii_start().starts_with(b"{");
            return if dsse { Self::Dsse } else { Self::Unknown };
        }
        let unix: Vec<u8> = prefix
            .iter()
            .copied()
            .filter(|byte| *byte != b'\r')
            .collect();
        let legacy = unix.windows(LEGACY.len()).any(|window| window == LEGACY);
        if legacy {
            Self::Legacy
        } else {
            Self::PgpClearsign
        }
    }
}

/// A signature within an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Number of the object.
    pub id: u32,
    /// The hash that is signed: `sha256`, `sha384`, `sha512`, `blake2s-256`, `blake2b-256` or `unknown`.
    pub hash: String,
    /// The fingerprint of the OpenPGP key that the image names: 40 upper-case hexadecimal digits.
    pub fingerprint: Option<String>,
    /// How it is written.
    pub kind: SignatureKind,
    /// What it signs.
    pub signs: Option<Link>,
}

/// All signatures, in the order of their descriptors.
pub(super) async fn signatures<S: ReadAt + ?Sized>(
    image: &Image<'_, S>,
    entries: &[Entry],
) -> io::Result<Vec<Signature>> {
    let mut found = Vec::new();
    for entry in of(entries, Kind::Signature) {
        let kind = match found.len() {
            0..MAX_LOOKED_INTO => {
                SignatureKind::of(&image.prefix(&entry.descriptor, PREFIX).await?)
            }
            _ => SignatureKind::Unknown,
        };
        found.push(signature(entry, kind));
    }
    Ok(found)
}

fn signature(entry: &Entry, kind: SignatureKind) -> Signature {
    let entity: [u8; 20] = field(&entry.extra, 4);
    Signature {
        id: entry.descriptor.id,
        hash: hash(i32_at(&entry.extra, 0)).into(),
        fingerprint: (entity != [0; 20]).then(|| HEXUPPER.encode(&entity)),
        kind,
        signs: entry.descriptor.link,
    }
}

fn hash(code: i32) -> &'static str {
    match code {
        1 => "sha256",
        2 => "sha384",
        3 => "sha512",
        4 => "blake2s-256",
        5 => "blake2b-256",
        _ => "unknown",
    }
}
