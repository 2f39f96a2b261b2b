//! What people say about collections, containers and images: a long text, licence, source and citation, and that something
//! is deprecated.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{
    about, collection, container,
    id::{AboutId, CollectionId, ContainerId, ImageId},
    image, readme,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, Set,
    sea_query::OnConflict,
};
use serde_json::json;

use super::{
    Caller, Tx, collection as collections, container as containers, fresh_id,
    path::{ContainerPath, plain},
};
use crate::{
    access::{Admin, Push, internal, open},
    error::{Error, Result},
    event::{Event, Target},
    markdown,
};

mod check;
mod warning;

pub use check::{CITATION_MAX, LICENCE_MAX, README_MAX, SOURCE_MAX, doi};
pub use entity::about::Model as About;
pub use warning::warning;

/// The longest message of a deprecation, in bytes.
pub const MESSAGE_MAX: usize = 1024;

/// What something is said about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A collection.
    Collection(CollectionId),
    /// A container.
    Container(ContainerId),
    /// An image, which can only be deprecated.
    Image(ImageId),
}

/// What changes of a description; absent fields stay, empty ones are taken away.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// In Markdown.
    pub readme: Option<String>,
    /// An SPDX expression.
    pub licence: Option<String>,
    /// An address of the web.
    pub source: Option<String>,
    /// A DOI, or text.
    pub citation: Option<String>,
}

/// That something is no longer what to use.
#[derive(Clone, Debug)]
pub struct Deprecation {
    /// Why, and what to do.
    pub message: String,
    /// What to use instead.
    pub superseded_by: Option<ContainerPath>,
    /// When it ends.
    pub ends_at: Option<DateTime<Utc>>,
}

/// What is said about things that the caller holds; nothing of those about which nothing is said. One statement.
pub async fn of(caller: &Caller, subjects: &[Subject]) -> Result<HashMap<Subject, About>> {
    let any = subjects.iter().map(|subject| subject.rows());
    let rows = internal::<about::Entity>()
        .filter(any.fold(Condition::any(), Condition::add))
        .all(caller.db())
        .await?;
    let keyed = |row: About| {
        let collection = row.collection_id.map(Subject::Collection);
        let container = row.container_id.map(Subject::Container);
        let subject = collection
            .or(container)
            .or(row.image_id.map(Subject::Image))?;
        Some((subject, row))
    };
    Ok(rows.into_iter().filter_map(keyed).collect())
}

/// The long texts that belong to what the caller holds, in Markdown. One statement.
pub async fn readmes(caller: &Caller, ids: &[AboutId]) -> Result<HashMap<AboutId, String>> {
    let rows = internal::<readme::Entity>()
        .filter(readme::Column::AboutId.is_in(ids.iter().copied()))
        .all(caller.db())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.about_id, row.markdown))
        .collect())
}

/// The HTML of a long text, safe to stand in a page. Made aside, since a long one takes a while.
///
/// # Errors
/// [`Error::Internal`] when the server stops meanwhile.
pub async fn html(markdown: String) -> Result<String> {
    let made = tokio::task::spawn_blocking(move || markdown::html(&markdown)).await;
    made.map_err(|error| Error::Internal(error.into()))
}

/// Describes a collection or a container of the caller.
///
/// # Errors
/// [`Error::Invalid`] for what is too long or not what it must be, and for images; those of [`open`].
pub async fn describe(caller: &Caller, subject: Subject, new: Description) -> Result<()> {
    if let Subject::Image(_) = subject {
        let why = "an image has only a short description; describe its container";
        return Err(Error::invalid("id", why));
    }
    let new = check::description(new)?;
    caller
        .change(async |tx| {
            let target = admit(tx, subject).await?;
            let row = ensure(tx, subject).await?;
            let id = row.id;
            let mut row = row.into_active_model();
            row.licence = new.licence.map_or(row.licence, Set);
            row.source = new.source.map_or(row.source, Set);
            row.citation = new.citation.map_or(row.citation, Set);
            touch(tx, row).await?;
            if let Some(markdown) = new.readme {
                keep_readme(tx, id, markdown).await?;
            }
            Ok(Event::new(subject.action("describe"), target, subject.id()).with(()))
        })
        .await
}

/// Says that something of the caller is deprecated; what was said before is forgotten.
///
/// # Errors
/// [`Error::Invalid`] for a message that is empty or too long; those of [`open`].
pub async fn deprecate(caller: &Caller, subject: Subject, new: Deprecation) -> Result<()> {
    plain("message", &new.message, MESSAGE_MAX)?;
    if new.message.trim().is_empty() {
        return Err(Error::invalid("message", "say why, and what to do"));
    }
    let superseded_by = new.superseded_by.map(|path| path.to_string());
    caller
        .change(async |tx| {
            let target = admit(tx, subject).await?;
            if superseded_by.as_ref() == Some(&target.to_string()) && !matches!(subject, Subject::Image(_)) {
                return Err(Error::invalid("supersededBy", "it cannot take its own place"));
            }
            let row = ensure(tx, subject).await?;
            let since = row.deprecated_at.unwrap_or(tx.now());
            let mut row = row.into_active_model();
            row.deprecated_at = Set(Some(since));
            row.deprecation = Set(new.message.clone());
            row.superseded_by = Set(superseded_by.clone().unwrap_or_default());
            row.ends_at = Set(new.ends_at);
            touch(tx, row).await?;
            let details = json!({"message": new.message, "superseded_by": superseded_by, "ends_at": new.ends_at});
            Ok(Event::new(subject.action("deprecate"), target, subject.id()).details(details).with(()))
        })
        .await
}

/// Says that something of the caller is not deprecated, after all.
///
/// # Errors
/// Those of [`open`].
pub async fn undeprecate(caller: &Caller, subject: Subject) -> Result<()> {
    caller
        .change(async |tx| {
            let target = admit(tx, subject).await?;
            let mut row = ensure(tx, subject).await?.into_active_model();
            row.deprecated_at = Set(None);
            row.deprecation = Set(String::new());
            row.superseded_by = Set(String::new());
            row.ends_at = Set(None);
            touch(tx, row).await?;
            Ok(Event::new(subject.action("undeprecate"), target, subject.id()).with(()))
        })
        .await
}

impl Subject {
    fn rows(self) -> Condition {
        Condition::all().add(match self {
            Self::Collection(id) => about::Column::CollectionId.eq(id),
            Self::Container(id) => about::Column::ContainerId.eq(id),
            Self::Image(id) => about::Column::ImageId.eq(id),
        })
    }

    fn id(self) -> String {
        match self {
            Self::Collection(id) => id.to_string(),
            Self::Container(id) => id.to_string(),
            Self::Image(id) => id.to_string(),
        }
    }

    fn action(self, verb: &str) -> &'static str {
        match (self, verb) {
            (Self::Collection(_), "describe") => "collection.describe",
            (Self::Collection(_), "deprecate") => "collection.deprecate",
            (Self::Collection(_), _) => "collection.undeprecate",
            (Self::Container(_), "describe") => "container.describe",
            (Self::Container(_), "deprecate") => "container.deprecate",
            (Self::Container(_), _) => "container.undeprecate",
            (Self::Image(_), "deprecate") => "image.deprecate",
            (Self::Image(_), _) => "image.undeprecate",
        }
    }
}

/// Lets the caller at a thing. Whoever may push an image may say what is wrong with it.
async fn admit(tx: &Tx, subject: Subject) -> Result<Target> {
    let (db, actor) = (tx.db(), tx.actor());
    match subject {
        Subject::Collection(id) => {
            let collection = open::<Admin, collection::Entity>(db, actor, id).await?;
            collections::path(tx, &collection).await
        }
        Subject::Container(id) => {
            let container = open::<Admin, container::Entity>(db, actor, id).await?;
            containers::path(tx, &container).await
        }
        Subject::Image(id) => {
            let image = open::<Push, image::Entity>(db, actor, id).await?;
            let container = open::<Push, container::Entity>(db, actor, image.container_id).await?;
            containers::path(tx, &container).await
        }
    }
}

/// The row of a thing, made if it is not there.
async fn ensure(tx: &Tx, subject: Subject) -> Result<About> {
    let (mut collection, mut container, mut image) = (None, None, None);
    let column = match subject {
        Subject::Collection(id) => {
            collection = Some(id);
            about::Column::CollectionId
        }
        Subject::Container(id) => {
            container = Some(id);
            about::Column::ContainerId
        }
        Subject::Image(id) => {
            image = Some(id);
            about::Column::ImageId
        }
    };
    let row = about::ActiveModel {
        id: Set(AboutId(fresh_id())),
        collection_id: Set(collection),
        container_id: Set(container),
        image_id: Set(image),
        licence: Set(String::new()),
        source: Set(String::new()),
        citation: Set(String::new()),
        deprecated_at: Set(None),
        deprecation: Set(String::new()),
        superseded_by: Set(String::new()),
        ends_at: Set(None),
        updated_at: Set(tx.now()),
        updated_by: Set(None),
    };
    let there = OnConflict::column(column).do_nothing().to_owned();
    about::Entity::insert(row)
        .on_conflict(there)
        .try_insert()
        .exec_without_returning(tx.db())
        .await?;
    let found = internal::<about::Entity>().filter(subject.rows());
    found
        .one(tx.db())
        .await?
        .ok_or(Error::NotFound("description"))
}

async fn touch(tx: &Tx, mut row: about::ActiveModel) -> Result<()> {
    row.updated_at = Set(tx.now());
    row.updated_by = Set(tx.actor().account().map(|account| account.id));
    row.update(tx.db()).await?;
    Ok(())
}

async fn keep_readme(tx: &Tx, id: AboutId, markdown: String) -> Result<()> {
    if markdown.is_empty() {
        readme::Entity::delete_many()
            .filter(readme::Column::AboutId.eq(id))
            .exec(tx.db())
            .await?;
        return Ok(());
    }
    let row = readme::ActiveModel {
        about_id: Set(id),
        markdown: Set(markdown),
    };
    let newest = OnConflict::column(readme::Column::AboutId)
        .update_column(readme::Column::Markdown)
        .to_owned();
    readme::Entity::insert(row)
        .on_conflict(newest)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}
