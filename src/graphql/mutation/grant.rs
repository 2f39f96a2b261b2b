//! Changes of grants.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::DeletePayload;
use crate::{
    error::Error,
    graphql::{
        error::InField,
        id::{self, GlobalId},
        loader::caller,
        object::{Grant, Permission},
    },
    registry::{
        Caller,
        grant::{self, Object as Thing, Subject},
    },
};

#[derive(Default)]
pub(super) struct GrantMutation;

#[Object]
impl GrantMutation {
    /// Lets a user or a team into a namespace, a collection or a container that you may share, and all that is in it; what
    /// they were granted on it before is replaced. Errors: `INVALID` unless one of user and team, and one of namespace,
    /// collection and container, is given.
    async fn set_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, into what, and how far.")] input: SetGrantInput,
    ) -> Result<GrantPayload> {
        let caller = caller(ctx);
        let subject = subject(caller, &input).await?;
        let thing = thing(caller, &input).await?;
        let grant = grant::set(caller, subject, thing, input.level.into()).await?;
        Ok(GrantPayload {
            grant: Grant(grant),
        })
    }

    /// Takes back a grant on what you may share.
    async fn remove_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RemoveGrantInput,
    ) -> Result<DeletePayload> {
        let id = id::grant(&input.id).in_field("input.id")?;
        grant::remove(caller(ctx), id).await?;
        Ok(DeletePayload::of(GlobalId::Grant(id)))
    }
}

async fn subject(caller: &Caller, input: &SetGrantInput) -> Result<Subject> {
    Ok(match (&input.user, &input.team) {
        (Some(user), None) => Subject::User(id::user(caller, user).await.in_field("input.user")?),
        (None, Some(team)) => Subject::Team(id::team(caller, team).await.in_field("input.team")?),
        _ => return Err(Error::invalid("input.user", "name either a user or a team").into()),
    })
}

async fn thing(caller: &Caller, input: &SetGrantInput) -> Result<Thing> {
    Ok(
        match (&input.namespace, &input.collection, &input.container) {
            (Some(id), None, None) => {
                let id = id::namespace(caller, id).await;
                Thing::Namespace(id.in_field("input.namespace")?)
            }
            (None, Some(id), None) => {
                let id = id::collection(caller, id).await;
                Thing::Collection(id.in_field("input.collection")?)
            }
            (None, None, Some(id)) => {
                let id = id::container(caller, id).await;
                Thing::Container(id.in_field("input.container")?)
            }
            _ => {
                let why = "name one of namespace, collection and container";
                return Err(Error::invalid("input.namespace", why).into());
            }
        },
    )
}

/// Who is let into what, and how far: one of user and team, and one of namespace, collection and container.
#[derive(InputObject)]
struct SetGrantInput {
    /// The global id or the name of a user.
    user: Option<ID>,
    /// The global id or the name of a team.
    team: Option<ID>,
    /// The global id or the name of a namespace.
    namespace: Option<ID>,
    /// The global id of a collection or its path, `namespace/collection`.
    collection: Option<ID>,
    /// The global id of a container or its path, `namespace/collection/container`.
    container: Option<ID>,
    /// How far.
    level: Permission,
}

/// Which grant to take back.
#[derive(InputObject)]
struct RemoveGrantInput {
    /// Its global id.
    id: ID,
}

/// What granting answers.
#[derive(SimpleObject)]
struct GrantPayload {
    /// The grant as it is now.
    grant: Grant,
}
