//! Labels of images, kept apart from all else that an image says, to find images by.
use std::collections::BTreeMap;

use entity::{container, id::ImageId, image, image_label, image_unlabelled};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, Select, Set,
    sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement},
};

use super::{
    Caller, Counted, Tx,
    counted::Words,
    image as images,
    page::{Page, PageArgs},
    path::plain,
    sif,
};
use crate::{
    access::{Pull, internal, rows},
    error::{Error, Result},
    event::Change,
};

/// The most labels of one image that it can be found by, in the order of their keys.
pub const LABELS_MAX: usize = 64;
/// The longest key that an image can be found by, in bytes.
pub const KEY_MAX: usize = 128;
/// The longest value that an image can be found by, in bytes.
pub const VALUE_MAX: usize = 512;
/// The most labels that one list is narrowed by.
pub const WANTED_MAX: usize = 10;
/// How many images get their labels at once.
const BATCH: u64 = 100;

/// A label that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    key: String,
    value: Option<String>,
}

impl Label {
    /// A key with that value, or with any.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more than an image can be found by.
    pub fn new(key: String, value: Option<String>) -> Result<Self> {
        plain("key", &key, KEY_MAX)?;
        plain("value", value.as_deref().unwrap_or_default(), VALUE_MAX)?;
        Ok(Self { key, value })
    }
}

/// # Errors
/// [`Error::Invalid`] for more than [`WANTED_MAX`].
pub(in crate::registry) fn check_number(wanted: &[Label]) -> Result<()> {
    match wanted.len() > WANTED_MAX {
        true => Err(Error::invalid(
            "labels",
            format!("name {WANTED_MAX} at most"),
        )),
        false => Ok(()),
    }
}

/// Images that carry all these labels.
pub(in crate::registry) fn on_images(wanted: &[Label]) -> Condition {
    let carrying = |label: &Label| {
        Expr::col((image::Entity, image::Column::Id)).in_subquery(images_with(label))
    };
    wanted
        .iter()
        .map(carrying)
        .fold(Condition::all(), Condition::add)
}

/// Containers with an image that carries all these labels.
pub(in crate::registry) fn in_containers(wanted: &[Label]) -> Condition {
    if wanted.is_empty() {
        return Condition::all();
    }
    let holding = Query::select()
        .column((image::Entity, image::Column::ContainerId))
        .from(image::Entity)
        .and_where(Expr::col((image::Entity, image::Column::Blob)).is_not_null())
        .cond_where(on_images(wanted))
        .to_owned();
    Condition::all().add(Expr::col((container::Entity, container::Column::Id)).in_subquery(holding))
}

/// The keys of labels on images that the caller may see, the most used first, then in the order of letters. One statement.
///
/// # Errors
/// [`Error::Invalid`] for a cursor of another list.
pub async fn keys(caller: &Caller, args: &PageArgs<()>) -> Result<Page<Counted>> {
    of_keys(caller).page(caller, args).await
}

/// How many [`keys`] lists.
pub async fn keys_count(caller: &Caller) -> Result<u64> {
    of_keys(caller).count(caller).await
}

fn of_keys(caller: &Caller) -> Words<image::Entity, image_label::Column> {
    Words {
        rows: labelled(caller),
        thing: image::Column::Id,
        word: image_label::Column::Key,
        order: "label-images-".into(),
    }
}

/// The values of a label on images that the caller may see, in the same order. One statement.
///
/// # Errors
/// [`Error::Invalid`] for a cursor of another list.
pub async fn values(caller: &Caller, label: &Label, args: &PageArgs<()>) -> Result<Page<Counted>> {
    of_values(caller, label).page(caller, args).await
}

/// How many [`values`] lists.
pub async fn values_count(caller: &Caller, label: &Label) -> Result<u64> {
    of_values(caller, label).count(caller).await
}

fn of_values(caller: &Caller, label: &Label) -> Words<image::Entity, image_label::Column> {
    Words {
        rows: labelled(caller).filter(image_label::Column::Key.eq(&label.key)),
        thing: image::Column::Id,
        word: image_label::Column::Value,
        order: format!("value-images-{}", label.key),
    }
}

/// One row for each label of each image that the caller may see.
fn labelled(caller: &Caller) -> Select<image::Entity> {
    let labels = image::Entity::belongs_to(image_label::Entity)
        .from(image::Column::Id)
        .to(image_label::Column::ImageId);
    images::uploaded(caller, None)
        .into_select()
        .join(JoinType::InnerJoin, labels.into())
}

fn images_with(label: &Label) -> SelectStatement {
    let mut select = Query::select();
    select
        .column(image_label::Column::ImageId)
        .from(image_label::Entity)
        .and_where(Expr::col(image_label::Column::Key).eq(&label.key));
    if let Some(value) = &label.value {
        select.and_where(Expr::col(image_label::Column::Value).eq(value));
    }
    select
}

/// The labels of an image, but for those that it cannot be found by.
pub(in crate::registry) fn rows_of(
    image: ImageId,
    labels: &BTreeMap<String, String>,
) -> Vec<image_label::ActiveModel> {
    let short =
        |(key, value): &(&String, &String)| key.len() <= KEY_MAX && value.len() <= VALUE_MAX;
    let row = |(key, value): (&String, &String)| image_label::ActiveModel {
        image_id: Set(image),
        key: Set(key.clone()),
        value: Set(value.clone()),
    };
    let found = labels.iter().filter(short).take(LABELS_MAX);
    found.map(row).collect()
}

/// Keeps the labels of an image that it can be found by.
pub(in crate::registry) async fn keep(
    tx: &Tx,
    image: ImageId,
    labels: &BTreeMap<String, String>,
) -> Result<()> {
    let found = rows_of(image, labels);
    if found.is_empty() {
        return Ok(());
    }
    let there = OnConflict::columns([image_label::Column::ImageId, image_label::Column::Key])
        .update_column(image_label::Column::Value)
        .to_owned();
    image_label::Entity::insert_many(found)
        .on_conflict(there)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Keeps the labels of an image whose bytes were read before.
pub(in crate::registry) async fn keep_known(tx: &Tx, image: &image::Model) -> Result<()> {
    let Some(digest) = &image.blob else {
        return Ok(());
    };
    let found = sif::read(tx.db(), std::slice::from_ref(digest)).await?;
    match found.get(digest) {
        Some(inspection) => keep(tx, image.id, &inspection.metadata.labels).await,
        None => Ok(()),
    }
}

/// Keeps the labels of images that came before labels were kept, and tells how many there were.
///
/// # Errors
/// Those of the database.
pub async fn backfill(caller: &Caller) -> Result<u64> {
    let mut done = 0;
    loop {
        let some = waiting(caller.db()).await?;
        if some.is_empty() {
            return Ok(done);
        }
        done += some.len() as u64;
        backfill_some(caller, &some).await?;
    }
}

async fn waiting(db: &impl ConnectionTrait) -> Result<Vec<ImageId>> {
    let ids = internal::<image_unlabelled::Entity>()
        .order_by_asc(image_unlabelled::Column::ImageId)
        .limit(BATCH)
        .select_only()
        .column(image_unlabelled::Column::ImageId);
    Ok(ids.into_tuple().all(db).await?)
}

async fn backfill_some(caller: &Caller, ids: &[ImageId]) -> Result<()> {
    caller
        .change(async |tx| {
            let images = rows::<Pull, image::Entity>(tx.actor())
                .narrow(|q| q.filter(image::Column::Id.is_in(ids.iter().copied())))
                .all(tx.db())
                .await?;
            let digests: Vec<String> = images
                .iter()
                .filter_map(|image| image.blob.clone())
                .collect();
            let found = sif::read(tx.db(), &digests).await?;
            for image in &images {
                if let Some(inspection) = found.get(&image.digest) {
                    keep(tx, image.id, &inspection.metadata.labels).await?;
                }
            }
            image_unlabelled::Entity::delete_many()
                .filter(image_unlabelled::Column::ImageId.is_in(ids.iter().copied()))
                .exec(tx.db())
                .await?;
            Ok(Change::none(()))
        })
        .await
}
