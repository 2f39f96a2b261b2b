//! Teams, who is in them, and who is invited.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{Grant, Namespace, TeamRole, User};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{RoleIn, below, load, load_present},
        page::{List, NamespaceOrderField, Order, Window, cost},
    },
    registry::{
        below::{Grants, Invitations, Members, Namespaces},
        grant::ByGranting,
        team::{
            self,
            invitation::{self, ByInviting},
            member::{self, ByJoining},
        },
    },
};

/// A team that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Team(pub team::Team);

impl From<team::Team> for Team {
    fn from(row: team::Team) -> Self {
        Self(row)
    }
}

/// A team: people who own namespaces together. Whoever is signed in sees the names of all; who is in one, its members
/// see.
#[Object]
impl Team {
    /// The global id, `team:<id>`. It stays when the team is renamed.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Team(self.0.id).into()
    }

    /// Its name, unique on this server.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Free text of its maintainers, up to 65536 bytes; may be empty.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// Whether whoever is signed in may join it as a member (`joinTeam`), and push to its namespaces then.
    async fn open(&self) -> bool {
        self.0.open
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When its name, its description or who may join changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// What you are in it; null: you are not in it.
    async fn viewer_role(&self, ctx: &Context<'_>) -> Result<Option<TeamRole>> {
        Ok(load(ctx, RoleIn(self.0.id)).await?.map(Into::into))
    }

    /// Who is in it, as they came; empty unless you are in it or administer this server. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 unless you say.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor of the same order.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many from the end: 1 to 100; not beside first.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor of the same order.")] before: Option<
            String,
        >,
    ) -> Result<List<TeamMember>> {
        let args = Window::new(first, after, last, before)?.sorted(ByJoining, false);
        below(ctx, Members(self.0.id), args).await
    }

    /// The invitations into it that are still open, oldest first; empty unless you maintain it or administer this server. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn invitations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 unless you say.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor of the same order.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many from the end: 1 to 100; not beside first.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor of the same order.")] before: Option<
            String,
        >,
    ) -> Result<List<Invitation>> {
        let args = Window::new(first, after, last, before)?.sorted(ByInviting, false);
        below(ctx, Invitations(self.0.id), args).await
    }

    /// The namespaces that belong to it and that you may see. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn namespaces(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 unless you say.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor of the same order.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many from the end: 1 to 100; not beside first.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor of the same order.")] before: Option<
            String,
        >,
        #[graphql(desc = "The order; by name unless you say.")] order_by: Option<
            Order<NamespaceOrderField>,
        >,
    ) -> Result<List<Namespace>> {
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        below(ctx, Namespaces(self.0.id), args).await
    }

    /// What it was granted that you may know of: all of it if you are in it. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn grants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 unless you say.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor of the same order.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many from the end: 1 to 100; not beside first.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor of the same order.")] before: Option<
            String,
        >,
    ) -> Result<List<Grant>> {
        let args = Window::new(first, after, last, before)?.sorted(ByGranting, false);
        below(ctx, Grants(self.0.id), args).await
    }
}

/// Somebody's place in a team that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct TeamMember(pub member::Member);

impl From<member::Member> for TeamMember {
    fn from(row: member::Member) -> Self {
        Self(row)
    }
}

/// Somebody's place in a team.
#[Object]
impl TeamMember {
    /// Who it is.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        Ok(User(load_present(ctx, self.0.user_id, "user").await?))
    }

    /// Which team.
    async fn team(&self, ctx: &Context<'_>) -> Result<Team> {
        Ok(Team(load_present(ctx, self.0.team_id, "team").await?))
    }

    /// What they are in it.
    async fn role(&self) -> TeamRole {
        self.0.role.into()
    }

    /// Since when.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// An open invitation that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Invitation(pub invitation::Invitation);

impl From<invitation::Invitation> for Invitation {
    fn from(row: invitation::Invitation) -> Self {
        Self(row)
    }
}

/// An invitation into a team that is still open. Once it is used, declined, revoked or over, it is there no more.
#[Object]
impl Invitation {
    /// The global id, `invitation:<id>`.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Invitation(self.0.id).into()
    }

    /// Into which team.
    async fn team(&self, ctx: &Context<'_>) -> Result<Team> {
        Ok(Team(load_present(ctx, self.0.team_id, "team").await?))
    }

    /// As what.
    async fn role(&self) -> TeamRole {
        self.0.role.into()
    }

    /// Who is invited; null: whoever holds the link.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.user_id {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// Who invites; null when the account is gone.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.created_by {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Until when it is good.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
}
