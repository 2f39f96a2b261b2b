//! The configuration: what can be set, where each value came from, and how it is described.
//!
//! Defaults, `sifhub.toml`, the environment and flags are joined, in this order, into one typed [`Config`]; the JSON Schema
//! and the documentation page are derived from the same struct. Nothing here opens a database, a store or a socket, and no
//! other room reads the environment.
mod auth;
mod database;
mod docs;
mod folder;
mod graphql;
mod http;
mod key;
mod keyserver;
mod load;
mod log;
mod metrics;
mod network;
mod print;
mod quota;
mod registry;
mod schema;
mod secret;
mod secret_key;
mod source;
mod storage;
#[cfg(test)]
mod tests;
mod units;
mod url;
mod webhook;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use auth::{Argon2, Auth};
pub use database::Database;
pub use docs::docs;
pub use folder::make_private;
pub use graphql::{Graphql, Introspection};
pub use http::{Http, Tls};
pub use keyserver::Keyserver;
pub use load::Loaded;
pub use log::{Format, Log};
pub use metrics::{Metrics, MetricsAccess};
pub use network::Network;
pub use quota::{Quota, QuotaLimits};
pub use registry::{NamespaceCreation, Registry, TeamCreation, Visibility};
pub use schema::schema;
pub use secret::Secret;
pub use source::{Flag, Sources};
pub use storage::{Backend, Fs, S3, Storage};
pub use units::{ByteSize, Duration};
pub use url::{DatabaseUrl, HttpUrl};
pub use webhook::Webhook;

/// The configuration of a sifhub server.
///
/// Serialising or debug-printing it masks the secrets.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The directory for what this server keeps by itself: its secret key and, unless told otherwise, the SQLite database
    /// and the blobs. A relative path starts at the working directory.
    pub data_dir: PathBuf,
    /// The address and behaviour of the HTTP server.
    pub http: Http,
    /// What is logged, and how.
    pub log: Log,
    /// Where names, accounts and events are kept.
    pub database: Database,
    /// Where the bytes of images are kept.
    pub storage: Storage,
    /// The rules of the image registry.
    pub registry: Registry,
    /// How much may be kept.
    pub quota: Quota,
    /// Passwords, sessions and tokens.
    pub auth: Auth,
    /// The server of PGP public keys.
    pub keyserver: Keyserver,
    /// The GraphQL interface.
    pub graphql: Graphql,
    /// How events are told to other servers.
    pub webhook: Webhook,
    /// The numbers for Prometheus, at `/metrics`.
    pub metrics: Metrics,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: "./data".into(),
            http: Http::default(),
            log: Log::default(),
            database: Database::default(),
            storage: Storage::default(),
            registry: Registry::default(),
            quota: Quota::default(),
            auth: Auth::default(),
            keyserver: Keyserver::default(),
            graphql: Graphql::default(),
            webhook: Webhook::default(),
            metrics: Metrics::default(),
        }
    }
}

impl Config {
    /// The database to open: `database.url`, or an SQLite file in the data directory.
    pub fn database_url(&self) -> DatabaseUrl {
        let chosen = self.database.url.clone();
        chosen.unwrap_or_else(|| DatabaseUrl::sqlite(&self.data_dir.join("sifhub.db")))
    }

    /// The directory of the `fs` backend: `storage.fs.root`, or `blobs` in the data directory.
    pub fn blob_root(&self) -> PathBuf {
        let chosen = self.storage.fs.root.clone();
        chosen.unwrap_or_else(|| self.data_dir.join("blobs"))
    }

    /// Checks what no single value shows: limits, and keys that need each other.
    fn validate(&self) -> Result<(), Fault> {
        self.http.validate()?;
        self.storage.validate()?;
        self.registry.validate()?;
        self.auth.validate()?;
        self.metrics.validate()?;
        self.graphql.validate()
    }
}

/// A value that has the right type and is wrong nevertheless.
#[derive(Debug)]
struct Fault {
    /// The dotted key.
    key: &'static str,
    /// What it has to be, as in "must be at least 5 MiB".
    why: String,
}

/// Succeeds if the value of `key` is `good`; `why` says what it has to be.
fn ensure(good: bool, key: &'static str, why: impl Into<String>) -> Result<(), Fault> {
    if good {
        Ok(())
    } else {
        Err(Fault {
            key,
            why: why.into(),
        })
    }
}
