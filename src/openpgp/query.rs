//! What a client looks for on a key server.
use std::str::FromStr;

use crate::error::{Error, Result};

/// The shortest and the longest text that is searched for, in characters.
const TEXT: std::ops::RangeInclusive<usize> = 3..=256;

/// The `search` term of HKP, understood.
///
/// Hex digits are stored in upper case. `0x` before them is optional where their number says enough:
///
/// | digits | with `0x` | without |
/// |---|---|---|
/// | 8 | short id | short id |
/// | 16, 32, 40, 64 | long id, fingerprint of version 3, 4, 6 | the same |
/// | 1–7, 9–15 | long id that lost its leading zeros | text |
/// | other | error | text |
///
/// Apptainer prints the key id of a signature as a number, so one in sixteen ids lacks a digit or more. A long id that
/// lost eight zeros reads as a short id and is found by it all the same, since a short id is the end of a long one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyQuery {
    /// 8 hex digits: the end of a long id. Anybody can make a key with a short id of their choice.
    ShortId(String),
    /// 16 hex digits: the id of a key or a subkey.
    LongId(String),
    /// 32 hex digits: the fingerprint of an obsolete key of version 3. Such keys are refused, so nothing matches.
    V3Fingerprint(String),
    /// 40 hex digits (version 4) or 64 (version 6): the fingerprint of a key or a subkey.
    Fingerprint(String),
    /// Anything else: a part of a user id, in any case. Trimmed, without control characters.
    Text(String),
}

impl FromStr for KeyQuery {
    type Err = Error;

    /// # Errors
    /// [`Error::Invalid`] for a hex number of a length that is no key's, and for text that is too short, too long or
    /// has control characters.
    fn from_str(term: &str) -> Result<Self> {
        let term = term.trim();
        let number = term.strip_prefix("0x").or_else(|| term.strip_prefix("0X"));
        let digits = number.unwrap_or(term);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return text(term);
        }
        let hex = digits.to_ascii_uppercase();
        match hex.len() {
            8 => Ok(Self::ShortId(hex)),
            16 => Ok(Self::LongId(hex)),
            32 => Ok(Self::V3Fingerprint(hex)),
            40 | 64 => Ok(Self::Fingerprint(hex)),
            _ if number.is_none() => text(term),
            1..16 => Ok(Self::LongId(format!("{hex:0>16}"))),
            _ => Err(invalid(
                "a key id has 8 or 16 hex digits, a fingerprint 40 or 64",
            )),
        }
    }
}

fn text(term: &str) -> Result<KeyQuery> {
    if term.chars().any(char::is_control) {
        return Err(invalid("it has control characters; search for plain text"));
    }
    if !TEXT.contains(&term.chars().count()) {
        return Err(invalid(format!(
            "a text needs {} to {} characters",
            TEXT.start(),
            TEXT.end()
        )));
    }
    Ok(KeyQuery::Text(term.to_owned()))
}

fn invalid(why: impl Into<String>) -> Error {
    Error::invalid("search", why)
}
