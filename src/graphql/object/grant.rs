//! Grants.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{Collection, Container, Namespace, Permission, Team, User};
use crate::{
    graphql::{id::GlobalId, loader::load},
    registry::grant,
};

/// A grant that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Grant(pub grant::Grant);

impl From<grant::Grant> for Grant {
    fn from(row: grant::Grant) -> Self {
        Self(row)
    }
}

/// A grant: a user or a team was let into a namespace, a collection or a container, and all that is in it.
#[Object]
impl Grant {
    /// The global id, `grant:<id>`. It stays when the level changes.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Grant(self.0.id).into()
    }

    /// How far.
    async fn level(&self) -> Permission {
        self.0.level.into()
    }

    /// The user who was let in; null: a team was.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.user_id {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// The team that was let in; null: a user was.
    async fn team(&self, ctx: &Context<'_>) -> Result<Option<Team>> {
        match self.0.team_id {
            Some(id) => Ok(load(ctx, id).await?.map(Team)),
            None => Ok(None),
        }
    }

    /// The namespace that it is on; null: it is on something else.
    async fn namespace(&self, ctx: &Context<'_>) -> Result<Option<Namespace>> {
        match self.0.namespace_id {
            Some(id) => Ok(load(ctx, id).await?.map(Namespace)),
            None => Ok(None),
        }
    }

    /// The collection that it is on; null: it is on something else.
    async fn collection(&self, ctx: &Context<'_>) -> Result<Option<Collection>> {
        match self.0.collection_id {
            Some(id) => Ok(load(ctx, id).await?.map(Collection)),
            None => Ok(None),
        }
    }

    /// The container that it is on; null: it is on something else.
    async fn container(&self, ctx: &Context<'_>) -> Result<Option<Container>> {
        match self.0.container_id {
            Some(id) => Ok(load(ctx, id).await?.map(Container)),
            None => Ok(None),
        }
    }

    /// Who granted it first; null when the account is gone.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.created_by {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// When it was granted first.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}
