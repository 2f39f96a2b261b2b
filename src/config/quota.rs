//! Section `quota`.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ByteSize;

/// How much may be kept, unless an administrator has given a namespace, a user or the site a quota of its own.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quota {
    /// What one namespace may hold.
    pub namespace: QuotaLimits,
    /// What all namespaces of one user may hold together. Those of teams do not count.
    pub user: QuotaLimits,
    /// What the whole site may hold.
    pub site: QuotaLimits,
}

/// How much something may hold.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuotaLimits {
    /// The sum of the sizes of all images, whether or not they share bytes. When absent, any size.
    pub size: Option<ByteSize>,
    /// How many images, and manifests that describe no SIF image. When absent, any number.
    pub images: Option<u64>,
}
