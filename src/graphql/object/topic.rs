//! Topics.
use async_graphql::Object;

use crate::registry::topic;

/// A topic that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Topic(topic::Counted);

impl From<topic::Counted> for Topic {
    fn from(row: topic::Counted) -> Self {
        Self(row)
    }
}

/// A word that is on containers which you may see.
#[Object]
impl Topic {
    /// The word: lower-case letters and digits, joined by `-`.
    async fn name(&self) -> &str {
        &self.0.topic
    }

    /// How many containers that you may see have it.
    async fn container_count(&self) -> u64 {
        self.0.containers.unsigned_abs()
    }
}
