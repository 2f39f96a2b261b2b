//! Labels that images carry.
use async_graphql::Object;

use crate::registry::Counted;

/// A key of labels that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct LabelKey(Counted);

impl From<Counted> for LabelKey {
    fn from(row: Counted) -> Self {
        Self(row)
    }
}

/// A key of labels on images that you may see.
#[Object]
impl LabelKey {
    /// The key, such as `org.opencontainers.image.version`.
    async fn key(&self) -> &str {
        &self.0.word
    }

    /// How many images that you may see carry it.
    async fn image_count(&self) -> u64 {
        self.0.things.unsigned_abs()
    }
}

/// A value of a label that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct LabelValue(Counted);

impl From<Counted> for LabelValue {
    fn from(row: Counted) -> Self {
        Self(row)
    }
}

/// A value that a label has on images that you may see.
#[Object]
impl LabelValue {
    /// The value; may be empty.
    async fn value(&self) -> &str {
        &self.0.word
    }

    /// How many images that you may see carry it under this key.
    async fn image_count(&self) -> u64 {
        self.0.things.unsigned_abs()
    }
}
