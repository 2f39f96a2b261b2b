//! Section `log`.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The form of a log line.
    pub format: Format,
    /// Which lines are written: a level (`error`, `warn`, `info`, `debug`, `trace`), or levels per module as in
    /// `info,sifhub::storage=debug`.
    pub filter: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Text for people.
    #[default]
    Pretty,
    /// One JSON object per line, for log collectors.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: Format::default(),
            // The libraries tell of every connection and of every odd key that somebody pushes.
            filter: "info,pgp=error,poem=warn,sea_orm_migration=warn".into(),
        }
    }
}
