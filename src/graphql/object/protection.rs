//! What keeps tags where they are, and containers as they are.
use async_graphql::{Context, Object, Result};
use chrono::{DateTime, Utc};

use super::User;
use crate::{graphql::loader::load, registry::protection};

/// What protects a thing that the caller may see.
#[derive(Clone, Default)]
pub(in crate::graphql) struct Protection(pub protection::Protection);

/// What keeps tags where they are, and containers as they are, as it was set on this thing. A container is also kept by what
/// is set on its collection.
#[Object]
impl Protection {
    /// Patterns of tags that neither move nor go once they are set; up to 20. `*` stands for any characters, `?` for one, and
    /// `!` in front excepts what patterns before it name; the last pattern that matches decides. Null: of a container, those
    /// of its collection hold; of a collection, none.
    async fn immutable_tags(&self) -> Option<&[String]> {
        self.0.immutable_tags.as_deref()
    }

    /// Since when nothing is pushed, tagged, moved or deleted in it; null when it is not frozen.
    async fn frozen_at(&self) -> Option<DateTime<Utc>> {
        self.0.frozen.as_ref().map(|frozen| frozen.at)
    }

    /// Who froze it; null unless you are signed in, when it is not frozen, and when the account is gone.
    async fn frozen_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.frozen.as_ref().and_then(|frozen| frozen.by) {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// Why it is frozen; null when it is not, or nobody said.
    async fn frozen_why(&self) -> Option<&str> {
        let why = self.0.frozen.as_ref().map(|frozen| &*frozen.why);
        why.filter(|why| !why.is_empty())
    }
}
