//! Who asks, and things by their global ids.
use async_graphql::{Context, ID, Object, Result};

use crate::{
    error::{Error, Result as Outcome},
    graphql::{
        error::InField,
        id::GlobalId,
        loader::{Fingerprint, caller, load},
        object::{
            Collection, Container, Delivery, Event, Grant, Image, Invitation, Job, Key, Manifest,
            Namespace, Node, ShareLink, Tag, Team, Token, TrashEntry, User, Webhook,
        },
        page::cost,
    },
};

#[derive(Default)]
pub(super) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Who you are to this server; null: nobody, because you sent neither a token nor the cookie of a session.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match caller(ctx).actor().account() {
            Some(account) => Ok(load(ctx, account.id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// The thing of a global id. Errors: `INVALID` for what is not an id of this server.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Result<Option<Node>> {
        find(ctx, id.parse()?).await
    }

    /// The things of global ids, in the same order, null for each that is not there. Errors: `INVALID` for what is not an
    /// id of this server, and for more than 100 ids.
    #[graphql(complexity = "cost(i32::try_from(ids.len()).ok(), None, child_complexity)")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global ids, up to 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > 100 {
            return Err(Error::invalid("ids", "ask for 100 at most").into());
        }
        let ids: Outcome<Vec<GlobalId>> = ids.iter().map(|id| id.parse()).collect();
        let found = ids.in_field("ids")?.into_iter().map(|id| find(ctx, id));
        futures::future::try_join_all(found).await
    }
}

/// The thing of an id, if the caller may see it.
pub(in crate::graphql) async fn find(ctx: &Context<'_>, id: GlobalId) -> Result<Option<Node>> {
    Ok(match id {
        GlobalId::User(id) => load(ctx, id).await?.map(|row| User(row).into()),
        GlobalId::Namespace(id) => load(ctx, id).await?.map(|row| Namespace(row).into()),
        GlobalId::Collection(id) => load(ctx, id).await?.map(|row| Collection(row).into()),
        GlobalId::Container(id) => load(ctx, id).await?.map(|row| Container(row).into()),
        GlobalId::Image(id) => load(ctx, id).await?.map(|row| Image(row).into()),
        GlobalId::Manifest(id) => load(ctx, id).await?.map(|row| Manifest(row).into()),
        GlobalId::Tag(id) => load(ctx, id).await?.map(|row| Tag(row).into()),
        GlobalId::ShareLink(id) => load(ctx, id).await?.map(|row| ShareLink(row).into()),
        GlobalId::Token(id) => load(ctx, id).await?.map(|row| Token(row).into()),
        GlobalId::Trash(id) => load(ctx, id).await?.map(|row| TrashEntry(row).into()),
        GlobalId::Job(id) => load(ctx, id).await?.map(|row| Job(row).into()),
        GlobalId::Webhook(id) => load(ctx, id).await?.map(|row| Webhook(row).into()),
        GlobalId::Delivery(id) => load(ctx, id).await?.map(|row| Delivery(row).into()),
        GlobalId::Event(id) => load(ctx, id).await?.map(|row| Event(row).into()),
        GlobalId::Team(id) => load(ctx, id).await?.map(|row| Team(row).into()),
        GlobalId::Invitation(id) => load(ctx, id).await?.map(|row| Invitation(row).into()),
        GlobalId::Grant(id) => load(ctx, id).await?.map(|row| Grant(row).into()),
        GlobalId::Key(id) => load(ctx, Fingerprint(id)).await?.map(|row| Key(row).into()),
    })
}
