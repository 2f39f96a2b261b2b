//! Changes of collections.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::DeletePayload;
use crate::{
    graphql::{
        error::InField,
        id::{self, GlobalId},
        loader::caller,
        object::{Collection, Visibility},
    },
    registry::{
        collection::{self, CollectionChange, NewCollection},
        trash::Deletion,
    },
};

#[derive(Default)]
pub(super) struct CollectionMutation;

#[Object]
impl CollectionMutation {
    /// Makes a collection in a namespace of yours. Errors: `CONFLICT` when the namespace has one of that name.
    async fn create_collection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it gets.")] input: CreateCollectionInput,
    ) -> Result<CollectionPayload> {
        let caller = caller(ctx);
        let namespace = id::namespace(caller, &input.namespace).await;
        let new = NewCollection {
            namespace: namespace.in_field("input.namespace")?,
            name: input.name.parse().in_input()?,
            description: input.description,
            visibility: input.visibility.map(Into::into),
        };
        let made = collection::create(caller, new).await.in_input()?;
        Ok(CollectionPayload::of(made))
    }

    /// Renames or describes a collection of yours, or sets who may see it. It is still pulled by the old path, until something
    /// else takes that. Errors: `CONFLICT` when the new name is taken, and for a new name while anything in it is frozen or
    /// holds an immutable tag.
    async fn update_collection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateCollectionInput,
    ) -> Result<CollectionPayload> {
        let caller = caller(ctx);
        let id = id::collection(caller, &input.id)
            .await
            .in_field("input.id")?;
        let change = CollectionChange {
            name: input.name.map(|name| name.parse()).transpose().in_input()?,
            description: input.description,
            visibility: input.visibility.map(Into::into),
        };
        let changed = collection::update(caller, id, change).await.in_input()?;
        Ok(CollectionPayload::of(changed))
    }

    /// Moves a collection of yours, with all that is in it, to a namespace that you may push to. It is still pulled by the old
    /// path, until something else takes that. Only the owner of a namespace moves collections out of it. Errors: `CONFLICT` when
    /// the namespace has one of that name, and while anything in it is frozen or holds an immutable tag; `FORBIDDEN` for whoever
    /// was only granted the collection.
    async fn move_collection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and where.")] input: MoveCollectionInput,
    ) -> Result<CollectionPayload> {
        let caller = caller(ctx);
        let id = id::collection(caller, &input.id)
            .await
            .in_field("input.id")?;
        let to = id::namespace(caller, &input.namespace).await;
        let to = to.in_field("input.namespace")?;
        Ok(CollectionPayload::of(
            collection::move_to(caller, id, to).await?,
        ))
    }

    /// Deletes a collection of yours: puts it into the trash, from where it may be restored for as long as this server keeps
    /// what is deleted. Errors: `CONFLICT` while it holds containers, unless you say `withContent`,
    /// and when anything in it is protected.
    async fn delete_collection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteCollectionInput,
    ) -> Result<DeletePayload> {
        let caller = caller(ctx);
        let id = id::collection(caller, &input.id)
            .await
            .in_field("input.id")?;
        let deletion = Deletion {
            with_content: input.with_content,
            reason: input.reason,
        };
        collection::delete(caller, id, deletion).await.in_input()?;
        Ok(DeletePayload::of(GlobalId::Collection(id)))
    }
}

/// What a new collection gets.
#[derive(InputObject)]
struct CreateCollectionInput {
    /// The namespace it goes into: its global id or its name.
    namespace: ID,
    /// Its name: lower-case letters and digits, joined by single `.`, `_` or `-`; up to 128 bytes.
    name: String,
    /// Free text, up to 65536 bytes.
    #[graphql(default)]
    description: String,
    /// Who may see it; null: the default of the namespace.
    visibility: Option<Visibility>,
}

/// What changes about a collection; what is left out or null stays.
#[derive(InputObject)]
struct UpdateCollectionInput {
    /// Its global id or its path, `namespace/collection`.
    id: ID,
    /// A new name.
    name: Option<String>,
    /// A new description, up to 65536 bytes.
    description: Option<String>,
    /// Who may see it.
    visibility: Option<Visibility>,
}

/// Which collection goes where.
#[derive(InputObject)]
struct MoveCollectionInput {
    /// Its global id or its path, `namespace/collection`.
    id: ID,
    /// The namespace it goes into: its global id or its name.
    namespace: ID,
}

/// Which collection to delete.
#[derive(InputObject)]
struct DeleteCollectionInput {
    /// Its global id or its path, `namespace/collection`.
    id: ID,
    /// Delete its containers, images and tags with it.
    #[graphql(default)]
    with_content: bool,
    /// Why, up to 1000 bytes; kept with the entry of the trash, and in the event.
    #[graphql(default)]
    reason: String,
}

/// What changing a collection answers.
#[derive(SimpleObject)]
struct CollectionPayload {
    /// The collection as it is now.
    collection: Collection,
}

impl CollectionPayload {
    fn of(collection: collection::Collection) -> Self {
        Self {
            collection: Collection(collection),
        }
    }
}
