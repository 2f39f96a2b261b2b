use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256, SHA512, digest};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The name of a blob: what its bytes hash to, in the form `sha256:<64 lower-case hex digits>` or
/// `sha512:<128 lower-case hex digits>` (OCI image-spec, "Digests").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(Value);

/// One variant for each algorithm, so that a longer digest is one variant more and no caller sees it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Value {
    Sha256([u8; 32]),
    Sha512([u8; 64]),
}

/// What bytes are hashed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// What everything here is hashed with.
    Sha256,
    /// What some clients ask for besides.
    Sha512,
}

impl Algorithm {
    /// Begins a hash.
    pub(super) fn context(self) -> Context {
        Context::new(match self {
            Self::Sha256 => &SHA256,
            Self::Sha512 => &SHA512,
        })
    }
}

impl Digest {
    /// Hashes bytes that are at hand. Large ones belong in a [`super::Writer`], which hashes beside the request.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_sha256(&digest(&SHA256, bytes))
    }

    /// Hashes bytes that are at hand with the algorithm of this digest, so that the two can be compared.
    pub fn same_of(&self, bytes: &[u8]) -> Self {
        let mut hash = self.kind().context();
        hash.update(bytes);
        Self::finish(hash)
    }

    /// Takes over a finished SHA-256.
    pub(super) fn from_sha256(sum: &aws_lc_rs::digest::Digest) -> Self {
        Self(Value::Sha256(
            sum.as_ref().try_into().expect("a SHA-256 has 32 bytes"),
        ))
    }

    /// Ends a hash.
    pub(super) fn finish(hash: Context) -> Self {
        let sum = hash.finish();
        match sum.as_ref().try_into() {
            Ok(bytes) => Self(Value::Sha512(bytes)),
            Err(_) => Self::from_sha256(&sum),
        }
    }

    /// The algorithm.
    pub fn kind(&self) -> Algorithm {
        match self.0 {
            Value::Sha256(_) => Algorithm::Sha256,
            Value::Sha512(_) => Algorithm::Sha512,
        }
    }

    /// The algorithm's registered name: `"sha256"` or `"sha512"`.
    pub fn algorithm(&self) -> &'static str {
        match self.0 {
            Value::Sha256(_) => "sha256",
            Value::Sha512(_) => "sha512",
        }
    }

    /// The digits alone, lower-case.
    pub fn hex(&self) -> String {
        HEXLOWER.encode(self.bytes())
    }

    /// The raw digest.
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Value::Sha256(bytes) => bytes,
            Value::Sha512(bytes) => bytes,
        }
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let value = text.split_once(':').and_then(|(algorithm, hex)| {
            let bytes = HEXLOWER.decode(hex.as_bytes()).ok()?;
            match algorithm {
                "sha256" => bytes.try_into().ok().map(Value::Sha256),
                "sha512" => bytes.try_into().ok().map(Value::Sha512),
                _ => None,
            }
        });
        value.map(Self).ok_or_else(|| {
            let why = "expected `sha256:` and 64 lower-case hex digits, or `sha512:` and 128";
            Error::invalid("digest", why)
        })
    }
}

impl TryFrom<String> for Digest {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.algorithm(), self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}
