//! Typed ids: one 64-bit number, shown to everybody as 24 hex digits.
//!
//! Clients before Singularity 3.3 check that an id looks like a MongoDB ObjectId, hence the 24 digits. Ids grow with
//! time, so their order is the order of creation, and they tell nobody how many things there are.
use std::{fmt, num::ParseIntError, str::FromStr};

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

/// How many of an id's low bits are free of the clock.
pub const ENTROPY_BITS: u32 = 22;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, DeriveValueType,
        )]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:024x}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse(text).map(Self)
            }
        }
    )* };
}

ids! {
    /// The id of a user.
    UserId,
    /// The id of an API token.
    TokenId,
    /// The id of a browser session.
    SessionId,
    /// The id of a namespace.
    NamespaceId,
    /// The id of a collection.
    CollectionId,
    /// The id of a container.
    ContainerId,
    /// The id of an image.
    ImageId,
    /// The id of a tag.
    TagId,
    /// The id of an upload.
    UploadId,
    /// The id of an event.
    EventId,
    /// The id of a webhook.
    WebhookId,
    /// The id of a delivery to a webhook.
    DeliveryId,
    /// The id of a manifest.
    ManifestId,
    /// The id of an upload of a blob.
    BlobUploadId,
    /// The id of a star or bookmark.
    StarId,
    /// The id of a share link.
    ShareLinkId,
    /// The id of a move of a tag.
    TagMoveId,
    /// The id of what is said about a thing.
    AboutId,
    /// The id of what protects tags.
    ProtectionId,
    /// The id of a team.
    TeamId,
    /// The id of somebody's place in a team.
    MemberId,
    /// The id of an invitation into a team.
    InvitationId,
    /// The id of a grant.
    GrantId,
    /// The id of what is searched.
    DocumentId,
    /// The id of an entry of the trash.
    TrashId,
    /// The id of a job.
    JobId,
}

/// The text is not 24 lower-case hex digits of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id has 24 hex digits")
    }
}

impl std::error::Error for NotAnId {}

impl From<ParseIntError> for NotAnId {
    fn from(_: ParseIntError) -> Self {
        Self
    }
}

fn parse(text: &str) -> Result<i64, NotAnId> {
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if text.len() != 24 || !text.bytes().all(hex) || !text.starts_with("00000000") {
        return Err(NotAnId);
    }
    Ok(i64::from_str_radix(&text[8..], 16)?)
}
