//! Section `keyserver`.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ByteSize;

/// The server of PGP public keys.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keyserver {
    /// The largest key that is taken.
    pub max_key_size: ByteSize,
    /// How often one account may submit keys in an hour; keys that are refused count.
    pub submissions_per_hour: u32,
}

impl Default for Keyserver {
    fn default() -> Self {
        Self {
            max_key_size: ByteSize::from_kib(256),
            submissions_per_hour: 60,
        }
    }
}
