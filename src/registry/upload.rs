//! Uploads: the bytes of one image, in one part or in several.
//!
//! Parts arrive under capabilities: signed words that let their holder send one part of one upload and nothing else,
//! because clients send parts without credentials. Each part, and each minute of one, gives the upload new time.
mod complete;
mod inflow;
mod part;

use std::collections::HashSet;

use chrono::TimeDelta;
use entity::{
    id::{ImageId, UploadId},
    image, upload, upload_part,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait, Set, sea_query::Expr,
};

pub use complete::{complete, direct};
pub use part::receive;

use super::{
    Caller, Digest, fresh_id,
    image::{check_push, signed_size},
    open_uploads, quota,
};
use crate::{
    access::{Push, internal, open},
    error::{Error, Result},
    event::Change,
    sif::HEADER_LEN,
    storage::Staged,
};

/// More parts than this nobody needs; S3 takes as many.
const PARTS_MAX: u64 = 10_000;

/// An upload under way.
#[derive(Clone, Debug)]
pub struct Upload {
    row: upload::Model,
}

impl Upload {
    /// Its id.
    pub fn id(&self) -> UploadId {
        self.row.id
    }

    /// The image it is for.
    pub fn image(&self) -> ImageId {
        self.row.image_id
    }

    /// In bytes; the last part may be smaller.
    pub fn part_size(&self) -> u64 {
        self.row.part_size.unsigned_abs()
    }

    /// How many parts there are.
    pub fn part_count(&self) -> u32 {
        self.row.part_count.unsigned_abs()
    }

    /// What lets its holder send part `number`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no such part.
    pub fn capability(&self, caller: &Caller, number: u32) -> Result<String> {
        self.size_of(number)?;
        Ok(caller
            .secret()
            .sign_upload(&words(self.row.image_id, self.row.id, number)))
    }

    /// The size of part `number`, in bytes.
    fn size_of(&self, number: u32) -> Result<u64> {
        let count = self.part_count();
        if !(1..=count).contains(&number) {
            return Err(Error::invalid(
                "partNumber",
                format!("this upload has the parts 1 to {count}"),
            ));
        }
        let before = u64::from(number - 1) * self.part_size();
        Ok((self.row.size.unsigned_abs() - before).min(self.part_size()))
    }
}

fn words(image: ImageId, upload: UploadId, part: u32) -> String {
    format!("image {image} upload {upload} part {part}")
}

/// In how many parts an image is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// In one.
    One,
    /// In parts of the configured size.
    Many,
}

/// Begins an upload of an image's bytes; `announced` is the digest the client will send, if it tells.
///
/// # Errors
/// [`Error::Invalid`] when `announced` is not the image's digest or the size is no image's; [`Error::TooLarge`] above
/// the site's limit; [`Error::QuotaExceeded`] when it does not fit; those of [`open`].
pub async fn start(
    caller: &Caller,
    image: ImageId,
    size: u64,
    announced: Option<Digest>,
    parts: Parts,
) -> Result<Upload> {
    let image = open::<Push, image::Entity>(caller.db(), caller.actor(), image).await?;
    if announced.is_some_and(|digest| digest.to_string() != image.digest) {
        let why = format!("the image was announced as {}; push it again", image.digest);
        return Err(Error::invalid("sha256sum", why));
    }
    check_push(caller, &image).await?;
    open_uploads::admit(caller).await?;
    let (part_size, part_count) = divide(caller, size, parts)?;
    quota::room_for_image(caller, &image)
        .await?
        .admit(caller, size)
        .await?;
    let row = upload::ActiveModel {
        id: Set(UploadId(fresh_id())),
        image_id: Set(image.id),
        user_id: Set(caller.account()?.id),
        size: Set(signed_size(size)?),
        part_size: Set(signed_size(part_size)?),
        part_count: Set(part_count),
        created_at: Set(caller.now()),
        expires_at: Set(caller.now() + retention(caller)),
    };
    let row = caller
        .change(async |tx| Ok(Change::none(row.insert(tx.db()).await?)))
        .await?;
    Ok(Upload { row })
}

/// The size and number of parts. Very large images get larger parts, so that their number stays bounded.
fn divide(caller: &Caller, size: u64, parts: Parts) -> Result<(u64, i32)> {
    check_size(caller, size)?;
    let part_size = match parts {
        Parts::One => size,
        Parts::Many => caller
            .config()
            .registry
            .part_size
            .bytes()
            .max(size.div_ceil(PARTS_MAX)),
    };
    let count = i32::try_from(size.div_ceil(part_size)).map_err(anyhow::Error::from)?;
    Ok((part_size, count))
}

fn check_size(caller: &Caller, size: u64) -> Result<()> {
    if size < HEADER_LEN as u64 {
        return Err(Error::invalid(
            "filesize",
            format!("{size} bytes are too few for a SIF image"),
        ));
    }
    match caller.config().registry.max_image_size {
        Some(limit) if size > limit.bytes() => Err(Error::TooLarge {
            what: "image",
            limit: limit.bytes(),
        }),
        _ => Ok(()),
    }
}

fn retention(caller: &Caller) -> TimeDelta {
    TimeDelta::from_std(caller.config().storage.staging_retention.get()).unwrap_or(TimeDelta::MAX)
}

/// The upload of that id, of an image that the caller may push.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or its time has run out; those of [`open`] for the image.
pub async fn find(caller: &Caller, image: ImageId, id: UploadId) -> Result<Upload> {
    open::<Push, image::Entity>(caller.db(), caller.actor(), image).await?;
    let upload = load(caller, id).await?;
    if upload.row.image_id == image {
        Ok(upload)
    } else {
        Err(Error::NotFound("upload"))
    }
}

async fn load(caller: &Caller, id: UploadId) -> Result<Upload> {
    let row = internal::<upload::Entity>()
        .filter(upload::Column::Id.eq(id))
        .one(caller.db())
        .await?;
    match row {
        Some(row) if row.expires_at > caller.now() => Ok(Upload { row }),
        _ => Err(Error::NotFound("upload")),
    }
}

/// Gives an upload new time. False: it is over.
async fn renew(db: &impl ConnectionTrait, caller: &Caller, id: UploadId) -> Result<bool> {
    let renewed = upload::Entity::update_many()
        .col_expr(
            upload::Column::ExpiresAt,
            Expr::value(caller.now() + retention(caller)),
        )
        .filter(upload::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(renewed.rows_affected > 0)
}

/// The protocol does not say which of several uploads of one image is over, so one whose part has arrived comes first.
async fn newest(caller: &Caller, image: ImageId) -> Result<Upload> {
    let row = internal::<upload::Entity>()
        .filter(upload::Column::ImageId.eq(image))
        .filter(upload::Column::UserId.eq(caller.account()?.id))
        .filter(upload::Column::PartCount.eq(1))
        .filter(upload::Column::ExpiresAt.gt(caller.now()))
        .join(
            JoinType::LeftJoin,
            upload_part::Relation::Upload.def().rev(),
        )
        .order_by_desc(upload_part::Column::Number.is_not_null())
        .order_by_desc(upload::Column::Id)
        .one(caller.db())
        .await?;
    row.map(|row| Upload { row })
        .ok_or(Error::NotFound("upload"))
}

/// Gives an upload up.
///
/// # Errors
/// Those of [`find`].
pub async fn abort(caller: &Caller, image: ImageId, id: UploadId) -> Result<()> {
    let upload = find(caller, image, id).await?;
    let rows = internal::<upload_part::Entity>()
        .filter(upload_part::Column::UploadId.eq(upload.id()))
        .all(caller.db())
        .await?;
    forget(caller.db(), upload.id()).await?;
    for row in rows {
        caller.storage().discard(&row.staged).await?;
    }
    Ok(())
}

async fn discard(caller: &Caller, staged: &[Staged]) -> Result<()> {
    for object in staged {
        caller.storage().discard(&object.key).await?;
    }
    Ok(())
}

pub(in crate::registry) async fn forget(db: &impl ConnectionTrait, id: UploadId) -> Result<()> {
    upload::Entity::delete_many()
        .filter(upload::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Ends uploads whose time has run out, and counts them. Their staged parts are leftovers then.
pub(in crate::registry) async fn expire(caller: &Caller, dry_run: bool) -> Result<u64> {
    use sea_orm::PaginatorTrait;
    let over = upload::Column::ExpiresAt.lte(caller.now());
    if dry_run {
        return Ok(internal::<upload::Entity>()
            .filter(over)
            .count(caller.db())
            .await?);
    }
    let _turn = caller.turn_to_write().await;
    let delete = upload::Entity::delete_many().filter(over);
    Ok(delete.exec(caller.db()).await?.rows_affected)
}

/// Those of staged objects that uploads under way still need.
pub(in crate::registry) async fn staged_among(
    caller: &Caller,
    keys: &[&str],
) -> Result<HashSet<String>> {
    let needed = internal::<upload_part::Entity>()
        .filter(upload_part::Column::Staged.is_in(keys.iter().copied()))
        .select_only()
        .column(upload_part::Column::Staged);
    let needed: Vec<String> = needed.into_tuple().all(caller.db()).await?;
    Ok(needed.into_iter().collect())
}
