//! Section `metrics`.
use std::{net::SocketAddr, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Secret, ensure};

/// The numbers for Prometheus, at `/metrics`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Who may read them.
    pub access: MetricsAccess,
    /// What Prometheus shows as its bearer token; at least 32 bytes.
    pub token: Option<Secret>,
    /// The file that holds `metrics.token`.
    pub token_file: Option<PathBuf>,
    /// An address and port of their own, such as one that only the cluster reaches: plain HTTP, and nothing but `/metrics`, which
    /// `http.listen` does not answer then.
    #[schemars(title = "address and port such as 127.0.0.1:9090")]
    pub listen: Option<SocketAddr>,
}

/// Who may read the numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetricsAccess {
    /// Nobody.
    Off,
    /// Whoever shows `metrics.token`, or a token of a site administrator.
    #[default]
    Token,
    /// Everybody.
    Public,
}

impl Metrics {
    pub(super) fn validate(&self) -> Result<(), Fault> {
        let strong = self.token.as_ref().is_none_or(Secret::is_strong);
        ensure(strong, "metrics.token", "must be at least 32 bytes long")
    }
}
