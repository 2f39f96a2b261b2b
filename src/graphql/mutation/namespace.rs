//! Changes of namespaces.
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};

use super::DeletePayload;
use crate::{
    error::Error,
    graphql::{
        error::InField,
        id::{self, GlobalId},
        loader::caller,
        object::{Namespace, Visibility},
    },
    registry::namespace::{self, NamespaceChange, NewNamespace, Owner},
};

#[derive(Default)]
pub(super) struct NamespaceMutation;

#[Object]
impl NamespaceMutation {
    /// Makes a namespace that belongs to you. Errors: `FORBIDDEN` when this server does not let you have that name;
    /// `CONFLICT` when it is taken.
    async fn create_namespace(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it gets.")] input: CreateNamespaceInput,
    ) -> Result<NamespacePayload> {
        let new = NewNamespace {
            name: input.name.parse().in_input()?,
            description: input.description,
            default_visibility: input.default_visibility.map(Into::into),
        };
        let made = namespace::create(caller(ctx), new).await.in_input()?;
        Ok(NamespacePayload::of(made))
    }

    /// Renames or describes a namespace of yours, or sets what new collections in it get. What is in it is still pulled by
    /// the old name, until something else takes that. Errors: `FORBIDDEN` when this server does not let you have the new name; `CONFLICT` when it is
    /// taken.
    async fn update_namespace(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateNamespaceInput,
    ) -> Result<NamespacePayload> {
        let caller = caller(ctx);
        let id = id::namespace(caller, &input.id)
            .await
            .in_field("input.id")?;
        let change = NamespaceChange {
            name: input.name.map(|name| name.parse()).transpose().in_input()?,
            description: input.description,
            default_visibility: match input.default_visibility {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(visibility) => Some(Some(visibility.into())),
            },
        };
        let changed = namespace::update(caller, id, change).await.in_input()?;
        Ok(NamespacePayload::of(changed))
    }

    /// Gives a namespace that belongs to you, or to a team that you maintain, to a team that you maintain, or to you; an
    /// administrator gives any to anybody. Grants on it stay. Errors: `FORBIDDEN` for who was only granted it, and for
    /// other users and teams; `INVALID` unless one of user and team is given.
    async fn transfer_namespace(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and to whom.")] input: TransferNamespaceInput,
    ) -> Result<NamespacePayload> {
        let caller = caller(ctx);
        let id = id::namespace(caller, &input.id)
            .await
            .in_field("input.id")?;
        let to = match (&input.user, &input.team) {
            (Some(user), None) => Owner::User(id::user(caller, user).await.in_field("input.user")?),
            (None, Some(team)) => Owner::Team(id::team(caller, team).await.in_field("input.team")?),
            _ => {
                let why = "name either a user or a team";
                return Err(Error::invalid("input.user", why).into());
            }
        };
        Ok(NamespacePayload::of(
            namespace::transfer(caller, id, to).await?,
        ))
    }

    /// Deletes an empty namespace of yours. Errors: `CONFLICT` while it holds collections.
    async fn delete_namespace(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteNamespaceInput,
    ) -> Result<DeletePayload> {
        let caller = caller(ctx);
        let id = id::namespace(caller, &input.id)
            .await
            .in_field("input.id")?;
        namespace::delete(caller, id).await?;
        Ok(DeletePayload::of(GlobalId::Namespace(id)))
    }
}

/// What a new namespace gets.
#[derive(InputObject)]
struct CreateNamespaceInput {
    /// Its name: lower-case letters and digits, joined by single `.`, `_` or `-`; up to 128 bytes.
    name: String,
    /// Free text, up to 65536 bytes.
    #[graphql(default)]
    description: String,
    /// What new collections in it get; null: the default of this server.
    default_visibility: Option<Visibility>,
}

/// What changes about a namespace; what is left out stays.
#[derive(InputObject)]
struct UpdateNamespaceInput {
    /// Its global id or its name.
    id: ID,
    /// A new name.
    name: Option<String>,
    /// A new description, up to 65536 bytes.
    description: Option<String>,
    /// What new collections in it get; null: the default of this server.
    default_visibility: MaybeUndefined<Visibility>,
}

/// Who gets which namespace: one of user and team.
#[derive(InputObject)]
struct TransferNamespaceInput {
    /// The global id or the name of the namespace.
    id: ID,
    /// The global id or the name of a user.
    user: Option<ID>,
    /// The global id or the name of a team.
    team: Option<ID>,
}

/// Which namespace to delete.
#[derive(InputObject)]
struct DeleteNamespaceInput {
    /// Its global id or its name.
    id: ID,
}

/// What changing a namespace answers.
#[derive(SimpleObject)]
pub(super) struct NamespacePayload {
    /// The namespace as it is now.
    namespace: Namespace,
}

impl NamespacePayload {
    pub(super) fn of(namespace: namespace::Namespace) -> Self {
        Self {
            namespace: Namespace(namespace),
        }
    }
}
