//! The history of a container, for whoever sees it.
use async_graphql::{Context, Enum, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{Image, User};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{caller, load},
        scalar::Digest,
    },
    registry::{
        ImageId,
        event::{self, MomentKind},
    },
};

/// Something in the history of a container that the caller sees.
#[derive(Clone)]
pub(in crate::graphql) struct Moment(event::Moment);

impl From<event::Event> for Moment {
    fn from(event: event::Event) -> Self {
        Self(event.into())
    }
}

/// What happened to a container.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "HistoryKind", remote = "MomentKind")]
enum Kind {
    /// It was made.
    Created,
    /// It got another name.
    Renamed,
    /// It was moved to another collection.
    Moved,
    /// It came back out of the trash.
    Restored,
    /// Its description changed.
    Described,
    /// Its README, licence, source or citation changed.
    AboutChanged,
    /// It got other topics.
    TopicsChanged,
    /// It was said to be deprecated, or that was changed.
    Deprecated,
    /// It was said to be deprecated no longer.
    Undeprecated,
    /// It was frozen by itself, not with its collection.
    Frozen,
    /// It was unfrozen.
    Unfrozen,
    /// It was said which tags of it are immutable.
    Protected,
    /// An image arrived.
    ImagePushed,
    /// An image was copied to it from another container.
    ImagePromoted,
    /// An image was said to be deprecated, or that was changed.
    ImageDeprecated,
    /// An image was said to be deprecated no longer.
    ImageUndeprecated,
    /// An image was deleted.
    ImageDeleted,
    /// An image came back out of the trash, with these tags.
    ImageRestored,
    /// A manifest arrived that describes no SIF image.
    ManifestPushed,
    /// A manifest was deleted.
    ManifestDeleted,
    /// A manifest that describes no SIF image came back out of the trash, with these tags.
    ManifestRestored,
    /// A tag was made.
    TagCreated,
    /// A tag was pointed at another image, or at the same one again.
    TagMoved,
    /// A tag was deleted.
    TagDeleted,
}

/// Something that happened to a container.
#[Object(name = "HistoryEntry")]
impl Moment {
    /// The global id of the event, `event:<id>`. Only those who administer the container can look it up.
    async fn id(&self) -> ID {
        GlobalId::Event(self.0.id()).into()
    }

    /// When it was.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at()
    }

    /// What it was.
    async fn kind(&self) -> Kind {
        self.0.kind().into()
    }

    /// Who did it; null unless you are signed in, when it was no account, and when the account is gone.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.actor().filter(|_| caller(ctx).account().is_ok()) {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// The names of the tags that were made, moved or deleted, or that a promoted image got, up to 100.
    async fn tags(&self) -> Vec<&str> {
        let mut tags = self.0.tags();
        tags.truncate(100);
        tags
    }

    /// The architecture of the image or tag, such as `amd64`; null where there is none.
    async fn arch(&self) -> Option<&str> {
        self.0.text("arch")
    }

    /// The digest of the image or manifest; null where there is none.
    async fn digest(&self) -> Option<Digest> {
        self.0
            .text("digest")
            .map(|digest| Digest(digest.to_owned()))
    }

    /// The image that a tag was pointed at; null for other kinds, and when it is gone.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        self.image_of(ctx, "image").await
    }

    /// The image that the tag pointed at before; null for other kinds, and when it is gone.
    async fn previous_image(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        self.image_of(ctx, "was").await
    }

    /// The image that was copied; null for other kinds, when it is gone, and when you may not see it.
    async fn promoted_from(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        match self.0.promoted() {
            Some(id) => Ok(load(ctx, id).await?.map(Image)),
            None => Ok(None),
        }
    }

    /// The new name of a container; null for other kinds.
    async fn name(&self) -> Option<&str> {
        self.of_rename("name")
    }

    /// The name of a container before; null for other kinds.
    async fn previous_name(&self) -> Option<&str> {
        self.of_rename("old_name")
    }
}

impl Moment {
    async fn image_of(&self, ctx: &Context<'_>, member: &str) -> Result<Option<Image>> {
        match self
            .0
            .text(member)
            .and_then(|id| id.parse::<ImageId>().ok())
        {
            Some(id) => Ok(load(ctx, id).await?.map(Image)),
            None => Ok(None),
        }
    }

    fn of_rename(&self, member: &str) -> Option<&str> {
        let renamed = self.0.kind() == MomentKind::Renamed;
        self.0.text(member).filter(|_| renamed)
    }
}
