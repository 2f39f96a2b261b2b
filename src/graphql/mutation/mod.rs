//! What can be changed. Each mutation takes one argument, `input`, and answers with what it changed.
mod collection;
mod container;
mod grant;
mod image;
mod invitation;
mod key;
mod namespace;
mod server;
mod share;
mod star;
mod tag;
mod team;
mod token;
mod user;
mod webhook;

use async_graphql::{ID, MergedObject, SimpleObject};

use super::id::GlobalId;

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
    token::TokenMutation,
    user::UserMutation,
    server::ServerMutation,
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
