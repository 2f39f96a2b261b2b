//! Changes of what is protected.
use async_graphql::{Context, ID, InputObject, Object, Result};

use super::{NodePayload, thing};
use crate::{
    graphql::{
        error::InField,
        id::{self, Shelf},
        loader::caller,
    },
    registry::{
        Caller,
        protection::{self, Pattern, Protected},
    },
};

#[derive(Default)]
pub(super) struct ProtectionMutation;

#[Object]
impl ProtectionMutation {
    /// Says which tags of a container of yours, or of all containers of a collection of yours, neither move nor go once they
    /// are set: at any door, for anybody, until you say otherwise. Tags that are set already are kept, too. Errors: `INVALID`
    /// for what is no pattern, and for more than 20.
    async fn set_immutable_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is protected, and which tags.")] input: SetImmutableTagsInput,
    ) -> Result<NodePayload> {
        let caller = caller(ctx);
        let protected = protected(caller, &input.id).await?;
        let parse = |texts: Vec<String>| texts.iter().map(|text| text.parse()).collect();
        let patterns: Option<crate::error::Result<Vec<Pattern>>> = input.immutable_tags.map(parse);
        let patterns = patterns.transpose().in_input()?;
        let set = protection::set_immutable_tags(caller, protected, patterns).await;
        set.in_input()?;
        of(ctx, protected).await
    }

    /// Freezes a container of yours, or all containers of a collection of yours: nothing is pushed, tagged, moved or deleted
    /// there, at any door, by anybody, until somebody who administers it unfreezes it. Uploads under way are refused at their end.
    async fn freeze(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is frozen, and why.")] input: FreezeInput,
    ) -> Result<NodePayload> {
        let caller = caller(ctx);
        let protected = protected(caller, &input.id).await?;
        let frozen = protection::freeze(caller, protected, input.reason).await;
        frozen.in_input()?;
        of(ctx, protected).await
    }

    /// Lifts the freeze of a container of yours, or of a collection of yours; what is not frozen stays so.
    async fn unfreeze(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is no longer frozen.")] input: UnfreezeInput,
    ) -> Result<NodePayload> {
        let caller = caller(ctx);
        let protected = protected(caller, &input.id).await?;
        protection::unfreeze(caller, protected).await?;
        of(ctx, protected).await
    }
}

async fn protected(caller: &Caller, id: &ID) -> crate::error::Result<Protected> {
    Ok(match id::shelf(caller, id).await.in_field("input.id")? {
        Shelf::Collection(id) => Protected::Collection(id),
        Shelf::Container(id) => Protected::Container(id),
    })
}

async fn of(ctx: &Context<'_>, protected: Protected) -> Result<NodePayload> {
    thing(
        ctx,
        match protected {
            Protected::Collection(id) => id::GlobalId::Collection(id),
            Protected::Container(id) => id::GlobalId::Container(id),
        },
    )
    .await
}

/// Which tags are immutable.
#[derive(InputObject)]
struct SetImmutableTagsInput {
    /// A container or a collection: its global id or its path.
    id: ID,
    /// Patterns of tags, up to 20 of up to 128 bytes: `*` stands for any characters, `?` for one, `!` in front excepts what
    /// patterns before it name; the last pattern that matches decides. Null: of a container, those of its collection hold; of
    /// a collection, none.
    immutable_tags: Option<Vec<String>>,
}

/// What to freeze.
#[derive(InputObject)]
struct FreezeInput {
    /// A container or a collection: its global id or its path.
    id: ID,
    /// Why, for those who are refused; up to 1024 bytes.
    #[graphql(default)]
    reason: String,
}

/// What to unfreeze.
#[derive(InputObject)]
struct UnfreezeInput {
    /// A container or a collection: its global id or its path.
    id: ID,
}
