//! Changes of teams and of who is in them.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::DeletePayload;
use crate::{
    graphql::{
        error::InField,
        id::{self, GlobalId},
        loader::{caller, load_present},
        object::{Team, TeamMember, TeamRole},
    },
    registry::team::{self, NewTeam, TeamChange, member},
};

#[derive(Default)]
pub(super) struct TeamMutation;

#[Object]
impl TeamMutation {
    /// Makes a team, with you as its first maintainer, and a namespace of the same name. Errors: `FORBIDDEN` when this
    /// server lets only administrators do that; `CONFLICT` when a team or a namespace has that name.
    async fn create_team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it gets.")] input: CreateTeamInput,
    ) -> Result<TeamPayload> {
        let new = NewTeam {
            name: input.name.parse().in_input()?,
            description: input.description,
        };
        let made = team::create(caller(ctx), new).await.in_input()?;
        Ok(TeamPayload { team: Team(made) })
    }

    /// Renames or describes a team that you maintain, opens it to everybody or closes it. Its namespaces keep their names. Errors: `CONFLICT` when the new
    /// name is taken.
    async fn update_team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateTeamInput,
    ) -> Result<TeamPayload> {
        let caller = caller(ctx);
        let id = id::team(caller, &input.id).await.in_field("input.id")?;
        let change = TeamChange {
            name: input.name.map(|name| name.parse()).transpose().in_input()?,
            description: input.description,
            open: input.open,
        };
        let changed = team::update(caller, id, change).await.in_input()?;
        Ok(TeamPayload {
            team: Team(changed),
        })
    }

    /// Deletes a team that you maintain, with its empty namespaces, its invitations, and what it was granted. Errors:
    /// `CONFLICT` while one of its namespaces holds a collection.
    async fn delete_team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteTeamInput,
    ) -> Result<DeletePayload> {
        let caller = caller(ctx);
        let id = id::team(caller, &input.id).await.in_field("input.id")?;
        team::delete(caller, id).await?;
        Ok(DeletePayload::of(GlobalId::Team(id)))
    }

    /// Puts a user into a team that you maintain, without asking them. Errors: `CONFLICT` when they are in it.
    async fn add_team_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and as what.")] input: AddTeamMemberInput,
    ) -> Result<TeamMemberPayload> {
        let caller = caller(ctx);
        let team = id::team(caller, &input.team).await.in_field("input.team")?;
        let user = id::user(caller, &input.user).await.in_field("input.user")?;
        let member = member::add(caller, team, user, input.role.into()).await?;
        Ok(TeamMemberPayload::of(member))
    }

    /// Gives a member of a team that you maintain another role. A maintainer who becomes a member loses the links that
    /// they made. Errors: `CONFLICT` for the last maintainer; `NOT_FOUND` for who is not in the team.
    async fn set_team_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and which.")] input: SetTeamRoleInput,
    ) -> Result<TeamMemberPayload> {
        let caller = caller(ctx);
        let team = id::team(caller, &input.team).await.in_field("input.team")?;
        let user = id::user(caller, &input.user).await.in_field("input.user")?;
        let member = member::set_role(caller, team, user, input.role.into()).await?;
        Ok(TeamMemberPayload::of(member))
    }

    /// Takes a member out of a team that you maintain; the links that they made are good no longer. Errors: `CONFLICT` for
    /// the last maintainer; `NOT_FOUND` for who is not in the team.
    async fn remove_team_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: RemoveTeamMemberInput,
    ) -> Result<LeftTeamPayload> {
        let caller = caller(ctx);
        let team = id::team(caller, &input.team).await.in_field("input.team")?;
        let user = id::user(caller, &input.user).await.in_field("input.user")?;
        member::remove(caller, team, user).await?;
        Ok(LeftTeamPayload {
            team: Team(load_present(ctx, team, "team").await?),
        })
    }

    /// Puts you into a team that is open to everybody, as a member. Errors: `FORBIDDEN` for a team that takes members by
    /// invitation; `CONFLICT` when you are in it.
    async fn join_team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: JoinTeamInput,
    ) -> Result<TeamMemberPayload> {
        let caller = caller(ctx);
        caller.account()?;
        let team = id::team(caller, &input.team).await.in_field("input.team")?;
        Ok(TeamMemberPayload::of(member::join(caller, team).await?))
    }

    /// Takes you out of a team. Errors: `CONFLICT` for its last maintainer; `NOT_FOUND` when you are not in it.
    async fn leave_team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: LeaveTeamInput,
    ) -> Result<LeftTeamPayload> {
        let caller = caller(ctx);
        let team = id::team(caller, &input.team).await.in_field("input.team")?;
        member::leave(caller, team).await?;
        Ok(LeftTeamPayload {
            team: Team(load_present(ctx, team, "team").await?),
        })
    }
}

/// What a new team gets.
#[derive(InputObject)]
struct CreateTeamInput {
    /// Its name: lower-case letters and digits, joined by single `.`, `_` or `-`; up to 128 bytes.
    name: String,
    /// Free text, up to 65536 bytes.
    #[graphql(default)]
    description: String,
}

/// What changes about a team; what is left out or null stays.
#[derive(InputObject)]
struct UpdateTeamInput {
    /// Its global id or its name.
    id: ID,
    /// A new name.
    name: Option<String>,
    /// A new description, up to 65536 bytes.
    description: Option<String>,
    /// Whether whoever is signed in may join it as a member, and push to its namespaces then.
    open: Option<bool>,
}

/// Which team to delete.
#[derive(InputObject)]
struct DeleteTeamInput {
    /// Its global id or its name.
    id: ID,
}

/// Who gets into which team, as what.
#[derive(InputObject)]
struct AddTeamMemberInput {
    /// The global id or the name of the team.
    team: ID,
    /// The global id or the name of the user.
    user: ID,
    /// As what.
    #[graphql(default_with = "TeamRole::Member")]
    role: TeamRole,
}

/// Who gets which role in which team.
#[derive(InputObject)]
struct SetTeamRoleInput {
    /// The global id or the name of the team.
    team: ID,
    /// The global id or the name of the user.
    user: ID,
    /// The role.
    role: TeamRole,
}

/// Whom to take out of which team.
#[derive(InputObject)]
struct RemoveTeamMemberInput {
    /// The global id or the name of the team.
    team: ID,
    /// The global id or the name of the user.
    user: ID,
}

/// Which team to join.
#[derive(InputObject)]
struct JoinTeamInput {
    /// The global id or the name of the team.
    team: ID,
}

/// Which team to leave.
#[derive(InputObject)]
struct LeaveTeamInput {
    /// The global id or the name of the team.
    team: ID,
}

/// What changing a team answers.
#[derive(SimpleObject)]
struct TeamPayload {
    /// The team as it is now.
    team: Team,
}

/// What changing a place in a team answers.
#[derive(SimpleObject)]
struct TeamMemberPayload {
    /// The place as it is now.
    member: TeamMember,
}

impl TeamMemberPayload {
    fn of(member: member::Member) -> Self {
        Self {
            member: TeamMember(member),
        }
    }
}

/// What taking somebody out of a team answers.
#[derive(SimpleObject)]
struct LeftTeamPayload {
    /// The team as it is now.
    team: Team,
}
