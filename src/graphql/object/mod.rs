//! What the graph shows. Each object wraps a row that its caller was let into.
mod about;
mod collection;
mod comparison;
mod container;
mod download;
mod event;
mod grant;
mod growth;
mod history;
mod image;
mod image_config;
mod job;
mod key;
mod label;
mod manifest;
mod namespace;
mod protection;
mod quota;
mod search;
mod server;
mod share;
mod sif;
mod size_tree;
mod star;
mod storage;
mod tag;
mod tag_move;
mod team;
mod token;
mod topic;
mod trash;
mod user;
mod webhook;

use async_graphql::{Enum, ID, InputObject, Interface};

use crate::{
    error::Result,
    graphql::error::InField,
    registry::{self, label::Label},
};

pub(super) use about::{About, Deprecation};
pub(super) use collection::Collection;
pub(super) use comparison::ImageComparison;
pub(super) use container::Container;
pub(super) use download::UserDownloads;
pub(super) use event::Event;
pub(super) use grant::Grant;
pub(super) use history::Moment;
pub(super) use image::Image;
pub(super) use job::{Job, JobKind, JobState};
pub(super) use key::Key;
pub(super) use label::{LabelKey, LabelValue};
pub(super) use manifest::Manifest;
pub(super) use namespace::Namespace;
pub(super) use protection::Protection;
pub(super) use quota::Quota;
pub(super) use search::{SearchEdge, SearchHit, SearchResult};
pub(super) use server::{Banner, BannerLevel, Server, Terms};
pub(super) use share::ShareLink;
pub(super) use size_tree::{SizeBy, SizeTreeNode};
pub(super) use star::{Bookmark, Star, Starrable};
pub(super) use storage::Storage;
pub(super) use tag::Tag;
pub(super) use tag_move::TagMove;
pub(super) use team::{Invitation, Team, TeamMember};
pub(super) use token::Token;
pub(super) use topic::Topic;
pub(super) use trash::TrashEntry;
pub(super) use user::User;
pub(super) use webhook::{Delivery, Webhook};

/// Anything with a global id.
#[derive(Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "The global id: `<noun>:<id>`. It stays when the thing is renamed."
))]
pub(super) enum Node {
    Collection(Collection),
    Container(Container),
    Event(Event),
    Grant(Grant),
    Image(Image),
    Invitation(Invitation),
    Job(Job),
    Key(Key),
    Manifest(Manifest),
    Namespace(Namespace),
    ShareLink(ShareLink),
    Tag(Tag),
    Team(Team),
    Token(Token),
    TrashEntry(TrashEntry),
    User(User),
    Webhook(Webhook),
    Delivery(Delivery),
}

/// Who may see a collection, its containers and its images, and pull from it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "registry::Visibility")]
pub(super) enum Visibility {
    /// Everybody, signed in or not.
    Public,
    /// Everybody who is signed in.
    Internal,
    /// The owner of the namespace, whoever was granted it, and site administrators.
    Private,
}

/// How far a token reaches. Each scope includes those before it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "registry::Scope")]
pub(super) enum Scope {
    /// See and pull what its user may see and pull.
    Read,
    /// Also push, tag, change and delete what its user may.
    Write,
    /// Also what its user may do as a site administrator.
    Admin,
}

/// What somebody is in a team. Each role includes those before it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "registry::TeamRole")]
pub(super) enum TeamRole {
    /// Pushes to the namespaces of the team.
    Member,
    /// Also changes, shares and deletes what is in them, and says who is in the team.
    Maintainer,
}

/// How far somebody may go with a thing and all that is in it. Each level includes those before it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "registry::GrantLevel")]
pub(super) enum Permission {
    /// See it and pull from it.
    Read,
    /// Also push images and move tags.
    Write,
    /// Also change, share and delete it.
    Admin,
}

/// A label that is looked for.
#[derive(InputObject)]
pub(super) struct LabelInput {
    /// The key, up to 128 bytes.
    key: String,
    /// The value, up to 512 bytes; null: any.
    value: Option<String>,
}

/// The labels that are looked for.
pub(super) fn labels(inputs: Vec<LabelInput>) -> Result<Vec<Label>> {
    let parse = |(place, input): (usize, LabelInput)| {
        Label::new(input.key, input.value).within(&format!("labels.{place}"))
    };
    inputs.into_iter().enumerate().map(parse).collect()
}
