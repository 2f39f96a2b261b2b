//! Changes of keys. Keys are pushed through the key server.
use async_graphql::{Context, ID, InputObject, Object, Result};

use super::DeletePayload;
use crate::{
    graphql::{
        error::InField,
        id::{self, GlobalId},
        loader::caller,
    },
    registry::key,
};

#[derive(Default)]
pub(super) struct KeyMutation;

#[Object]
impl KeyMutation {
    /// Removes a public key that you pushed. Whoever has a copy keeps it; to take a key back, push its revocation.
    async fn delete_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteKeyInput,
    ) -> Result<DeletePayload> {
        let fingerprint = id::key(&input.id).in_field("input.id")?;
        key::delete(caller(ctx), &fingerprint).await?;
        Ok(DeletePayload::of(GlobalId::Key(fingerprint)))
    }
}

/// Which key to remove.
#[derive(InputObject)]
struct DeleteKeyInput {
    /// Its global id, or the fingerprint of its primary key.
    id: ID,
}
