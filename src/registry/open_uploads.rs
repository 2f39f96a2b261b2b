//! Uploads under way, at all doors: how many there are, and how many one may have.
use std::time::Duration;

use entity::{blob_upload, id::UserId, upload};
use sea_orm::{ColumnTrait, Condition, PaginatorTrait, QueryFilter};

use super::Caller;
use crate::{
    access::internal,
    error::{Error, Result},
};

/// After what time somebody who has too many is told to try again.
const RETRY: Duration = Duration::from_secs(60);

/// # Errors
/// [`Error::TooMany`] when the caller has as many as one may have.
pub(in crate::registry) async fn admit(caller: &Caller) -> Result<()> {
    let most = caller.config().registry.max_open_uploads;
    match count(caller, Some(caller.account()?.id)).await? {
        open if open < u64::from(most) => Ok(()),
        open => Err(Error::TooMany {
            why: format!(
                "you have {open} uploads under way, and may have {most} at once; end or cancel some, then try again"
            ),
            after: RETRY,
        }),
    }
}

/// How many a user has, or all users.
pub(in crate::registry) async fn count(caller: &Caller, user: Option<UserId>) -> Result<u64> {
    let now = caller.now();
    let images = internal::<upload::Entity>()
        .filter(upload::Column::ExpiresAt.gt(now))
        .filter(of(upload::Column::UserId, user));
    let blobs = internal::<blob_upload::Entity>()
        .filter(blob_upload::Column::ExpiresAt.gt(now))
        .filter(of(blob_upload::Column::UserId, user));
    Ok(images.count(caller.db()).await? + blobs.count(caller.db()).await?)
}

fn of(column: impl ColumnTrait, user: Option<UserId>) -> Condition {
    let theirs = user.map(|user| column.eq(user));
    Condition::all().add_option(theirs)
}
