//! Text that is never shown.
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What stands in the place of a secret.
pub(super) const MASK: &str = "********";

/// The fewest bytes of a secret that keys a MAC.
const STRONG: usize = 32;

/// Text that is never shown: debug-printing or serialising it writes asterisks.
#[derive(Clone, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(from = "String", into = "String")]
#[schemars(inline, title = "text", extend("writeOnly" = true))]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether the text is long enough to key a MAC.
    pub(super) fn is_strong(&self) -> bool {
        self.0.len() >= STRONG
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Secret> for String {
    /// The mask: nothing that serialises a configuration reveals the text.
    fn from(_: Secret) -> Self {
        MASK.into()
    }
}
