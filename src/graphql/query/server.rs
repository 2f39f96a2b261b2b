//! This server and its storage.
use async_graphql::{Context, Object, Result, SimpleObject};

use crate::{
    graphql::{loader::caller, object::Storage},
    protocol::RequestContext,
    registry::scrub,
};

#[derive(Default)]
pub(super) struct ServerQuery;

#[Object]
impl ServerQuery {
    /// This server.
    async fn server(&self, ctx: &Context<'_>) -> Server {
        let context: &RequestContext = ctx.data_unchecked();
        Server {
            version: env!("CARGO_PKG_VERSION"),
            url: context.base_url.to_string(),
        }
    }

    /// What is known of the blobs that are stored. Errors: `FORBIDDEN` for anybody but administrators.
    async fn storage(&self, ctx: &Context<'_>) -> Result<Storage> {
        Ok(Storage(scrub::report(caller(ctx)).await?))
    }
}

/// This server.
#[derive(SimpleObject)]
struct Server {
    /// The version of sifhub that it runs.
    version: &'static str,
    /// Where clients reach it, such as `https://registry.example.org`; without a slash at its end.
    url: String,
}
