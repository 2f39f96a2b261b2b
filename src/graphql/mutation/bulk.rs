//! Deleting many things at once.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    error::{Error, Result as Outcome},
    graphql::{
        error::{InField, code},
        id::{self, GlobalId},
        loader::caller,
        query::event::PlaceInput,
        scalar::Bytes,
    },
    registry::{
        Caller,
        bulk::{self, Choice, Item, Selection, Thing},
        trash::Deletion,
    },
};

#[derive(Default)]
pub(super) struct BulkMutation;

#[Object]
impl BulkMutation {
    /// Deletes up to 100 things of yours: those that you name, or the oldest images of a choice. Each is deleted by itself, as
    /// its own mutation would: what is refused stays, and says why. With `dryRun` nothing is deleted, and the answer is the
    /// same. Errors: `INVALID` for more than 100 things, for neither or both of `ids` and `images`, and for not just one place.
    async fn bulk_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What goes, and why.")] input: BulkDeleteInput,
    ) -> Result<BulkDeletePayload> {
        let caller = caller(ctx);
        let selection = match (input.ids, input.images) {
            (Some(ids), None) => Selection::Things(things(caller, &ids).await?),
            (None, Some(choice)) => Selection::Images(choice.read(caller).await?),
            _ => {
                let why = "name ids, or choose images; not both";
                return Err(Error::invalid("input.ids", why).into());
            }
        };
        let deletion = Deletion {
            with_content: input.with_content,
            reason: input.reason,
        };
        let bulk = bulk::delete(caller, selection, &deletion, input.dry_run);
        Ok(bulk.await.in_input()?.into())
    }
}

async fn things(caller: &Caller, ids: &[ID]) -> Outcome<Vec<Thing>> {
    if ids.len() > bulk::BULK_MAX {
        let why = format!("name {} at most", bulk::BULK_MAX);
        return Err(Error::invalid("input.ids", why));
    }
    let mut things = Vec::new();
    for id in ids {
        things.push(id::deletable(caller, id).await.in_field("input.ids")?);
    }
    Ok(things)
}

/// What to delete, and how.
#[derive(InputObject)]
struct BulkDeleteInput {
    /// Collections, containers and images, up to 100: their global ids, or the paths of collections and containers. Not beside
    /// `images`.
    ids: Option<Vec<ID>>,
    /// Images by what they are; the oldest 100 go. Not beside `ids`.
    images: Option<ImageChoiceInput>,
    /// Delete what is in collections and containers with them.
    #[graphql(default)]
    with_content: bool,
    /// Why, up to 1000 bytes; kept with each entry of the trash, and in each event.
    #[graphql(default)]
    reason: String,
    /// Delete nothing, and tell what would go.
    #[graphql(default)]
    dry_run: bool,
}

/// Which images: those in one place of yours for which all that is said here holds.
#[derive(InputObject)]
struct ImageChoiceInput {
    /// In this namespace: its global id or name.
    namespace: Option<ID>,
    /// In this collection: its global id or path. Not beside another place.
    collection: Option<ID>,
    /// In this container: its global id or path. Not beside another place.
    container: Option<ID>,
    /// Pushed before then.
    pushed_before: Option<DateTime<Utc>>,
    /// Neither pulled nor pushed since then.
    unused_since: Option<DateTime<Utc>>,
    /// Without a tag, of their own or of an index that lists them.
    #[graphql(default)]
    untagged: bool,
}

impl ImageChoiceInput {
    async fn read(self, caller: &Caller) -> Outcome<Choice> {
        let place = PlaceInput {
            namespace: self.namespace,
            collection: self.collection,
            container: self.container,
        };
        let place = place.read(caller, "input.images").await?;
        Ok(Choice {
            place: place.ok_or_else(|| Error::invalid("input.images", "name a place"))?,
            pushed_before: self.pushed_before,
            unused_since: self.unused_since,
            untagged: self.untagged,
        })
    }
}

/// What deleting many things answers.
#[derive(SimpleObject)]
struct BulkDeletePayload {
    /// Each thing, up to 100; those of a choice oldest first.
    items: Vec<BulkDeleteItem>,
    /// How many of them went, or would go.
    deleted_count: u64,
    /// The sum of their sizes, in bytes.
    size: Bytes,
    /// The bytes that are stored for nothing else that you see: they are freed once the trash is purged, unless somebody whose
    /// things you do not see has the same.
    freed: Bytes,
    /// Whether the choice holds more: ask again.
    more: bool,
}

/// One thing of many that are deleted.
#[derive(SimpleObject)]
struct BulkDeleteItem {
    /// Its global id.
    id: ID,
    /// Where it was, with `@` and the digest for an image; null for what you may not see.
    path: Option<String>,
    /// The sum of the sizes of what is in it, in bytes.
    size: Bytes,
    /// Why it stays; null: it went, or would go.
    refusal: Option<BulkDeleteRefusal>,
}

/// Why something was not deleted.
#[derive(SimpleObject)]
struct BulkDeleteRefusal {
    /// `NOT_FOUND`, `FORBIDDEN` or `CONFLICT`, or what else went wrong after something was deleted, as in `extensions.code` of
    /// errors.
    code: String,
    /// For people.
    message: String,
}

impl From<bulk::Bulk> for BulkDeletePayload {
    fn from(bulk: bulk::Bulk) -> Self {
        let gone = || bulk.items.iter().filter(|item| item.refused.is_none());
        Self {
            deleted_count: gone().count() as u64,
            size: Bytes(gone().map(|item| item.size).sum()),
            freed: Bytes(bulk.freed),
            more: bulk.more,
            items: bulk.items.into_iter().map(BulkDeleteItem::from).collect(),
        }
    }
}

impl From<Item> for BulkDeleteItem {
    fn from(item: Item) -> Self {
        let id = match item.thing {
            Thing::Collection(id) => GlobalId::Collection(id),
            Thing::Container(id) => GlobalId::Container(id),
            Thing::Image(id) => GlobalId::Image(id),
        };
        Self {
            id: id.into(),
            path: item.path,
            size: Bytes(item.size),
            refusal: item.refused.map(|error| BulkDeleteRefusal {
                code: code(&error).to_owned(),
                message: error.to_string(),
            }),
        }
    }
}
