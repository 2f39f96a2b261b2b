//! Whether storage is what belongs to the database. A folder that is not mounted, or another bucket, looks like one that has
//! lost everything.
use entity::blob;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Caller;
use crate::{
    access::internal,
    error::{Error, Result},
};

/// How many blobs are looked for where the mark is missing.
const SAMPLE: u64 = 20;

/// Makes sure that storage has its mark. A new one gets it here, and so does one from before there were marks: most of what
/// the database knows is there.
///
/// # Errors
/// [`Error::Conflict`] when it is another place; [`Error::Unavailable`] when database or storage do not answer.
pub async fn check(caller: &Caller) -> Result<()> {
    let storage = caller.storage();
    if storage.is_marked().await? {
        return Ok(());
    }
    let known = internal::<blob::Entity>()
        .filter(blob::Column::Removing.eq(false))
        .order_by_asc(blob::Column::Digest)
        .limit(SAMPLE)
        .all(caller.db())
        .await?;
    let mut there = 0;
    for row in &known {
        there += usize::from(storage.blob(&row.digest.parse()?).await?.is_some());
    }
    if there * 2 < known.len() {
        return Err(Error::Conflict(format!(
            "storage is not what this database belongs to: {there} of {} blobs that were looked for are there, and {mark} is \
             missing; mount it, or correct [storage]; if the blobs are lost for good, make an empty file {mark}, and push \
             the images again",
            known.len(),
            mark = storage.mark_path()
        )));
    }
    storage.mark().await
}
