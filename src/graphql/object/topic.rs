//! Topics.
use async_graphql::Object;

use crate::registry::Counted;

/// A topic that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Topic(Counted);

impl From<Counted> for Topic {
    fn from(row: Counted) -> Self {
        Self(row)
    }
}

/// A word that is on containers which you may see.
#[Object]
impl Topic {
    /// The word: lower-case letters and digits, joined by `-`.
    async fn name(&self) -> &str {
        &self.0.word
    }

    /// How many containers that you may see have it.
    async fn container_count(&self) -> u64 {
        self.0.things.unsigned_abs()
    }
}
