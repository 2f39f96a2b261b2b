//! Changes of quotas.
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};

use super::{namespace::NamespacePayload, server::ServerPayload, user::UserPayload};
use crate::{
    error::{self, Error},
    graphql::{
        error::InField,
        id,
        loader::caller,
        object::{Server, User},
        scalar::Bytes,
    },
    registry::quota::{self, Limit, QuotaChange},
};

#[derive(Default)]
pub(super) struct QuotaMutation;

#[Object]
impl QuotaMutation {
    /// Gives a namespace a quota of its own. What it holds beyond stays, but nothing more comes to it. Errors: `FORBIDDEN`
    /// unless you administer this server.
    async fn set_namespace_quota(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which namespace, and its quota.")] input: SetNamespaceQuotaInput,
    ) -> Result<NamespacePayload> {
        let caller = caller(ctx);
        caller.account()?;
        let change = input.quota.change().in_input()?;
        let id = id::namespace(caller, &input.id)
            .await
            .in_field("input.id")?;
        let set = quota::set_namespace(caller, id, change).await;
        Ok(NamespacePayload::of(set.in_input()?))
    }

    /// Gives a user a quota for all namespaces that are theirs; those of their teams do not count. What they hold beyond
    /// stays, but nothing more comes to it. Errors: `FORBIDDEN` unless you administer this server.
    async fn set_user_quota(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and their quota.")] input: SetUserQuotaInput,
    ) -> Result<UserPayload> {
        let caller = caller(ctx);
        caller.account()?;
        let change = input.quota.change().in_input()?;
        let id = id::user(caller, &input.id).await.in_field("input.id")?;
        let set = quota::set_user(caller, id, change).await;
        let user = User(set.in_input()?);
        Ok(UserPayload { user })
    }

    /// Gives this server a quota for all that it holds. What it holds beyond stays, but nothing more comes to it. Errors:
    /// `FORBIDDEN` unless you administer this server.
    async fn set_server_quota(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The quota.")] input: SetServerQuotaInput,
    ) -> Result<ServerPayload> {
        let caller = caller(ctx);
        caller.account()?;
        let change = input.quota.change().in_input()?;
        let set = quota::set_site(caller, change).await;
        let server = Server(set.in_input()?);
        Ok(ServerPayload { server })
    }
}

/// Which namespace gets which quota.
#[derive(InputObject)]
struct SetNamespaceQuotaInput {
    /// Its global id or its name.
    id: ID,
    /// The quota.
    quota: QuotaInput,
}

/// Which user gets which quota.
#[derive(InputObject)]
struct SetUserQuotaInput {
    /// Their global id or their name.
    id: ID,
    /// The quota.
    quota: QuotaInput,
}

/// Which quota this server gets.
#[derive(InputObject)]
struct SetServerQuotaInput {
    /// The quota.
    quota: QuotaInput,
}

/// How much something may hold; limits that are left out stay.
#[derive(InputObject)]
struct QuotaInput {
    /// The most bytes, up to 2^63-1; null: the default of this server.
    limit_bytes: MaybeUndefined<Bytes>,
    /// The most images, and manifests that describe no SIF image: 0 to 2147483647; null: the default of this server.
    limit_images: MaybeUndefined<i32>,
    /// True, without `limitBytes`: any number of bytes.
    #[graphql(default)]
    unlimited_bytes: bool,
    /// True, without `limitImages`: any number of images.
    #[graphql(default)]
    unlimited_images: bool,
}

impl QuotaInput {
    fn change(self) -> error::Result<QuotaChange> {
        let bytes = self.limit_bytes.map_value(|bytes| bytes.0);
        let images = self.limit_images.map_value(count).transpose()?;
        Ok(QuotaChange {
            bytes: limit("quota.limitBytes", bytes, self.unlimited_bytes)?,
            images: limit("quota.limitImages", images, self.unlimited_images)?,
        })
    }
}

fn count(images: i32) -> error::Result<u64> {
    let negative = |_| Error::invalid("quota.limitImages", "it is negative; give 0 or more");
    u64::try_from(images).map_err(negative)
}

fn limit(what: &str, limit: MaybeUndefined<u64>, unlimited: bool) -> error::Result<Option<Limit>> {
    match (limit, unlimited) {
        (MaybeUndefined::Undefined, true) => Ok(Some(Limit::Unlimited)),
        (_, true) => {
            let why = "give a limit, or say that there is none; not both";
            Err(Error::invalid(what, why))
        }
        (MaybeUndefined::Value(limit), false) => Ok(Some(Limit::At(limit))),
        (MaybeUndefined::Null, false) => Ok(Some(Limit::Default)),
        (MaybeUndefined::Undefined, false) => Ok(None),
    }
}
