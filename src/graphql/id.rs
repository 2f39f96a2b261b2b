//! Global ids: `<noun>:<id>`, such as `collection:0000000000a1b2c3d4e5f607`. They stay when things are renamed.
//!
//! Where an input names a thing, people may write its path or name instead: no path has a colon in it.
use std::{fmt, str::FromStr};

use async_graphql::ID;

use crate::{
    error::{Error, Result},
    registry::{
        Caller, CollectionId, ContainerId, DeliveryId, EventId, GrantId, ImageId, InvitationId,
        JobId, ManifestId, NamespaceId, ShareLinkId, TagId, TeamId, TokenId, TrashId, UserId,
        WebhookId,
        bulk::Thing,
        collection, container, image as images, namespace,
        path::{self, ContainerPath, Name},
        size_tree::Place,
        star::Subject,
        team, user,
    },
};

/// The id of anything in the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum GlobalId {
    User(UserId),
    Namespace(NamespaceId),
    Collection(CollectionId),
    Container(ContainerId),
    Image(ImageId),
    Manifest(ManifestId),
    Tag(TagId),
    Token(TokenId),
    Event(EventId),
    Webhook(WebhookId),
    Delivery(DeliveryId),
    ShareLink(ShareLinkId),
    Team(TeamId),
    Invitation(InvitationId),
    Grant(GrantId),
    Trash(TrashId),
    Job(JobId),
    /// By its fingerprint.
    Key(String),
}

impl fmt::Display for GlobalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Namespace(id) => write!(f, "namespace:{id}"),
            Self::Collection(id) => write!(f, "collection:{id}"),
            Self::Container(id) => write!(f, "container:{id}"),
            Self::Image(id) => write!(f, "image:{id}"),
            Self::Manifest(id) => write!(f, "manifest:{id}"),
            Self::Tag(id) => write!(f, "tag:{id}"),
            Self::Token(id) => write!(f, "token:{id}"),
            Self::Event(id) => write!(f, "event:{id}"),
            Self::Webhook(id) => write!(f, "webhook:{id}"),
            Self::Delivery(id) => write!(f, "delivery:{id}"),
            Self::ShareLink(id) => write!(f, "share:{id}"),
            Self::Team(id) => write!(f, "team:{id}"),
            Self::Invitation(id) => write!(f, "invitation:{id}"),
            Self::Grant(id) => write!(f, "grant:{id}"),
            Self::Trash(id) => write!(f, "trash:{id}"),
            Self::Job(id) => write!(f, "job:{id}"),
            Self::Key(fingerprint) => write!(f, "key:{fingerprint}"),
        }
    }
}

impl GlobalId {
    /// The id without its noun, as events keep it.
    pub(super) fn bare(&self) -> String {
        let text = self.to_string();
        let (_, id) = text.split_once(':').unwrap_or_default();
        id.to_owned()
    }
}

impl FromStr for GlobalId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parsed = text.split_once(':').and_then(|(noun, id)| match noun {
            "user" => id.parse().map(Self::User).ok(),
            "namespace" => id.parse().map(Self::Namespace).ok(),
            "collection" => id.parse().map(Self::Collection).ok(),
            "container" => id.parse().map(Self::Container).ok(),
            "image" => id.parse().map(Self::Image).ok(),
            "manifest" => id.parse().map(Self::Manifest).ok(),
            "tag" => id.parse().map(Self::Tag).ok(),
            "token" => id.parse().map(Self::Token).ok(),
            "event" => id.parse().map(Self::Event).ok(),
            "webhook" => id.parse().map(Self::Webhook).ok(),
            "delivery" => id.parse().map(Self::Delivery).ok(),
            "share" => id.parse().map(Self::ShareLink).ok(),
            "team" => id.parse().map(Self::Team).ok(),
            "invitation" => id.parse().map(Self::Invitation).ok(),
            "grant" => id.parse().map(Self::Grant).ok(),
            "trash" => id.parse().map(Self::Trash).ok(),
            "job" => id.parse().map(Self::Job).ok(),
            "key" => fingerprint(id).map(Self::Key).ok(),
            _ => None,
        });
        parsed.ok_or_else(|| Error::invalid("id", format!("{text:?} is not an id of this server")))
    }
}

/// A fingerprint in upper case.
///
/// # Errors
/// [`Error::Invalid`] unless it has 40 or 64 hex digits.
pub(super) fn fingerprint(text: &str) -> Result<String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if matches!(digits.len(), 40 | 64) && digits.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Ok(digits.to_ascii_uppercase());
    }
    let why = format!("{text:?} is not a fingerprint, which has 40 or 64 hex digits");
    Err(Error::invalid("fingerprint", why))
}

/// The namespace of that id or name.
pub(super) async fn namespace(caller: &Caller, id: &ID) -> Result<NamespaceId> {
    match by_id(id)? {
        Some(GlobalId::Namespace(id)) => Ok(id),
        Some(other) => Err(not_a("namespace", &other)),
        None => Ok(namespace::find_here(caller, &id.parse()?).await?.id),
    }
}

/// The collection of that id or path.
pub(super) async fn collection(caller: &Caller, id: &ID) -> Result<CollectionId> {
    match by_id(id)? {
        Some(GlobalId::Collection(id)) => Ok(id),
        Some(other) => Err(not_a("collection", &other)),
        None => {
            let (namespace, name) = collection_path(id)?;
            Ok(collection::find_here(caller, &namespace, &name).await?.id)
        }
    }
}

/// The container of that id or path.
pub(super) async fn container(caller: &Caller, id: &ID) -> Result<ContainerId> {
    match by_id(id)? {
        Some(GlobalId::Container(id)) => Ok(id),
        Some(other) => Err(not_a("container", &other)),
        None => Ok(container::find_here(caller, &container_path(id)?).await?.id),
    }
}

/// The collection or container of that id or path.
pub(super) async fn starrable(caller: &Caller, id: &ID) -> Result<Subject> {
    match by_id(id)? {
        Some(GlobalId::Collection(id)) => Ok(Subject::Collection(id)),
        Some(GlobalId::Container(id)) => Ok(Subject::Container(id)),
        Some(other) => Err(not_a("collection or container", &other)),
        None if id.matches('/').count() < 2 => {
            Ok(Subject::Collection(collection(caller, id).await?))
        }
        None => Ok(Subject::Container(container(caller, id).await?)),
    }
}

/// A collection or a container, by id or path.
pub(super) enum Shelf {
    Collection(CollectionId),
    Container(ContainerId),
}

/// The collection or container of that id or path.
pub(super) async fn shelf(caller: &Caller, id: &ID) -> Result<Shelf> {
    let is_collection = match by_id(id)? {
        Some(known) => matches!(known, GlobalId::Collection(_)),
        None => id.matches('/').count() == 1,
    };
    Ok(match is_collection {
        true => Shelf::Collection(collection(caller, id).await?),
        false => Shelf::Container(container(caller, id).await?),
    })
}

/// What a tree can have at its top: the namespace or collection of that id or path.
pub(super) async fn branch(caller: &Caller, id: &ID) -> Result<Place> {
    match by_id(id)? {
        Some(GlobalId::Namespace(id)) => Ok(Place::Namespace(id)),
        Some(GlobalId::Collection(id)) => Ok(Place::Collection(id)),
        Some(other) => Err(not_a("namespace or collection", &other)),
        None if id.contains('/') => Ok(Place::Collection(collection(caller, id).await?)),
        None => Ok(Place::Namespace(namespace(caller, id).await?)),
    }
}

/// The collection, container or image of that id, or the collection or container of that path.
pub(super) async fn deletable(caller: &Caller, id: &ID) -> Result<Thing> {
    match by_id(id)? {
        Some(GlobalId::Collection(id)) => Ok(Thing::Collection(id)),
        Some(GlobalId::Container(id)) => Ok(Thing::Container(id)),
        Some(GlobalId::Image(id)) => Ok(Thing::Image(id)),
        Some(other) => Err(not_a("collection, container or image", &other)),
        None if id.matches('/').count() < 2 => Ok(Thing::Collection(collection(caller, id).await?)),
        None => Ok(Thing::Container(container(caller, id).await?)),
    }
}

/// The user of that id or name.
pub(super) async fn user(caller: &Caller, id: &ID) -> Result<UserId> {
    match by_id(id)? {
        Some(GlobalId::User(id)) => Ok(id),
        Some(other) => Err(not_a("user", &other)),
        None => Ok(user::find(caller, id).await?.id),
    }
}

/// The team of that id or name.
pub(super) async fn team(caller: &Caller, id: &ID) -> Result<TeamId> {
    match by_id(id)? {
        Some(GlobalId::Team(id)) => Ok(id),
        Some(other) => Err(not_a("team", &other)),
        None => Ok(team::find(caller, &id.parse()?).await?.id),
    }
}

/// The invitation of that id.
pub(super) fn invitation(id: &ID) -> Result<InvitationId> {
    match id.parse()? {
        GlobalId::Invitation(id) => Ok(id),
        other => Err(not_a("invitation", &other)),
    }
}

/// The grant of that id.
pub(super) fn grant(id: &ID) -> Result<GrantId> {
    match id.parse()? {
        GlobalId::Grant(id) => Ok(id),
        other => Err(not_a("grant", &other)),
    }
}

/// The job of that id.
pub(super) fn job(id: &ID) -> Result<JobId> {
    match id.parse()? {
        GlobalId::Job(id) => Ok(id),
        other => Err(not_a("job", &other)),
    }
}

/// The entry of the trash of that id.
pub(super) fn trash(id: &ID) -> Result<TrashId> {
    match id.parse()? {
        GlobalId::Trash(id) => Ok(id),
        other => Err(not_a("entry of the trash", &other)),
    }
}

/// The image of that id.
pub(super) fn image(id: &ID) -> Result<ImageId> {
    match id.parse()? {
        GlobalId::Image(id) => Ok(id),
        other => Err(not_a("image", &other)),
    }
}

/// The image of that id, or that a path with a tag or digest names: `namespace/collection/container:1.0`.
pub(super) async fn image_or_reference(caller: &Caller, id: &ID) -> Result<ImageId> {
    if !id.contains('/') {
        return image(id);
    }
    let (path, reference) = path::parse(id, &caller.config().registry)?;
    Ok(images::find(caller, &path, &reference, None).await?.id)
}

/// The tag of that id.
pub(super) fn tag(id: &ID) -> Result<TagId> {
    match id.parse()? {
        GlobalId::Tag(id) => Ok(id),
        other => Err(not_a("tag", &other)),
    }
}

/// The token of that id.
pub(super) fn token(id: &ID) -> Result<TokenId> {
    match id.parse()? {
        GlobalId::Token(id) => Ok(id),
        other => Err(not_a("token", &other)),
    }
}

/// The webhook of that id.
pub(super) fn webhook(id: &ID) -> Result<WebhookId> {
    match id.parse()? {
        GlobalId::Webhook(id) => Ok(id),
        other => Err(not_a("webhook", &other)),
    }
}

/// The delivery of that id.
pub(super) fn delivery(id: &ID) -> Result<DeliveryId> {
    match id.parse()? {
        GlobalId::Delivery(id) => Ok(id),
        other => Err(not_a("delivery", &other)),
    }
}

/// The share link of that id.
pub(super) fn share_link(id: &ID) -> Result<ShareLinkId> {
    match id.parse()? {
        GlobalId::ShareLink(id) => Ok(id),
        other => Err(not_a("share link", &other)),
    }
}

/// The key of that id or fingerprint.
pub(super) fn key(id: &ID) -> Result<String> {
    match by_id(id)? {
        Some(GlobalId::Key(fingerprint)) => Ok(fingerprint),
        Some(other) => Err(not_a("key", &other)),
        None => fingerprint(id),
    }
}

fn by_id(id: &ID) -> Result<Option<GlobalId>> {
    id.contains(':').then(|| id.parse()).transpose()
}

fn not_a(noun: &str, other: &GlobalId) -> Error {
    Error::invalid("id", format!("{other} is not the id of a {noun}"))
}

/// `namespace/collection`.
///
/// # Errors
/// [`Error::Invalid`], naming `path`.
pub(super) fn collection_path(text: &str) -> Result<(Name, Name)> {
    match text.split('/').collect::<Vec<_>>()[..] {
        [namespace, name] => Ok((namespace.parse()?, name.parse()?)),
        _ => Err(Error::invalid(
            "path",
            format!("{text:?} is not a path such as namespace/collection"),
        )),
    }
}

/// `namespace/collection/container`.
///
/// # Errors
/// [`Error::Invalid`], naming `path`.
pub(super) fn container_path(text: &str) -> Result<ContainerPath> {
    match text.split('/').collect::<Vec<_>>()[..] {
        [namespace, collection, container] => Ok(ContainerPath {
            namespace: namespace.parse()?,
            collection: collection.parse()?,
            container: container.parse()?,
        }),
        _ => Err(Error::invalid(
            "path",
            format!("{text:?} is not a path such as namespace/collection/container"),
        )),
    }
}
