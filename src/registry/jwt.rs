//! Signed claims as text: JSON Web Tokens (RFC 7519).
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::Result;

/// HS256 and nothing else, whatever a token says of itself.
const ALGORITHM: Algorithm = Algorithm::HS256;

/// Signs claims, and knows its own signature again.
#[derive(Clone)]
pub(in crate::registry) struct Signer {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Signer {
    /// Whoever has the same key signs alike.
    pub(in crate::registry) fn new(key: &[u8]) -> Self {
        let mut validation = Validation::new(ALGORITHM);
        validation.leeway = 0;
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            validation,
        }
    }

    /// The claims, signed. They need an `exp`, in seconds since 1970.
    pub(in crate::registry) fn sign(&self, claims: &impl Serialize) -> Result<String> {
        let text = encode(&Header::new(ALGORITHM), claims, &self.encoding);
        Ok(text.map_err(anyhow::Error::from)?)
    }

    /// The claims that were signed here, until they expire.
    pub(in crate::registry) fn read<T: DeserializeOwned>(&self, text: &str) -> Option<T> {
        let token = decode(text, &self.decoding, &self.validation);
        token.ok().map(|token| token.claims)
    }
}
