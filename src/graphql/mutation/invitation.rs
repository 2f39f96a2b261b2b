//! Invitations into teams, and what is answered to them.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::DeletePayload;
use crate::{
    error::Error,
    graphql::{
        error::InField,
        id::{self, GlobalId},
        loader::caller,
        object::{Invitation, Team, TeamRole},
    },
    registry::team::invitation::{self, NewInvitation, Shown},
};

#[derive(Default)]
pub(super) struct InvitationMutation;

#[Object]
impl InvitationMutation {
    /// Invites somebody into a team that you maintain: a user by name, or one person who gets a link. A further invitation of
    /// the same user takes the place of the first. Errors: `CONFLICT` for a user who is in the team; `INVALID` for a time
    /// that has passed or is further than 90 days away.
    async fn invite_to_team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and as what.")] input: InviteToTeamInput,
    ) -> Result<InviteToTeamPayload> {
        let caller = caller(ctx);
        let user = match &input.user {
            Some(user) => Some(id::user(caller, user).await.in_field("input.user")?),
            None => None,
        };
        let new = NewInvitation {
            team: id::team(caller, &input.team).await.in_field("input.team")?,
            role: input.role.into(),
            user,
            expires_at: input.expires_at,
        };
        let (made, secret) = invitation::create(caller, new).await.in_input()?;
        Ok(InviteToTeamPayload {
            invitation: Invitation(made),
            secret,
        })
    }

    /// Takes back an invitation into a team that you maintain. Errors: `NOT_FOUND` when it was used already.
    async fn revoke_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RevokeInvitationInput,
    ) -> Result<DeletePayload> {
        let id = id::invitation(&input.id).in_field("input.id")?;
        invitation::revoke(caller(ctx), id).await?;
        Ok(DeletePayload::of(GlobalId::Invitation(id)))
    }

    /// Puts you into the team that you were invited into. An invitation is good once: of several who show the same secret at
    /// once, one gets in. Errors: `NOT_FOUND` for an invitation that is not there, was used, or is over; `CONFLICT` when
    /// you are in the team, in which case the invitation stays.
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What you show.")] input: AcceptInvitationInput,
    ) -> Result<AcceptInvitationPayload> {
        let shown = match (input.id, input.secret) {
            (Some(id), None) => Shown::Own(id::invitation(&id).in_field("input.id")?),
            (None, Some(secret)) => Shown::Secret(secret),
            _ => {
                let why = "send either the secret of a link, or the id of an invitation of yours";
                return Err(Error::invalid("input.secret", why).into());
            }
        };
        Ok(AcceptInvitationPayload {
            team: Team(invitation::accept(caller(ctx), shown).await?),
        })
    }

    /// Refuses an invitation of yours. Errors: `NOT_FOUND` when there is none.
    async fn decline_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeclineInvitationInput,
    ) -> Result<DeletePayload> {
        let id = id::invitation(&input.id).in_field("input.id")?;
        invitation::decline(caller(ctx), id).await?;
        Ok(DeletePayload::of(GlobalId::Invitation(id)))
    }
}

/// Who is invited into which team.
#[derive(InputObject)]
struct InviteToTeamInput {
    /// The global id or the name of the team.
    team: ID,
    /// The global id or the name of the user; null: whoever shows the secret that comes back.
    user: Option<ID>,
    /// As what.
    #[graphql(default_with = "TeamRole::Member")]
    role: TeamRole,
    /// Until when it is good, within 90 days; null: for 7 days.
    expires_at: Option<DateTime<Utc>>,
}

/// Which invitation to take back.
#[derive(InputObject)]
struct RevokeInvitationInput {
    /// Its global id.
    id: ID,
}

/// One of the two.
#[derive(InputObject)]
struct AcceptInvitationInput {
    /// The secret of a link.
    #[graphql(secret)]
    secret: Option<String>,
    /// The global id of an invitation of yours.
    id: Option<ID>,
}

/// Which invitation to refuse.
#[derive(InputObject)]
struct DeclineInvitationInput {
    /// Its global id.
    id: ID,
}

/// What inviting somebody answers.
#[derive(SimpleObject)]
struct InviteToTeamPayload {
    /// The invitation.
    invitation: Invitation,
    /// What gets whoever shows it into the team, once: `sifhub_invitation_` and 43 characters. It is told here and never
    /// again; null where a user is named.
    secret: Option<String>,
}

/// What accepting an invitation answers.
#[derive(SimpleObject)]
struct AcceptInvitationPayload {
    /// The team that you are in now.
    team: Team,
}
