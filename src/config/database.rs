//! Section `database`.
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DatabaseUrl, Duration};

/// Where names, accounts and events are kept.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// The database. When absent, it is the SQLite file `sifhub.db` in `data_dir`, made when it does not exist. Several
    /// replicas need PostgreSQL.
    pub url: Option<DatabaseUrl>,
    /// The file that holds `database.url`.
    pub url_file: Option<PathBuf>,
    /// How many connections may be open at a time.
    #[schemars(range(min = 1))]
    pub max_connections: u32,
    /// How long a request waits for a connection before it fails.
    pub connect_timeout: Duration,
    /// How long a write waits for another write to finish. SQLite only.
    pub busy_timeout: Duration,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: None,
            url_file: None,
            max_connections: 16,
            connect_timeout: Duration::from_secs(10),
            busy_timeout: Duration::from_secs(5),
        }
    }
}
