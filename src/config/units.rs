//! Amounts as people write them: `64 MiB`, `90d`.
use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{Fault, ensure};

/// Names of byte units and what they stand for, in the order in which [`ByteSize`]'s `Display` tries them.
const BYTES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// Names of time units and their milliseconds, largest first.
const MILLISECONDS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// A number of bytes, written as `64 MiB`, `5 GB` or `1048576`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "Amount", into = "String")]
pub struct ByteSize(u64);

/// A length of time in whole milliseconds, written as `90d`, `12h`, `15m`, `30s` or `500ms`.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, title = "duration such as 90d, 12h, 15m or 30s", extend("pattern" = r"^\s*[0-9]+\s*(ms|s|m|h|d)\s*$"))]
pub struct Duration(u64);

/// What a byte size is read from.
#[derive(Deserialize)]
#[serde(untagged)]
enum Amount {
    Number(u64),
    Text(String),
}

impl ByteSize {
    /// A size in bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// A size in units of 1024 bytes.
    pub const fn from_kib(kib: u64) -> Self {
        Self(kib << 10)
    }

    /// A size in units of 1024 KiB.
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib << 20)
    }

    /// The size in bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl Duration {
    /// A duration in milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A duration in seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1_000)
    }

    /// A duration in minutes.
    pub const fn from_mins(mins: u64) -> Self {
        Self::from_secs(mins * 60)
    }

    /// A duration in hours.
    pub const fn from_hours(hours: u64) -> Self {
        Self::from_mins(hours * 60)
    }

    /// A duration in days of 24 hours.
    pub const fn from_days(days: u64) -> Self {
        Self::from_hours(days * 24)
    }

    /// The duration as the standard library has it.
    pub const fn get(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0)
    }

    /// Succeeds if the duration, the value of `key`, is longer than nothing.
    pub(super) fn ensure_positive(self, key: &'static str) -> Result<(), Fault> {
        ensure(self.0 > 0, key, "must be longer than 0s")
    }
}

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let amount = amount(text, &BYTES, "B").map(Self);
        amount.ok_or_else(|| format!("`{text}` is no size such as 64 MiB or 5 GB"))
    }
}

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let amount = amount(text, &MILLISECONDS, "").map(Self);
        amount.ok_or_else(|| format!("`{text}` is no duration such as 90d, 12h, 15m or 30s"))
    }
}

/// Reads a whole number and the unit behind it; a number without one has the `bare` unit.
fn amount(text: &str, units: &[(&str, u64)], bare: &str) -> Option<u64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = (&text[..end], text[end..].trim_start());
    let unit = if unit.is_empty() { bare } else { unit };
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The largest of the units that leaves a whole number, and that number.
fn largest(amount: u64, units: &[(&'static str, u64)]) -> (u64, &'static str) {
    let fits = |factor: u64| amount >= factor && amount.is_multiple_of(factor);
    let unit = units.iter().find(|(_, factor)| fits(*factor));
    unit.map_or((amount, ""), |(name, factor)| (amount / factor, name))
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match largest(self.0, &BYTES) {
            (number, "") => write!(f, "{number} B"),
            (number, unit) => write!(f, "{number} {unit}"),
        }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match largest(self.0, &MILLISECONDS) {
            (number, "") => write!(f, "{number}s"),
            (number, unit) => write!(f, "{number}{unit}"),
        }
    }
}

impl TryFrom<Amount> for ByteSize {
    type Error = String;

    fn try_from(amount: Amount) -> Result<Self, String> {
        match amount {
            Amount::Number(bytes) => Ok(Self(bytes)),
            Amount::Text(text) => text.parse(),
        }
    }
}

impl TryFrom<String> for Duration {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ByteSize> for String {
    fn from(size: ByteSize) -> Self {
        size.to_string()
    }
}

impl From<Duration> for String {
    fn from(duration: Duration) -> Self {
        duration.to_string()
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        duration.get()
    }
}

impl JsonSchema for ByteSize {
    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "size such as 64 MiB or 5 GB",
            "type": ["integer", "string"],
            "minimum": 0,
            "pattern": r"^\s*[0-9]+\s*([KMGT]iB|[kMGT]?B)?\s*$",
        })
    }
}
