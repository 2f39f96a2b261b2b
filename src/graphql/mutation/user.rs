//! Changes of users.
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::DeletePayload;
use crate::{
    auth,
    graphql::{
        error::InField,
        id::{self, GlobalId},
        loader::caller,
        object::User,
    },
    registry::user,
};

#[derive(Default)]
pub(super) struct UserMutation;

#[Object]
impl UserMutation {
    /// Makes an account and the namespace of the same name. Errors: `FORBIDDEN` unless you administer this server;
    /// `CONFLICT` when the name is taken; `INVALID` for a password against the rules of this server.
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What they get.")] input: CreateUserInput,
    ) -> Result<UserPayload> {
        let name = input.name.parse().in_input()?;
        let password = input.password.as_deref();
        let made = auth::create_user(caller(ctx), name, input.admin, password).await;
        Ok(UserPayload {
            user: User(made.in_input()?),
        })
    }

    /// Keeps a user out: their sessions end and their tokens do not work. What they own stays. Errors: `FORBIDDEN` unless
    /// you administer this server; `CONFLICT` for the last administrator who may sign in.
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

    /// Makes a user an administrator of this server, or one no longer. Errors: `FORBIDDEN` unless you administer this
    /// server; `CONFLICT` for the last administrator who may sign in.
    async fn set_user_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and what they become.")] input: SetUserRoleInput,
    ) -> Result<UserPayload> {
        let caller = caller(ctx);
        caller.account()?;
        let id = id::user(caller, &input.id).await.in_field("input.id")?;
        let user = user::set_admin(caller, id, input.role == UserRole::Admin).await?;
        Ok(UserPayload { user: User(user) })
    }

    /// Deletes an account that owns nothing, with its empty namespaces, its tokens and its sessions. What it did stays in
    /// the log. Errors: `FORBIDDEN` unless you administer this server; `CONFLICT` while it owns collections or keys, which
    /// are named, and for the last administrator who may sign in.
    async fn delete_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: DeleteUserInput,
    ) -> Result<DeletePayload> {
        let caller = caller(ctx);
        caller.account()?;
        let id = id::user(caller, &input.id).await.in_field("input.id")?;
        user::delete(caller, id).await?;
        Ok(DeletePayload::of(GlobalId::User(id)))
    }
}

async fn set_enabled(ctx: &Context<'_>, input: &UserInput, enabled: bool) -> Result<UserPayload> {
    let caller = caller(ctx);
    caller.account()?;
    let id = id::user(caller, &input.id).await.in_field("input.id")?;
    let user = user::set_enabled(caller, id, enabled).await?;
    Ok(UserPayload { user: User(user) })
}

/// What a new user gets.
#[derive(InputObject)]
struct CreateUserInput {
    /// Their name: lower-case letters and digits, joined by single `.`, `_` or `-`; up to 128 bytes.
    name: String,
    /// Their first password; null: they cannot sign in until they get one.
    #[graphql(secret)]
    password: Option<String>,
    /// Whether they administer this server.
    #[graphql(default)]
    admin: bool,
}

/// Which user.
#[derive(InputObject)]
struct UserInput {
    /// Their global id or their name.
    id: ID,
}

/// Which account to delete.
#[derive(InputObject)]
struct DeleteUserInput {
    /// Its global id or its name.
    id: ID,
}

/// Who becomes what.
#[derive(InputObject)]
struct SetUserRoleInput {
    /// Their global id or their name.
    id: ID,
    /// What they become.
    role: UserRole,
}

/// What a user is to this server.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum UserRole {
    /// Somebody with an account.
    User,
    /// Somebody who administers the server and everything on it.
    Admin,
}

/// What changing a user answers.
#[derive(SimpleObject)]
pub(super) struct UserPayload {
    /// The user as they are now.
    pub(super) user: User,
}
