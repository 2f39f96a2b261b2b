//! Changes of images. Images are pushed through the library protocol, which can send their bytes.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::DeletePayload;
use crate::{
    graphql::{
        error::{InField, each},
        id::{self, GlobalId, container_path},
        loader::caller,
        object::Image,
    },
    registry::{
        image::{self, Destination},
        path::TagName,
    },
};

#[derive(Default)]
pub(super) struct ImageMutation;

#[Object]
impl ImageMutation {
    /// Describes an image of yours.
    async fn update_image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateImageInput,
    ) -> Result<ImagePayload> {
        let id = id::image(&input.id).in_field("input.id")?;
        let changed = image::describe(caller(ctx), id, input.description).await;
        Ok(ImagePayload {
            image: Image(changed.in_input()?),
        })
    }

    /// Copies an image that you may see to a container that you may push to, with these tags and no others; the container is
    /// made if it is not there. No bytes are sent or stored anew. Errors: `CONFLICT` when the image is not uploaded, a tag is
    /// immutable or the container frozen; `INVALID` for more than 50 tags.
    async fn promote_image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which image, and where it goes.")] input: PromoteImageInput,
    ) -> Result<ImagePayload> {
        let caller = caller(ctx);
        let id = id::image(&input.image).in_field("input.image")?;
        let to = match input.container.contains(':') {
            true => Destination::Id(
                id::container(caller, &input.container)
                    .await
                    .in_field("input.container")?,
            ),
            false => {
                Destination::Path(container_path(&input.container).in_field("input.container")?)
            }
        };
        let names: Vec<TagName> = each("input.tags", &input.tags)?;
        let copy = image::promote(caller, id, &to, &names).await;
        Ok(ImagePayload {
            image: Image(copy.in_input()?),
        })
    }

    /// Deletes an image of yours with all tags that point at it: puts it into the trash, from where it may be restored for as
    /// long as this server keeps what is deleted. Its bytes go later, when no other image has the same.
    /// Errors: `CONFLICT` when such a tag is immutable or the container frozen.
    async fn delete_image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteImageInput,
    ) -> Result<DeletePayload> {
        let id = id::image(&input.id).in_field("input.id")?;
        image::delete(caller(ctx), id, &input.reason)
            .await
            .in_input()?;
        Ok(DeletePayload::of(GlobalId::Image(id)))
    }
}

/// What changes about an image.
#[derive(InputObject)]
struct UpdateImageInput {
    /// Its global id.
    id: ID,
    /// A new description, up to 65536 bytes.
    description: String,
}

/// Which image to copy, and where it goes.
#[derive(InputObject)]
struct PromoteImageInput {
    /// The image: its global id.
    image: ID,
    /// The container that it goes to: its global id or its path, `namespace/collection/container`.
    container: ID,
    /// Its tags there, up to 50.
    #[graphql(default)]
    tags: Vec<String>,
}

/// Which image to delete.
#[derive(InputObject)]
struct DeleteImageInput {
    /// Its global id.
    id: ID,
    /// Why, up to 1000 bytes; kept with the entry of the trash, and in the event.
    #[graphql(default)]
    reason: String,
}

/// What changing an image answers.
#[derive(SimpleObject)]
struct ImagePayload {
    /// The image as it is now.
    image: Image,
}
