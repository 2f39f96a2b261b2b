//! Out of the trash.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::DeletePayload;
use crate::{
    graphql::{
        error::InField,
        id::{self, GlobalId},
        loader::{caller, load_present},
        object::{Collection, Container, Image, Manifest},
    },
    registry::trash::{self, Restored},
};

#[derive(Default)]
pub(super) struct TrashMutation;

#[Object]
impl TrashMutation {
    /// Takes something of yours out of the trash, as it was: with its stars, downloads, texts and grants, and its tags, where
    /// nothing else has them. Errors:
    /// `CONFLICT` when something else has its name by now, unless you give it a new one, when the same image was pushed again,
    /// and while what it was in is in the trash itself; `QUOTA_EXCEEDED` when it no longer fits.
    async fn restore(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entry.")] input: RestoreInput,
    ) -> Result<RestorePayload> {
        let entry = id::trash(&input.id).in_field("input.id")?;
        let name = input.name.map(|name| name.parse()).transpose().in_input()?;
        let restored = match trash::restore(caller(ctx), entry, name).await? {
            Restored::Collection(id) => {
                Thing::Collection(Collection(load_present(ctx, id, "collection").await?))
            }
            Restored::Container(id) => {
                Thing::Container(Container(load_present(ctx, id, "container").await?))
            }
            Restored::Image(id) => Thing::Image(Image(load_present(ctx, id, "image").await?)),
            Restored::Manifest(id) => {
                Thing::Manifest(Manifest(load_present(ctx, id, "manifest").await?))
            }
        };
        Ok(RestorePayload { restored })
    }

    /// Deletes an entry of the trash of yours and what it holds for good, before its time. Its bytes go later, when nothing
    /// else has the same.
    async fn purge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entry.")] input: PurgeInput,
    ) -> Result<DeletePayload> {
        let entry = id::trash(&input.id).in_field("input.id")?;
        trash::purge(caller(ctx), entry).await?;
        Ok(DeletePayload::of(GlobalId::Trash(entry)))
    }

    /// Deletes for good what was deleted in a namespace of yours, up to 1000 entries.
    async fn empty_trash(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which namespace.")] input: EmptyTrashInput,
    ) -> Result<EmptyTrashPayload> {
        let caller = caller(ctx);
        let namespace = id::namespace(caller, &input.namespace).await;
        let emptied = trash::empty(caller, namespace.in_field("input.namespace")?).await?;
        Ok(EmptyTrashPayload {
            purged: emptied.purged,
            more: emptied.more,
        })
    }
}

/// What to take out of the trash.
#[derive(InputObject)]
struct RestoreInput {
    /// The global id of the entry.
    id: ID,
    /// The name that it gets: lower-case letters and digits, joined by single `.`, `_` or `-`; null: the one that it had.
    /// Not for images and manifests.
    name: Option<String>,
}

/// What to delete for good.
#[derive(InputObject)]
struct PurgeInput {
    /// The global id of the entry.
    id: ID,
}

/// Whose trash to empty.
#[derive(InputObject)]
struct EmptyTrashInput {
    /// The namespace: its global id or its name.
    namespace: ID,
}

/// What can be restored.
#[derive(Union)]
#[graphql(name = "Restorable")]
enum Thing {
    Collection(Collection),
    Container(Container),
    Image(Image),
    Manifest(Manifest),
}

/// What restoring answers.
#[derive(SimpleObject)]
struct RestorePayload {
    /// What is there again.
    restored: Thing,
}

/// What emptying the trash answers.
#[derive(SimpleObject)]
struct EmptyTrashPayload {
    /// How many entries are gone.
    purged: u64,
    /// Whether there are more: ask again.
    more: bool,
}
