//! The machine-readable index of a key server: draft-shaw-openpgp-hkp-00 section 5.2, as Apptainer reads it.
use std::fmt::Write;

use chrono::{DateTime, Utc};

use super::{Certificate, UserId};

/// A key as it stands in an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// 40 or 64 upper hex digits; clients need at least 8.
    pub fingerprint: String,
    /// The number of the algorithm.
    pub algorithm: u8,
    /// The size in bits.
    pub bits: u32,
    /// When the key was made.
    pub created: DateTime<Utc>,
    /// When it stops being valid, if ever.
    pub expires: Option<DateTime<Utc>>,
    /// Whether its owner took it back.
    pub revoked: bool,
    /// Whether the key server itself holds it back.
    pub disabled: bool,
    /// Its names, in the order they are to be shown.
    pub user_ids: Vec<UserId>,
}

impl From<&Certificate> for IndexEntry {
    fn from(certificate: &Certificate) -> Self {
        Self {
            fingerprint: certificate.fingerprint.clone(),
            algorithm: certificate.algorithm,
            bits: certificate.bits,
            created: certificate.created,
            expires: certificate.expires,
            revoked: certificate.revoked,
            disabled: false,
            user_ids: certificate.user_ids.clone(),
        }
    }
}

/// Writes the index: a line `info:1:<keys>`, then for each key a line
/// `pub:<fingerprint>:<algorithm>:<bits>:<created>:<expires>:<flags>` and for each of its names a line
/// `uid:<name>:<created>:<expires>:<flags>`.
///
/// Times are seconds since 1970, empty for "never". Flags are any of `r` revoked, `d` disabled, `e` expired at `now`.
/// Every field is always there, since Apptainer indexes into the fields without looking how many there are, and the
/// count is exactly that of the `pub` lines, since it compares them.
#[must_use]
pub fn index(entries: &[IndexEntry], now: DateTime<Utc>) -> String {
    let mut lines = format!("info:1:{}\n", entries.len());
    for entry in entries {
        let IndexEntry {
            fingerprint,
            algorithm,
            bits,
            created,
            expires,
            revoked,
            disabled,
            user_ids,
        } = entry;
        let state = state(*created, *expires, [*revoked, *disabled], now);
        let _infallible = writeln!(lines, "pub:{fingerprint}:{algorithm}:{bits}:{state}");
        for UserId {
            text,
            created,
            expires,
            revoked,
        } in user_ids
        {
            let state = self::state(*created, *expires, [*revoked, false], now);
            let _infallible = writeln!(lines, "uid:{}:{state}", encode(text));
        }
    }
    lines
}

fn state(
    created: DateTime<Utc>,
    expires: Option<DateTime<Utc>>,
    [revoked, disabled]: [bool; 2],
    now: DateTime<Utc>,
) -> String {
    let over = expires.is_some_and(|end| end <= now);
    let expires = expires
        .map(|end| end.timestamp().to_string())
        .unwrap_or_default();
    let flags: String = [(revoked, 'r'), (disabled, 'd'), (over, 'e')]
        .into_iter()
        .filter_map(|(set, flag)| set.then_some(flag))
        .collect();
    format!("{}:{expires}:{flags}", created.timestamp())
}

/// Encodes a name so that it is one field of one line in ASCII. `+` must go too: clients decode it to a space.
fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'%' | b'+' | b':' | ..b' ' | 0x7f.. => {
                let _infallible = write!(encoded, "%{byte:02X}");
            }
            _ => encoded.push(byte.into()),
        }
        encoded
    })
}
