//! Invitations into teams: of a user by name, or of whoever shows the secret of a link. Each is good once, and for a time.
use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    id::{InvitationId, TeamId, UserId},
    invitation,
    kind::TeamRole,
    team, user,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, Set};
use serde_json::json;

use super::{Team, lock, member};
use crate::{
    access::{Admin, Granted, Pull, Push, Rows, identity, open, rows},
    error::{Error, Result},
    event::{Event, Target},
    registry::{Caller, Tx, database::on_duplicate, fresh_id, page::Sort, secret::random_text},
};

/// What every secret of a link begins with.
pub const PREFIX: &str = "sifhub_invitation_";
/// How long an invitation is good when nobody says.
const LIFE: TimeDelta = TimeDelta::days(7);
/// How long one may be good.
const LONGEST: TimeDelta = TimeDelta::days(90);

/// An open invitation that the caller may see, without its secret.
pub type Invitation = Granted<Pull, invitation::Model>;

/// What a new invitation says.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// Into which team.
    pub team: TeamId,
    /// As what.
    pub role: TeamRole,
    /// Who is invited; absent: whoever shows the secret.
    pub user: Option<UserId>,
    /// Until when it is good; absent: for 7 days.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The order of a list of invitations: as they were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByInviting;

impl Sort<invitation::Entity> for ByInviting {
    fn column(self) -> Option<invitation::Column> {
        None
    }
    fn key(self, _: &invitation::Model) -> String {
        String::new()
    }
    fn id(row: &invitation::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> invitation::Column {
        invitation::Column::Id
    }
}

/// The invitations that are open and that the caller may see.
pub(in crate::registry) fn still_open(caller: &Caller) -> Rows<Pull, invitation::Entity> {
    rows::<Pull, invitation::Entity>(caller.actor())
        .narrow(|q| q.filter(invitation::Column::ExpiresAt.gt(caller.now())))
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(
    caller: &Caller,
    ids: &[InvitationId],
) -> Result<HashMap<InvitationId, Invitation>> {
    let rows = rows::<Pull, invitation::Entity>(caller.actor())
        .narrow(|q| {
            q.filter(invitation::Column::Id.is_in(ids.iter().copied()))
                .filter(invitation::Column::ExpiresAt.gt(caller.now()))
        })
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Invites somebody into a team of the caller, and tells the secret of the link, once; a user who is named needs none. A
/// further invitation of the same user takes the place of the first.
///
/// # Errors
/// [`Error::Conflict`] for who is in the team; [`Error::Invalid`] for a time that has passed or is further than 90 days
/// away; those of [`open`] for the team and the user.
pub async fn create(caller: &Caller, new: NewInvitation) -> Result<(Invitation, Option<String>)> {
    let expires_at = expiry(caller, new.expires_at)?;
    let secret = match new.user {
        Some(_) => None,
        None => Some(format!("{PREFIX}{}", random_text::<32>())),
    };
    let hash = secret.as_deref();
    let hash = hash.map(|secret| caller.secret().hash_invitation(secret));
    let made = caller.change(async |tx| {
        lock(tx, new.team).await?;
        let team = open::<Admin, team::Entity>(tx.db(), tx.actor(), new.team).await?;
        let invited = invitee(tx, &team, new.user).await?;
        forget(tx, new.team, new.user).await?;
        let row = invitation::ActiveModel {
            id: Set(InvitationId(fresh_id())),
            team_id: Set(new.team),
            role: Set(new.role),
            user_id: Set(new.user),
            hash: Set(hash),
            created_at: Set(tx.now()),
            expires_at: Set(expires_at),
            created_by: Set(tx.actor().account().map(|account| account.id)),
        };
        let twice = on_duplicate(|| "that user is invited already".into());
        let row = row.insert(tx.db()).await.map_err(twice)?;
        let details = json!({"user": invited, "role": row.role, "expires_at": row.expires_at});
        let made = open::<Pull, invitation::Entity>(tx.db(), tx.actor(), row.id).await?;
        let event = Event::new("invitation.create", Target::site(&team.name), row.id);
        Ok(event.details(details).with(made))
    });
    Ok((made.await?, secret))
}

fn expiry(caller: &Caller, wanted: Option<DateTime<Utc>>) -> Result<DateTime<Utc>> {
    let now = caller.now();
    match wanted {
        None => Ok(now + LIFE),
        Some(at) if at > now && at <= now + LONGEST => Ok(at),
        Some(_) => Err(Error::invalid(
            "expires",
            "choose a time to come, within 90 days",
        )),
    }
}

/// The name of the user who is invited, if one is.
async fn invitee(tx: &Tx, team: &team::Model, user: Option<UserId>) -> Result<Option<String>> {
    let Some(user) = user else { return Ok(None) };
    let user = open::<Pull, user::Entity>(tx.db(), tx.actor(), user).await?;
    if member::is_in(tx, team.id, user.id).await? {
        let why = format!("{} is in the team already", user.name);
        return Err(Error::Conflict(why));
    }
    Ok(Some(user.name.clone()))
}

/// Makes room: what is over is no invitation any more, nor is the one that `user` has.
async fn forget(tx: &Tx, team: TeamId, user: Option<UserId>) -> Result<()> {
    let over = invitation::Column::ExpiresAt.lte(tx.now());
    let which = match user {
        Some(user) => over.or(invitation::Column::UserId.eq(user)),
        None => over,
    };
    invitation::Entity::delete_many()
        .filter(invitation::Column::TeamId.eq(team))
        .filter(which)
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Takes back an invitation into a team of the caller.
///
/// # Errors
/// Those of [`open`]; [`Error::NotFound`] when it was used meanwhile.
pub async fn revoke(caller: &Caller, id: InvitationId) -> Result<()> {
    caller
        .change(async |tx| {
            let invitation = open::<Admin, invitation::Entity>(tx.db(), tx.actor(), id).await?;
            let team = open::<Pull, team::Entity>(tx.db(), tx.actor(), invitation.team_id).await?;
            take(tx, id).await?;
            Ok(Event::new("invitation.revoke", Target::site(&team.name), id).with(()))
        })
        .await
}

/// Refuses an invitation of the caller.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or it is for somebody else.
pub async fn decline(caller: &Caller, id: InvitationId) -> Result<()> {
    let me = caller.writer()?.id;
    caller
        .change(async |tx| {
            let invitation = own(tx, id, me).await?;
            let team = open::<Pull, team::Entity>(tx.db(), tx.actor(), invitation.team_id).await?;
            take(tx, id).await?;
            Ok(Event::new("invitation.decline", Target::site(&team.name), id).with(()))
        })
        .await
}

/// What is shown to get into a team.
#[derive(Clone, Debug)]
pub enum Shown {
    /// An invitation of the caller.
    Own(InvitationId),
    /// The secret of a link.
    Secret(String),
}

/// Puts the caller into the team that they were invited into. Of several who show the same link at once, one gets in.
///
/// # Errors
/// [`Error::NotFound`] when there is no such invitation, or no longer; [`Error::Conflict`] when the caller is in the
/// team, in which case the invitation stays.
pub async fn accept(caller: &Caller, shown: Shown) -> Result<Team> {
    let account = caller.writer()?;
    let hash = match &shown {
        Shown::Secret(secret) => Some(caller.secret().hash_invitation(secret)),
        Shown::Own(_) => None,
    };
    caller
        .change(async |tx| {
            let invitation = match (shown, hash) {
                (Shown::Own(id), _) => own(tx, id, account.id).await?,
                (Shown::Secret(_), hash) => by_hash(tx, hash.unwrap_or_default()).await?,
            };
            lock(tx, invitation.team_id).await?;
            let team = open::<Pull, team::Entity>(tx.db(), tx.actor(), invitation.team_id).await?;
            if member::is_in(tx, team.id, account.id).await? {
                let why = format!("you are in the team {} already", team.name);
                return Err(Error::Conflict(why));
            }
            take(tx, invitation.id).await?;
            member::insert(tx, team.id, account.id, invitation.role).await?;
            member::forget_invitation(tx, team.id, account.id).await?;
            let details = json!({"team": team.name, "role": invitation.role});
            let target = Target::account(account.id, &account.name);
            let event = Event::new("invitation.accept", target, team.id);
            Ok(event.details(details).with(team))
        })
        .await
}

/// The invitation of `me` by its id.
async fn own(tx: &Tx, id: InvitationId, me: UserId) -> Result<invitation::Model> {
    let row = open::<Push, invitation::Entity>(tx.db(), tx.actor(), id).await?;
    still_good(tx, row.into_row())
        .filter(|row| row.user_id == Some(me))
        .ok_or(GONE)
}

async fn by_hash(tx: &Tx, hash: String) -> Result<invitation::Model> {
    let row = identity::<invitation::Entity>()
        .filter(invitation::Column::Hash.eq(hash))
        .one(tx.db())
        .await?;
    row.and_then(|row| still_good(tx, row)).ok_or(GONE)
}

const GONE: Error = Error::NotFound("invitation");

fn still_good(tx: &Tx, row: invitation::Model) -> Option<invitation::Model> {
    (row.expires_at > tx.now()).then_some(row)
}

/// Uses an invitation up. Only one who tries can.
async fn take(tx: &Tx, id: InvitationId) -> Result<()> {
    let taken = invitation::Entity::delete_many()
        .filter(invitation::Column::Id.eq(id))
        .exec(tx.db())
        .await?;
    match taken.rows_affected {
        0 => Err(GONE),
        _ => Ok(()),
    }
}
