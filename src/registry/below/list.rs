//! Every list below a thing.
use entity::{
    access_grant, collection, container, delivery, event, image, invitation, key, manifest,
    namespace, share_link, star, tag, tag_move, team_member, token,
};

use super::List;
use crate::{
    access::{Pull, Rows},
    registry::{
        Caller, CollectionId, ContainerId, ImageId, NamespaceId, TeamId, UserId, WebhookId,
        collection::CollectionSort,
        container::ContainerSort,
        event as events,
        grant::ByGranting,
        image::{self as images, ImageSort},
        key::ByFingerprint,
        manifest::ByPush,
        namespace::{self as namespaces, NamespaceSort},
        share,
        star::{self as stars, Kind},
        tag::{ByMove, TagSort},
        team::{
            invitation::{self as invitations, ByInviting},
            member::ByJoining,
        },
        token as tokens,
        webhook::ByAge,
    },
};

/// The collections of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Collections(pub NamespaceId);

impl List for Collections {
    type Entity = collection::Entity;
    type Sort = CollectionSort;
    const COLUMN: collection::Column = collection::Column::NamespaceId;

    fn id(self) -> i64 {
        self.0.0
    }
}

/// The containers of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Containers(pub CollectionId);

impl List for Containers {
    type Entity = container::Entity;
    type Sort = ContainerSort;
    const COLUMN: container::Column = container::Column::CollectionId;

    fn id(self) -> i64 {
        self.0.0
    }
}

/// The uploaded images of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Images(pub ContainerId);

impl List for Images {
    type Entity = image::Entity;
    type Sort = ImageSort;
    const COLUMN: image::Column = image::Column::ContainerId;

    fn id(self) -> i64 {
        self.0.0
    }

    fn rows(caller: &Caller) -> Rows<Pull, image::Entity> {
        images::uploaded(caller, None)
    }
}

/// The tags of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tags(pub ContainerId);

impl List for Tags {
    type Entity = tag::Entity;
    type Sort = TagSort;
    const COLUMN: tag::Column = tag::Column::ContainerId;

    fn id(self) -> i64 {
        self.0.0
    }
}

/// The tags that point at an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageTags(pub ImageId);

impl List for ImageTags {
    type Entity = tag::Entity;
    type Sort = TagSort;
    const COLUMN: tag::Column = tag::Column::ImageId;

    fn id(self) -> i64 {
        self.0.0
    }
}

/// The manifests of a container that were pushed, and those made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Manifests(pub ContainerId);

impl List for Manifests {
    type Entity = manifest::Entity;
    type Sort = ByPush;
    const COLUMN: manifest::Column = manifest::Column::ContainerId;

    fn id(self) -> i64 {
        self.0.0
    }
}

/// The history of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moments(pub ContainerId);

impl List for Moments {
    type Entity = event::Entity;
    type Sort = events::ByTime;
    const COLUMN: event::Column = event::Column::ContainerId;

    fn id(self) -> i64 {
        self.0.0
    }

    fn rows(caller: &Caller) -> Rows<Pull, event::Entity> {
        events::moments(caller.actor())
    }
}

/// What the tags of a container pointed at over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TagMoves(pub ContainerId);

impl List for TagMoves {
    type Entity = tag_move::Entity;
    type Sort = ByMove;
    const COLUMN: tag_move::Column = tag_move::Column::ContainerId;

    fn id(self) -> i64 {
        self.0.0
    }
}

/// The links that share a container's images, or an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShareLinks<I>(pub I);

impl List for ShareLinks<ContainerId> {
    type Entity = share_link::Entity;
    type Sort = share::ByCreation;
    const COLUMN: share_link::Column = share_link::Column::ContainerId;

    fn id(self) -> i64 {
        self.0.0
    }
}

impl List for ShareLinks<ImageId> {
    type Entity = share_link::Entity;
    type Sort = share::ByCreation;
    const COLUMN: share_link::Column = share_link::Column::ImageId;

    fn id(self) -> i64 {
        self.0.0
    }
}

/// The stars on a thing, or of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stars<I>(pub I);

impl List for Stars<CollectionId> {
    type Entity = star::Entity;
    type Sort = stars::ByTime;
    const COLUMN: star::Column = star::Column::CollectionId;

    fn id(self) -> i64 {
        self.0.0
    }

    fn rows(caller: &Caller) -> Rows<Pull, star::Entity> {
        stars::of(caller, Kind::Star)
    }
}

impl List for Stars<ContainerId> {
    type Entity = star::Entity;
    type Sort = stars::ByTime;
    const COLUMN: star::Column = star::Column::ContainerId;

    fn id(self) -> i64 {
        self.0.0
    }

    fn rows(caller: &Caller) -> Rows<Pull, star::Entity> {
        stars::of(caller, Kind::Star)
    }
}

impl List for Stars<UserId> {
    type Entity = star::Entity;
    type Sort = stars::ByTime;
    const COLUMN: star::Column = star::Column::UserId;

    fn id(self) -> i64 {
        self.0.0
    }

    fn rows(caller: &Caller) -> Rows<Pull, star::Entity> {
        stars::of(caller, Kind::Star)
    }
}

/// The bookmarks of a user, for that user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bookmarks(pub UserId);

impl List for Bookmarks {
    type Entity = star::Entity;
    type Sort = stars::ByTime;
    const COLUMN: star::Column = star::Column::UserId;

    fn id(self) -> i64 {
        self.0.0
    }

    fn rows(caller: &Caller) -> Rows<Pull, star::Entity> {
        stars::of(caller, Kind::Bookmark)
    }
}

/// The grants on a thing itself, or those that a user or a team got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grants<I>(pub I);

impl List for Grants<NamespaceId> {
    type Entity = access_grant::Entity;
    type Sort = ByGranting;
    const COLUMN: access_grant::Column = access_grant::Column::NamespaceId;

    fn id(self) -> i64 {
        self.0.0
    }
}

impl List for Grants<CollectionId> {
    type Entity = access_grant::Entity;
    type Sort = ByGranting;
    const COLUMN: access_grant::Column = access_grant::Column::CollectionId;

    fn id(self) -> i64 {
        self.0.0
    }
}

impl List for Grants<ContainerId> {
    type Entity = access_grant::Entity;
    type Sort = ByGranting;
    const COLUMN: access_grant::Column = access_grant::Column::ContainerId;

    fn id(self) -> i64 {
        self.0.0
    }
}

impl List for Grants<UserId> {
    type Entity = access_grant::Entity;
    type Sort = ByGranting;
    const COLUMN: access_grant::Column = access_grant::Column::UserId;

    fn id(self) -> i64 {
        self.0.0
    }
}

impl List for Grants<TeamId> {
    type Entity = access_grant::Entity;
    type Sort = ByGranting;
    const COLUMN: access_grant::Column = access_grant::Column::TeamId;

    fn id(self) -> i64 {
        self.0.0
    }
}

/// Who is in a team; nobody, for callers who are not and do not administer the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Members(pub TeamId);

impl List for Members {
    type Entity = team_member::Entity;
    type Sort = ByJoining;
    const COLUMN: team_member::Column = team_member::Column::TeamId;

    fn id(self) -> i64 {
        self.0.0
    }
}

/// The open invitations into a team, for its maintainers, or of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Invitations<I>(pub I);

impl List for Invitations<TeamId> {
    type Entity = invitation::Entity;
    type Sort = ByInviting;
    const COLUMN: invitation::Column = invitation::Column::TeamId;

    fn id(self) -> i64 {
        self.0.0
    }

    fn rows(caller: &Caller) -> Rows<Pull, invitation::Entity> {
        invitations::still_open(caller)
    }
}

impl List for Invitations<UserId> {
    type Entity = invitation::Entity;
    type Sort = ByInviting;
    const COLUMN: invitation::Column = invitation::Column::UserId;

    fn id(self) -> i64 {
        self.0.0
    }

    fn rows(caller: &Caller) -> Rows<Pull, invitation::Entity> {
        invitations::still_open(caller)
    }
}

/// The namespaces of a user or of a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Namespaces<I>(pub I);

impl List for Namespaces<UserId> {
    type Entity = namespace::Entity;
    type Sort = NamespaceSort;
    const COLUMN: namespace::Column = namespace::Column::OwnerId;

    fn id(self) -> i64 {
        self.0.0
    }

    fn rows(caller: &Caller) -> Rows<Pull, namespace::Entity> {
        namespaces::of_users(caller)
    }
}

impl List for Namespaces<TeamId> {
    type Entity = namespace::Entity;
    type Sort = NamespaceSort;
    const COLUMN: namespace::Column = namespace::Column::TeamId;

    fn id(self) -> i64 {
        self.0.0
    }
}

/// The tokens of a user that are not revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tokens(pub UserId);

impl List for Tokens {
    type Entity = token::Entity;
    type Sort = tokens::ByCreation;
    const COLUMN: token::Column = token::Column::UserId;

    fn id(self) -> i64 {
        self.0.0
    }

    fn rows(caller: &Caller) -> Rows<Pull, token::Entity> {
        tokens::valid(caller)
    }
}

/// The keys of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Keys(pub UserId);

impl List for Keys {
    type Entity = key::Entity;
    type Sort = ByFingerprint;
    const COLUMN: key::Column = key::Column::OwnerId;

    fn id(self) -> i64 {
        self.0.0
    }
}

/// What a webhook was told, or is still to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deliveries(pub WebhookId);

impl List for Deliveries {
    type Entity = delivery::Entity;
    type Sort = ByAge;
    const COLUMN: delivery::Column = delivery::Column::WebhookId;

    fn id(self) -> i64 {
        self.0.0
    }
}
