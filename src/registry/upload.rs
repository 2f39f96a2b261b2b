//! Uploads: the bytes of one image, in one part or in several.
//!
//! Parts arrive under capabilities: signed words that let their holder send one part of one upload and nothing else,
//! because clients send parts without credentials. Each part, and each minute of one, gives the upload new time.
use std::{collections::HashSet, io, time::Duration};

use bytes::{Bytes, BytesMut};
use chrono::TimeDelta;
use entity::{
    id::{ImageId, UploadId},
    image, upload, upload_part,
};
use futures::{Stream, StreamExt};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait, Set,
    sea_query::{Expr, OnConflict},
};
use tokio::time::{Instant, sleep};

use super::{
    Caller, Digest, fresh_id,
    image::{Image, check_push, is_complete, publish, signed_size},
    open_uploads,
    quota::{self, Room},
    secret::same,
    site,
};
use crate::{
    access::{Pull, Push, internal, open},
    error::{Error, Result},
    event::Change,
    sif::{HEADER_LEN, sniff},
    storage::{Staged, Writer},
};

/// How often a running part renews its upload.
const RENEWAL: Duration = Duration::from_secs(60);
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

/// Receives one part from whoever holds its capability, and tells its digest. Nothing is visible yet.
///
/// # Errors
/// [`Error::NotFound`] when the capability is not for this part, or the upload is over; [`Error::Invalid`] when the
/// part is cut short, too long or not the beginning of a SIF image, or, if it is the only one, not the image that was
/// announced.
pub async fn receive(
    caller: &Caller,
    (image, id, number): (ImageId, UploadId, u32),
    capability: &str,
    body: impl Stream<Item = io::Result<Bytes>> + Unpin,
) -> Result<Digest> {
    if !same(
        &caller.secret().sign_upload(&words(image, id, number)),
        capability,
    ) {
        return Err(Error::NotFound("upload"));
    }
    site::check_open(caller).await?;
    let upload = load(caller, id).await?;
    let mut inflow = Inflow {
        caller,
        upload: Some(id),
        size: Some(upload.size_of(number)?),
        room: Room::default(),
        first: number == 1,
    };
    let staged = inflow.stage(&format!("upload-{id}-{number}"), body).await?;
    let unneeded = match keep(caller, &upload, number, &staged).await {
        Ok(before) => before,
        Err(error) => {
            caller.storage().discard(&staged.key).await?;
            return Err(error);
        }
    };
    if let Some(before) = unneeded {
        caller.storage().discard(&before).await?;
    }
    Ok(staged.digest)
}

/// Keeps a part that has arrived, and tells the key of the one that it replaces.
async fn keep(
    caller: &Caller,
    upload: &Upload,
    number: u32,
    staged: &Staged,
) -> Result<Option<String>> {
    if upload.part_count() == 1 {
        verify_only_part(caller, upload.image(), staged).await?;
    }
    keep_part(caller, upload, number, staged).await
}

/// With one part the digest can be told right or wrong at once, where the client still listens.
async fn verify_only_part(caller: &Caller, image: ImageId, staged: &Staged) -> Result<()> {
    let row = rows_of_system(caller, image).await?;
    if row.digest == staged.digest.to_string() {
        return Ok(());
    }
    let why = format!(
        "expected {}, but what arrived is {}; push the image again",
        row.digest, staged.digest
    );
    Err(Error::invalid("digest", why))
}

/// The image of a capability, which was made for somebody who may push it.
async fn rows_of_system(caller: &Caller, image: ImageId) -> Result<image::Model> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the capability was checked; its bearer has no account"
    )]
    let site = crate::access::Actor::system("upload");
    Ok(open::<Pull, image::Entity>(caller.db(), &site, image)
        .await?
        .into_row())
}

/// Keeps a part, in place of one of the same number that arrived before. The upload may have ended meanwhile.
async fn keep_part(
    caller: &Caller,
    upload: &Upload,
    number: u32,
    staged: &Staged,
) -> Result<Option<String>> {
    let number = i32::try_from(number).map_err(anyhow::Error::from)?;
    let row = upload_part::ActiveModel {
        upload_id: Set(upload.id()),
        number: Set(number),
        staged: Set(staged.key.clone()),
        size: Set(signed_size(staged.size)?),
        digest: Set(staged.digest.to_string()),
    };
    let newest = OnConflict::columns([upload_part::Column::UploadId, upload_part::Column::Number])
        .update_columns([
            upload_part::Column::Staged,
            upload_part::Column::Size,
            upload_part::Column::Digest,
        ])
        .to_owned();
    caller
        .change(async |tx| {
            if !renew(tx.db(), caller, upload.id()).await? {
                return Err(Error::NotFound("upload"));
            }
            let before = internal::<upload_part::Entity>()
                .filter(upload_part::Column::UploadId.eq(upload.id()))
                .filter(upload_part::Column::Number.eq(number))
                .one(tx.db())
                .await?;
            upload_part::Entity::insert(row)
                .on_conflict(newest)
                .exec_without_returning(tx.db())
                .await?;
            Ok(Change::none(before.map(|part| part.staged)))
        })
        .await
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

/// Bytes on their way from a client into staging.
struct Inflow<'a> {
    caller: &'a Caller,
    /// Renewed while bytes arrive.
    upload: Option<UploadId>,
    /// How many bytes there must be, if known.
    size: Option<u64>,
    /// What they must fit into, where that was not known beforehand.
    room: Room,
    /// Whether they begin an image.
    first: bool,
}

impl Inflow<'_> {
    async fn stage(
        &mut self,
        name: &str,
        body: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> Result<Staged> {
        let mut writer = self.caller.storage().stage(name)?;
        let received = self.pump(&mut writer, body).await?;
        if self.size.is_some_and(|size| received < size) {
            return Err(cut(received, self.size));
        }
        writer.finish().await
    }

    /// Hands on what arrives, and counts it. The head is held back until it can be told whether it is a SIF image.
    async fn pump(
        &mut self,
        writer: &mut Writer,
        mut body: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> Result<u64> {
        let (mut received, mut head, mut renewed) = (0, BytesMut::new(), Instant::now());
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| cut(received, self.size))?;
            received += chunk.len() as u64;
            self.check_length(received).await?;
            if self.first {
                head.extend_from_slice(&chunk);
                if head.len() < HEADER_LEN {
                    continue;
                }
                self.look_at(&head)?;
                writer.write(head.split().freeze()).await?;
            } else {
                writer.write(chunk).await?;
            }
            if let Some(upload) = self.upload.filter(|_| renewed.elapsed() > RENEWAL) {
                if !renew(self.caller.db(), self.caller, upload).await? {
                    return Err(Error::NotFound("upload"));
                }
                renewed = Instant::now();
            }
        }
        if self.first {
            self.look_at(&head)?;
        }
        Ok(received)
    }

    fn look_at(&mut self, head: &[u8]) -> Result<()> {
        self.first = false;
        sniff(head).map_err(|damage| Error::invalid("image", damage.to_string()))
    }

    async fn check_length(&self, received: u64) -> Result<()> {
        self.room.admit(self.caller, received).await?;
        match self.size {
            Some(size) if received > size => Err(Error::invalid(
                "body",
                format!("it is longer than the {size} bytes announced; push the image again"),
            )),
            None => check_size(self.caller, received.max(HEADER_LEN as u64)),
            _ => Ok(()),
        }
    }
}

fn cut(received: u64, size: Option<u64>) -> Error {
    let of = size.map(|size| format!(" of {size}")).unwrap_or_default();
    Error::invalid(
        "body",
        format!("the upload was cut after {received}{of} bytes; push the image again"),
    )
}

/// Receives a whole image in one request, and publishes it.
///
/// # Errors
/// [`Error::Invalid`] when the bytes are not the image that was announced; [`Error::QuotaExceeded`] when they do not fit;
/// those of [`open`].
pub async fn direct(
    caller: &Caller,
    image: ImageId,
    size: Option<u64>,
    body: impl Stream<Item = io::Result<Bytes>> + Unpin,
) -> Result<Image> {
    let row = open::<Push, image::Entity>(caller.db(), caller.actor(), image).await?;
    check_push(caller, &row).await?;
    site::admit(caller).await?;
    let room = quota::room_for_image(caller, &row).await?;
    if let Some(size) = size {
        check_size(caller, size)?;
        room.admit(caller, size).await?;
    }
    let mut inflow = Inflow {
        caller,
        upload: None,
        size,
        room,
        first: true,
    };
    let staged = inflow.stage(&format!("image-{image}"), body).await?;
    let published = publish(caller, image, &staged, None).await;
    if published.is_err() {
        caller.storage().discard(&staged.key).await?;
    }
    published
}

/// Ends an upload: joins its parts and publishes the image. Without `id`, the caller's newest upload of the image in
/// one part that has arrived. `claimed` are numbers and digests of parts as the client was told them, to be compared
/// with what is here. An image that is uploaded already stays as it is, so that a lost answer may be asked for again.
///
/// # Errors
/// [`Error::Invalid`] when parts are missing or not as claimed, or the whole is not the image that was announced; those
/// of [`open`].
pub async fn complete(
    caller: &Caller,
    image: ImageId,
    id: Option<UploadId>,
    claimed: &[(u32, Digest)],
) -> Result<Image> {
    open::<Push, image::Entity>(caller.db(), caller.actor(), image).await?;
    site::admit(caller).await?;
    let upload = match id {
        Some(id) => find(caller, image, id).await,
        None => newest(caller, image).await,
    };
    match upload {
        Err(Error::NotFound(_)) => ended(caller, image).await,
        upload => end(caller, image, upload?, claimed).await,
    }
}

/// The image, if another request ended an upload of it.
async fn ended(caller: &Caller, image: ImageId) -> Result<Image> {
    let image = open::<Push, image::Entity>(caller.db(), caller.actor(), image)
        .await?
        .for_pull();
    match is_complete(caller, &image).await? {
        true => Ok(image),
        false => Err(Error::NotFound("upload")),
    }
}

async fn end(
    caller: &Caller,
    image: ImageId,
    upload: Upload,
    claimed: &[(u32, Digest)],
) -> Result<Image> {
    let parts = match parts(caller, &upload).await {
        Err(missing) => return ended(caller, image).await.map_err(|_| missing),
        parts => parts?,
    };
    compare(&parts, claimed)?;
    let name = format!("upload-{}-whole", upload.id());
    let published = match caller.storage().join(&parts, &name).await {
        Ok(whole) => {
            let published = publish(caller, image, &whole, Some(upload.id())).await;
            if published.is_err() && parts.len() > 1 {
                caller.storage().discard(&whole.key).await?;
            }
            published
        }
        Err(error) => Err(error),
    };
    match published {
        Err(Error::NotFound("upload")) => wait_for_other(caller, image).await,
        Err(Error::Invalid { .. }) => {
            forget(caller.db(), upload.id()).await?;
            discard(caller, &parts).await?;
            published
        }
        // Storage has taken the only part.
        Ok(_) if parts.len() > 1 => {
            discard(caller, &parts).await?;
            published
        }
        published => published,
    }
}

/// Another request ends the same upload: it has taken the bytes, and is about to say so.
async fn wait_for_other(caller: &Caller, image: ImageId) -> Result<Image> {
    for _ in 0..20 {
        sleep(Duration::from_millis(50)).await;
        match ended(caller, image).await {
            Err(Error::NotFound("upload")) => {}
            outcome => return outcome,
        }
    }
    Err(Error::NotFound("upload"))
}

/// All parts in order.
async fn parts(caller: &Caller, upload: &Upload) -> Result<Vec<Staged>> {
    let rows = internal::<upload_part::Entity>()
        .filter(upload_part::Column::UploadId.eq(upload.id()))
        .order_by_asc(upload_part::Column::Number)
        .all(caller.db())
        .await?;
    if rows.len() != upload.part_count() as usize {
        let why = format!(
            "{} of {} parts have arrived; send the others, or push the image again",
            rows.len(),
            upload.part_count()
        );
        return Err(Error::invalid("upload", why));
    }
    let staged = |row: upload_part::Model| {
        Ok(Staged {
            key: row.staged,
            size: row.size.unsigned_abs(),
            digest: row.digest.parse()?,
        })
    };
    rows.into_iter().map(staged).collect()
}

/// A part that was sent twice may have arrived in another order than the client believes.
fn compare(parts: &[Staged], claimed: &[(u32, Digest)]) -> Result<()> {
    let differs = |(number, digest): &&(u32, Digest)| {
        let index = (*number as usize).checked_sub(1);
        index
            .and_then(|index| parts.get(index))
            .map(|part| part.digest)
            != Some(*digest)
    };
    match claimed.iter().find(differs) {
        None => Ok(()),
        Some((number, _)) => Err(Error::invalid(
            "completedParts",
            format!("part {number} is not as it was sent; push the image again"),
        )),
    }
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
    Ok(upload::Entity::delete_many()
        .filter(over)
        .exec(caller.db())
        .await?
        .rows_affected)
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
