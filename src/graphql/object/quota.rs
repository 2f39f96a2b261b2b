//! Quotas.
use async_graphql::SimpleObject;

use crate::{graphql::scalar::Bytes, registry::quota};

/// How much something may hold, and how much of that is used. What is in the trash does not count; what shares its bytes
/// counts each time.
#[derive(SimpleObject)]
pub(in crate::graphql) struct Quota {
    /// The most bytes; null: any number.
    limit_bytes: Option<Bytes>,
    /// The sum of the sizes of all images, and of the manifests that describe no SIF image, in bytes.
    used_bytes: Bytes,
    /// The most images and manifests; null: any number.
    limit_images: Option<u64>,
    /// How many images there are, and manifests that describe no SIF image.
    used_images: u64,
    /// Whether the limit of bytes is the default of this server, rather than one that an administrator gave.
    default_bytes: bool,
    /// Whether the limit of images is the default of this server, rather than one that an administrator gave.
    default_images: bool,
    /// Whether 85 % of a limit are used, or more.
    nearly_full: bool,
}

impl From<quota::Quota> for Quota {
    fn from(quota: quota::Quota) -> Self {
        Self {
            limit_bytes: quota.limits.bytes.map(i64::unsigned_abs).map(Bytes),
            used_bytes: Bytes(quota.used.bytes.unsigned_abs()),
            limit_images: quota.limits.images.map(i64::unsigned_abs),
            used_images: quota.used.images.unsigned_abs(),
            default_bytes: quota.default_bytes,
            default_images: quota.default_images,
            nearly_full: quota.is_nearly_full(),
        }
    }
}
