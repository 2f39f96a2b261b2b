//! Changes of users.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use crate::{
    graphql::{error::InField, id, loader::caller, object::User},
    registry::user,
};

#[derive(Default)]
pub(super) struct UserMutation;

#[Object]
impl UserMutation {
    /// Keeps a user out: their sessions end and their tokens do not work. What they own stays. Errors: `FORBIDDEN` unless
    /// you administer this server.
    async fn disable_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: UserInput,
    ) -> Result<UserPayload> {
        set_enabled(ctx, &input, false).await
    }

    /// Lets a user in again; their tokens work again. Errors: `FORBIDDEN` unless you administer this server.
    async fn enable_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: UserInput,
    ) -> Result<UserPayload> {
        set_enabled(ctx, &input, true).await
    }
}

async fn set_enabled(ctx: &Context<'_>, input: &UserInput, enabled: bool) -> Result<UserPayload> {
    let caller = caller(ctx);
    caller.account()?;
    let id = id::user(caller, &input.id).await.in_field("input.id")?;
    let user = user::set_enabled(caller, id, enabled).await?;
    Ok(UserPayload { user: User(user) })
}

/// Which user.
#[derive(InputObject)]
struct UserInput {
    /// Their global id or their name.
    id: ID,
}

/// What changing a user answers.
#[derive(SimpleObject)]
struct UserPayload {
    /// The user as they are now.
    user: User,
}
