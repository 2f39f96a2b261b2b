//! What can be changed. Each mutation takes one argument, `input`, and answers with what it changed.
mod about;
mod bulk;
mod collection;
mod container;
mod grant;
mod image;
mod invitation;
mod job;
mod key;
mod namespace;
mod protection;
mod quota;
mod server;
mod share;
mod star;
mod tag;
mod team;
mod token;
mod trash;
mod user;
mod webhook;

use async_graphql::{Context, ID, MergedObject, Result, SimpleObject, Union};

use super::{
    id::GlobalId,
    object::{Collection, Container, Image, Node},
    query::find,
};
use crate::error::Error;

/// What can be changed. Each mutation takes one argument, `input`, and answers with what it changed. All of them need
/// somebody who is signed in, with a token of the scope `WRITE` or a session; errors: `UNAUTHENTICATED` for nobody,
/// `FORBIDDEN` for what belongs to somebody else or a token that may only read, `NOT_FOUND` for what is not there or may
/// not be seen, `INVALID` with the path of the input in `extensions.field`.
#[derive(MergedObject, Default)]
pub(super) struct Mutation(
    namespace::NamespaceMutation,
    collection::CollectionMutation,
    container::ContainerMutation,
    image::ImageMutation,
    tag::TagMutation,
    protection::ProtectionMutation,
    about::AboutMutation,
    token::TokenMutation,
    trash::TrashMutation,
    bulk::BulkMutation,
    user::UserMutation,
    server::ServerMutation,
    quota::QuotaMutation,
    job::JobMutation,
    key::KeyMutation,
    webhook::WebhookMutation,
    star::StarMutation,
    share::ShareMutation,
    team::TeamMutation,
    invitation::InvitationMutation,
    grant::GrantMutation,
);

/// What a deletion answers.
#[derive(SimpleObject)]
struct DeletePayload {
    /// The global id of what is gone.
    deleted_id: ID,
}

impl DeletePayload {
    fn of(id: GlobalId) -> Self {
        Self {
            deleted_id: id.into(),
        }
    }
}

/// What changing one of several kinds of things answers.
#[derive(SimpleObject)]
struct NodePayload {
    /// The thing as it is now.
    node: Thing,
}

/// What can be described, deprecated and protected.
#[derive(Union)]
enum Thing {
    Collection(Collection),
    Container(Container),
    Image(Image),
}

/// The thing of an id, as it is now.
async fn thing(ctx: &Context<'_>, id: GlobalId) -> Result<NodePayload> {
    let node = match find(ctx, id).await? {
        Some(Node::Collection(collection)) => Thing::Collection(collection),
        Some(Node::Container(container)) => Thing::Container(container),
        Some(Node::Image(image)) => Thing::Image(image),
        _ => return Err(Error::NotFound("thing").into()),
    };
    Ok(NodePayload { node })
}
