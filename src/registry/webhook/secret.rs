//! What deliveries are signed with, as Standard Webhooks has it: `whsec_` and base64 of 24 to 64 bytes.
use data_encoding::BASE64;

use super::super::{Caller, WebhookId, secret::random_bytes};
use crate::error::{Error, Result};

const PREFIX: &str = "whsec_";

/// A new secret.
pub(super) fn generate() -> String {
    format!("{PREFIX}{}", BASE64.encode(&random_bytes::<32>()))
}

/// The key that a secret stands for.
///
/// # Errors
/// [`Error::Invalid`] for what is none.
pub(super) fn key(secret: &str) -> Result<Vec<u8>> {
    let bytes = secret.strip_prefix(PREFIX);
    let bytes = bytes.and_then(|text| BASE64.decode(text.as_bytes()).ok());
    bytes
        .filter(|bytes| (24..=64).contains(&bytes.len()))
        .ok_or_else(|| Error::invalid("secret", "must be whsec_ and 24 to 64 bytes in base64"))
}

/// As it is kept. Only this server can open it, and only as the secret of this webhook.
pub(super) fn seal(caller: &Caller, id: WebhookId, secret: &str) -> String {
    BASE64.encode(&caller.secret().seal(&context(id), secret.as_bytes()))
}

/// What [`seal`] sealed.
///
/// # Errors
/// [`Error::Internal`] when the server's secret is another one now.
pub(super) fn open(caller: &Caller, id: WebhookId, sealed: &str) -> Result<Vec<u8>> {
    let bytes = BASE64.decode(sealed.as_bytes()).ok();
    let secret = bytes.and_then(|bytes| caller.secret().unseal(&context(id), bytes));
    let secret = secret.and_then(|bytes| String::from_utf8(bytes).ok());
    let lost = || anyhow::anyhow!("the secret of webhook {id} was sealed under another secret key");
    key(&secret.ok_or_else(lost)?)
}

fn context(id: WebhookId) -> String {
    format!("webhook {id}")
}
