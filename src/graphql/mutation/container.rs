//! Changes of containers.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::DeletePayload;
use crate::{
    graphql::{
        error::InField,
        id::{self, GlobalId},
        loader::caller,
        object::Container,
    },
    registry::{
        container::{self, ContainerChange, NewContainer},
        trash::Deletion,
    },
};

#[derive(Default)]
pub(super) struct ContainerMutation;

#[Object]
impl ContainerMutation {
    /// Makes an empty container in a collection of yours. Errors: `CONFLICT` when the collection has one of that name.
    async fn create_container(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it gets.")] input: CreateContainerInput,
    ) -> Result<ContainerPayload> {
        let caller = caller(ctx);
        let collection = id::collection(caller, &input.collection).await;
        let new = NewContainer {
            collection: collection.in_field("input.collection")?,
            name: input.name.parse().in_input()?,
            description: input.description,
        };
        let made = container::create(caller, new).await.in_input()?;
        Ok(ContainerPayload::of(made))
    }

    /// Renames or describes a container of yours. What is in it is still pulled by the old path, until something
    /// else takes that. Errors: `CONFLICT` when the new name is taken.
    async fn update_container(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateContainerInput,
    ) -> Result<ContainerPayload> {
        let caller = caller(ctx);
        let id = id::container(caller, &input.id)
            .await
            .in_field("input.id")?;
        let change = ContainerChange {
            name: input.name.map(|name| name.parse()).transpose().in_input()?,
            description: input.description,
        };
        let changed = container::update(caller, id, change).await.in_input()?;
        Ok(ContainerPayload::of(changed))
    }

    /// Moves a container of yours, with all that is in it, to a collection that you may push to. It is still pulled by the old
    /// path, until something else takes that; whoever may see that collection sees it there. Only the owner of a namespace moves
    /// containers out of it. Errors: `CONFLICT` when the collection has one of that name, and while the container is frozen or
    /// holds an immutable tag; `FORBIDDEN` to another namespace, for whoever was only granted the container.
    async fn move_container(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and where.")] input: MoveContainerInput,
    ) -> Result<ContainerPayload> {
        let caller = caller(ctx);
        let id = id::container(caller, &input.id)
            .await
            .in_field("input.id")?;
        let to = id::collection(caller, &input.collection).await;
        let to = to.in_field("input.collection")?;
        Ok(ContainerPayload::of(
            container::move_to(caller, id, to).await?,
        ))
    }

    /// Deletes a container of yours: puts it into the trash, from where it may be restored for as long as this server keeps
    /// what is deleted. Errors: `CONFLICT` while it holds images, unless you say `withContent`,
    /// and when it is frozen or holds an immutable tag.
    async fn delete_container(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteContainerInput,
    ) -> Result<DeletePayload> {
        let caller = caller(ctx);
        let id = id::container(caller, &input.id)
            .await
            .in_field("input.id")?;
        let deletion = Deletion {
            with_content: input.with_content,
            reason: input.reason,
        };
        container::delete(caller, id, deletion).await.in_input()?;
        Ok(DeletePayload::of(GlobalId::Container(id)))
    }
}

/// What a new container gets.
#[derive(InputObject)]
struct CreateContainerInput {
    /// The collection it goes into: its global id or its path, `namespace/collection`.
    collection: ID,
    /// Its name: lower-case letters and digits, joined by single `.`, `_` or `-`; up to 128 bytes.
    name: String,
    /// Free text, up to 65536 bytes.
    #[graphql(default)]
    description: String,
}

/// What changes about a container; what is left out or null stays.
#[derive(InputObject)]
struct UpdateContainerInput {
    /// Its global id or its path, `namespace/collection/container`.
    id: ID,
    /// A new name.
    name: Option<String>,
    /// A new description, up to 65536 bytes.
    description: Option<String>,
}

/// Which container goes where.
#[derive(InputObject)]
struct MoveContainerInput {
    /// Its global id or its path, `namespace/collection/container`.
    id: ID,
    /// The collection it goes into: its global id or its path, `namespace/collection`.
    collection: ID,
}

/// Which container to delete.
#[derive(InputObject)]
struct DeleteContainerInput {
    /// Its global id or its path, `namespace/collection/container`.
    id: ID,
    /// Delete its images, manifests and tags with it.
    #[graphql(default)]
    with_content: bool,
    /// Why, up to 1000 bytes; kept with the entry of the trash, and in the event.
    #[graphql(default)]
    reason: String,
}

/// What changing a container answers.
#[derive(SimpleObject)]
struct ContainerPayload {
    /// The container as it is now.
    container: Container,
}

impl ContainerPayload {
    fn of(container: container::Container) -> Self {
        Self {
            container: Container(container),
        }
    }
}
