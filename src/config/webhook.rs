//! Section `webhook`.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, Network};

/// How events are told to other servers.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhook {
    /// Private addresses that may be told of events nevertheless, such as those of your own network. Without this, only
    /// public addresses are.
    pub allow_private: Vec<Network>,
    /// How long one delivery may take.
    pub timeout: Duration,
    /// The pause after the first delivery that failed. It doubles with each further one, up to an hour.
    pub first_retry: Duration,
    /// When a delivery that never arrived is given up.
    pub give_up_after: Duration,
    /// When a webhook is switched off to which nothing has arrived.
    pub disable_after: Duration,
    /// How long the log of deliveries is kept.
    pub log_retention: Duration,
    /// The most webhooks of one namespace, collection or container, and of the site.
    #[schemars(range(min = 1))]
    pub max_per_place: u32,
}

impl Default for Webhook {
    fn default() -> Self {
        Self {
            allow_private: Vec::new(),
            timeout: Duration::from_secs(10),
            first_retry: Duration::from_secs(10),
            give_up_after: Duration::from_days(1),
            disable_after: Duration::from_days(3),
            log_retention: Duration::from_days(30),
            max_per_place: 20,
        }
    }
}
