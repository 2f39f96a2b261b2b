//! Deleting many things at once, and telling beforehand what that does: a rehearsal does all of it, and takes it back.
use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::id::{CollectionId, ContainerId, ImageId};

use sea_orm::Condition;

use super::{
    Caller, collection as collections, container as containers, event::Place, image as images,
    trash::Deletion,
};
use crate::error::{Error, Result};

mod choice;
mod freed;

/// How many things one request deletes.
pub const BULK_MAX: usize = 100;

/// Something to delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Thing {
    /// A collection.
    Collection(CollectionId),
    /// A container.
    Container(ContainerId),
    /// An image.
    Image(ImageId),
}

/// Images that are chosen by what they are; all conditions must hold.
#[derive(Clone, Debug)]
pub struct Choice {
    /// In a namespace, a collection or a container.
    pub place: Place,
    /// Pushed before.
    pub pushed_before: Option<DateTime<Utc>>,
    /// Neither pulled nor pushed since then.
    pub unused_since: Option<DateTime<Utc>>,
    /// Neither they nor what names them has a tag.
    pub untagged: bool,
}

/// What to delete.
#[derive(Clone, Debug)]
pub enum Selection {
    /// Just these.
    Things(Vec<Thing>),
    /// The oldest images of a choice.
    Images(Choice),
}

/// One thing of many.
#[derive(Debug)]
pub struct Item {
    /// Which one.
    pub thing: Thing,
    /// Where it is, with `@` and the digest for an image; absent for what the caller does not see.
    pub path: Option<String>,
    /// The sum of the sizes of what is in it, in bytes.
    pub size: u64,
    /// Why it stays.
    pub refused: Option<Error>,
}

/// What was deleted, or would be.
#[derive(Debug, Default)]
pub struct Bulk {
    /// In the order in which it was asked for; of a choice, oldest first.
    pub items: Vec<Item>,
    /// How many bytes of blobs are stored for nothing else that the caller sees.
    pub freed: u64,
    /// Whether the choice holds more.
    pub more: bool,
}

/// Deletes up to [`BULK_MAX`] things, one transaction each. What is refused stays, and the rest goes. A dry run deletes nothing
/// and tells the same.
///
/// # Errors
/// [`Error::Invalid`] for more things or too long a reason; those of [`Caller::writer`], and of `Place::check` for the place of a
/// choice.
pub async fn delete(
    caller: &Caller,
    selection: Selection,
    deletion: &Deletion,
    dry_run: bool,
) -> Result<Bulk> {
    caller.writer()?;
    deletion.check()?;
    let meant = match &selection {
        Selection::Images(choice) => choice::meant(choice),
        Selection::Things(_) => Condition::all(),
    };
    let (things, more) = chosen(caller, selection).await?;
    let mut items = choice::items(caller, &things).await?;
    let rehearsal = caller.rehearsing();
    for item in &mut items {
        item.refused = attempt(&rehearsal, item.thing, deletion, &meant).await?;
    }
    let going = items.iter().filter(|item| item.refused.is_none());
    let going: Vec<Thing> = going.map(|item| item.thing).collect();
    let freed = freed::freed(caller, &going).await?;
    if !dry_run {
        let mut gone = 0;
        for item in items.iter_mut().filter(|item| item.refused.is_none()) {
            item.refused = match attempt(caller, item.thing, deletion, &meant).await {
                // What is gone by then must be told.
                Err(error) if gone > 0 => Some(error),
                attempted => attempted?,
            };
            gone += usize::from(item.refused.is_none());
        }
    }
    Ok(Bulk { items, freed, more })
}

async fn chosen(caller: &Caller, selection: Selection) -> Result<(Vec<Thing>, bool)> {
    match selection {
        Selection::Images(choice) => choice::images(caller, &choice).await,
        Selection::Things(things) if things.len() > BULK_MAX => {
            Err(Error::invalid("ids", format!("name {BULK_MAX} at most")))
        }
        Selection::Things(things) => {
            let mut seen = HashSet::new();
            match things.iter().all(|thing| seen.insert(*thing)) {
                true => Ok((things, false)),
                false => Err(Error::invalid("ids", "name each thing once")),
            }
        }
    }
}

/// Why a thing may not be deleted; `None`: it is.
async fn attempt(
    caller: &Caller,
    thing: Thing,
    deletion: &Deletion,
    meant: &Condition,
) -> Result<Option<Error>> {
    let deleted = match thing {
        Thing::Collection(id) => collections::delete(caller, id, deletion.clone()).await,
        Thing::Container(id) => containers::delete(caller, id, deletion.clone()).await,
        Thing::Image(id) => images::delete_meant(caller, id, &deletion.reason, meant.clone()).await,
    };
    match deleted {
        Ok(()) => Ok(None),
        Err(why @ (Error::NotFound(_) | Error::Forbidden(_) | Error::Conflict(_))) => Ok(Some(why)),
        Err(other) => Err(other),
    }
}
