//! What the graph shows. Each object wraps a row that its caller was let into.
mod about;
mod collection;
mod container;
mod image;
mod key;
mod manifest;
mod namespace;
mod protection;
mod server;
mod sif;
mod storage;
mod tag;
mod tag_move;
mod token;
mod topic;
mod user;

use async_graphql::{Enum, ID, InputObject, Interface};

use crate::{
    error::Result,
    registry::{self, label::Label},
};

pub(super) use about::{About, Deprecation};
pub(super) use collection::Collection;
pub(super) use container::Container;
pub(super) use image::Image;
pub(super) use key::Key;
pub(super) use manifest::Manifest;
pub(super) use namespace::Namespace;
pub(super) use protection::Protection;
pub(super) use server::{Banner, BannerLevel, Server, Terms};
pub(super) use storage::Storage;
pub(super) use tag::Tag;
pub(super) use tag_move::TagMove;
pub(super) use token::Token;
pub(super) use topic::Topic;
pub(super) use user::User;

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
    Image(Image),
    Key(Key),
    Manifest(Manifest),
    Namespace(Namespace),
    Tag(Tag),
    Token(Token),
    User(User),
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
    let parse = |input: LabelInput| Label::new(input.key, input.value);
    inputs.into_iter().map(parse).collect()
}
