//! Parts of an image, as they arrive.
use std::io;

use bytes::Bytes;
use entity::{
    id::{ImageId, UploadId},
    image, upload_part,
};
use futures::Stream;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set, sea_query::OnConflict};

use super::{Upload, inflow::Inflow, load, renew, words};
use crate::{
    access::{Pull, internal, open},
    error::{Error, Result},
    event::Change,
    registry::{Caller, Digest, image::signed_size, quota::Room, secret::same, site},
    storage::Staged,
};

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
    caller.storage().settle().await?;
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

/// All parts in order.
pub(super) async fn parts(caller: &Caller, upload: &Upload) -> Result<Vec<Staged>> {
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
pub(super) fn compare(parts: &[Staged], claimed: &[(u32, Digest)]) -> Result<()> {
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
