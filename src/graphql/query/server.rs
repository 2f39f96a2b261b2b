//! This server and its storage.
use async_graphql::{Context, Object, Result};

use crate::{
    graphql::{
        loader::caller,
        object::{Server, Storage},
    },
    registry::{scrub, site},
};

#[derive(Default)]
pub(super) struct ServerQuery;

#[Object]
impl ServerQuery {
    /// This server: what it is, and what holds for all of it.
    async fn server(&self, ctx: &Context<'_>) -> Result<Server> {
        Ok(Server(site::current(caller(ctx)).await?))
    }

    /// What is known of the blobs that are stored. Errors: `FORBIDDEN` for anybody but administrators.
    async fn storage(&self, ctx: &Context<'_>) -> Result<Storage> {
        Ok(Storage(scrub::report(caller(ctx)).await?))
    }
}
