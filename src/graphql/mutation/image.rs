//! Changes of images. Images are pushed through the library protocol, which can send their bytes.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::DeletePayload;
use crate::{
    graphql::{
        error::InField,
        id::{self, GlobalId},
        loader::caller,
        object::Image,
    },
    registry::image,
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

    /// Deletes an image of yours with all tags that point at it. Its bytes go later, when no other image has the same.
    async fn delete_image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteImageInput,
    ) -> Result<DeletePayload> {
        let id = id::image(&input.id).in_field("input.id")?;
        image::delete(caller(ctx), id).await?;
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

/// Which image to delete.
#[derive(InputObject)]
struct DeleteImageInput {
    /// Its global id.
    id: ID,
}

/// What changing an image answers.
#[derive(SimpleObject)]
struct ImagePayload {
    /// The image as it is now.
    image: Image,
}
