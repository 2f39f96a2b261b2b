//! The trash.
use async_graphql::{Context, Enum, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::User;
use crate::{
    graphql::{id::GlobalId, loader::load, scalar::Bytes},
    registry::trash::{self, Entry},
};

/// An entry of the trash that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct TrashEntry(pub Entry);

impl From<Entry> for TrashEntry {
    fn from(row: Entry) -> Self {
        Self(row)
    }
}

/// What an entry of the trash holds.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "trash::TrashKind")]
pub(in crate::graphql) enum TrashKind {
    /// A collection with all that was in it.
    Collection,
    /// A container with all that was in it.
    Container,
    /// An image with its manifests.
    Image,
    /// A manifest that describes no image, or one that has others.
    Manifest,
}

/// Something that was deleted: it may be restored as it was, until it is purged. You see what you administer.
#[Object]
impl TrashEntry {
    /// The global id, `trash:<id>`.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Trash(self.0.id).into()
    }

    /// What it holds.
    async fn kind(&self) -> TrashKind {
        self.0.kind.into()
    }

    /// Where it was: its path, with `@` and the digest for an image or a manifest.
    async fn path(&self) -> &str {
        &self.0.path
    }

    /// What it was called: the last part of its path, or its digest.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Why it was deleted, in the words of whoever did; may be empty.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Who deleted it; null when the account is gone, or you may not see it.
    async fn deleted_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.deleted_by {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// When it was deleted.
    async fn deleted_at(&self) -> DateTime<Utc> {
        self.0.deleted_at
    }

    /// When it goes for good, within a minute.
    async fn purge_at(&self) -> DateTime<Utc> {
        self.0.purge_at
    }

    /// The tags that an image or a manifest had, up to 100. Restored, it gets those again that nothing else has by then.
    async fn tags(&self) -> Vec<&str> {
        let mut tags = trash::tags(&self.0);
        tags.truncate(100);
        tags
    }

    /// The sum of the sizes of what is in it, in bytes.
    async fn size(&self) -> Bytes {
        Bytes(self.0.size.unsigned_abs())
    }
}
