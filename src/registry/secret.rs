//! The server's secret, and what is made with it: hashes of tokens, and signatures of capabilities.
use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac, rand};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use super::jwt::Signer;

/// Keys derived from the configured secret, one a purpose, so that what is made for one is worth nothing for another.
#[derive(Clone)]
pub struct Secret {
    tokens: hmac::Key,
    sessions: hmac::Key,
    uploads: hmac::Key,
    setup: hmac::Key,
    passwords: hmac::Key,
    registry_tokens: Signer,
    refresh_tokens: Signer,
}

impl Secret {
    /// Derives the keys. The same bytes give the same keys, so replicas that share them understand each other.
    pub fn new(bytes: &[u8]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let bytes = |purpose: &str| hmac::sign(&root, purpose.as_bytes());
        let derive = |purpose| hmac::Key::new(hmac::HMAC_SHA256, bytes(purpose).as_ref());
        let signer = |purpose| Signer::new(bytes(purpose).as_ref());
        Self {
            tokens: derive("sifhub token"),
            sessions: derive("sifhub session"),
            uploads: derive("sifhub upload"),
            setup: derive("sifhub setup"),
            passwords: derive("sifhub password"),
            registry_tokens: signer("sifhub registry token"),
            refresh_tokens: signer("sifhub refresh token"),
        }
    }

    /// How a token is stored: 64 hex digits.
    pub(in crate::registry) fn hash_token(&self, token: &str) -> String {
        HEXLOWER.encode(hmac::sign(&self.tokens, token.as_bytes()).as_ref())
    }

    /// How a session's cookie is stored: 64 hex digits.
    pub(in crate::registry) fn hash_session(&self, cookie: &str) -> String {
        HEXLOWER.encode(hmac::sign(&self.sessions, cookie.as_bytes()).as_ref())
    }

    /// The form token of a browser session; it proves that a form was served to that session.
    pub(in crate::registry) fn form_token(&self, cookie: &str) -> String {
        BASE64URL_NOPAD
            .encode(hmac::sign(&self.sessions, format!("form {cookie}").as_bytes()).as_ref())
    }

    /// What lets its holder upload one part.
    pub(in crate::registry) fn sign_upload(&self, what: &str) -> String {
        BASE64URL_NOPAD.encode(hmac::sign(&self.uploads, what.as_bytes()).as_ref())
    }

    /// What stands for a password in a signed token: another one as soon as the password is changed.
    pub(in crate::registry) fn password_mark(&self, password_hash: &str) -> String {
        BASE64URL_NOPAD
            .encode(&hmac::sign(&self.passwords, password_hash.as_bytes()).as_ref()[..16])
    }

    /// Signs registry tokens.
    pub(in crate::registry) fn registry_tokens(&self) -> &Signer {
        &self.registry_tokens
    }

    /// Signs what a registry token is renewed with.
    pub(in crate::registry) fn refresh_tokens(&self) -> &Signer {
        &self.refresh_tokens
    }

    /// The one-time word of the first start.
    pub(in crate::registry) fn setup_word(&self) -> String {
        BASE64URL_NOPAD.encode(&hmac::sign(&self.setup, b"first administrator").as_ref()[..24])
    }
}

/// Whether two texts are equal, in a time that depends only on their lengths.
pub(in crate::registry) fn same(left: &str, right: &str) -> bool {
    verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}

/// `N` random bytes as URL-safe text.
pub(in crate::registry) fn random_text<const N: usize>() -> String {
    BASE64URL_NOPAD.encode(&random_bytes::<N>())
}

/// `N` random bytes.
pub(in crate::registry) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the operating system gives random numbers");
    bytes
}
