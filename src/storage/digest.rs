use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The name of a blob: what its bytes hash to, in the form `sha256:<64 lower-case hex digits>`
/// (OCI image-spec, "Digests").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(Value);

/// One variant for each algorithm, so that a longer digest is one variant more and no caller sees it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Value {
    Sha256([u8; 32]),
}

impl Digest {
    /// Hashes bytes that are at hand. Large ones belong in a [`super::Writer`], which hashes beside the request.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_sha256(&digest(&SHA256, bytes))
    }

    /// Takes over a finished SHA-256.
    pub(super) fn from_sha256(sum: &aws_lc_rs::digest::Digest) -> Self {
        Self(Value::Sha256(
            sum.as_ref().try_into().expect("a SHA-256 has 32 bytes"),
        ))
    }

    /// The algorithm's registered name: `"sha256"`.
    pub fn algorithm(&self) -> &'static str {
        match self.0 {
            Value::Sha256(_) => "sha256",
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
        }
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.strip_prefix("sha256:")
            .and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .map(|bytes| Self(Value::Sha256(bytes)))
            .ok_or_else(|| {
                Error::invalid("digest", "expected `sha256:` and 64 lower-case hex digits")
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
