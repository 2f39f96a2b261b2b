//! Changes of tags.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::DeletePayload;
use crate::{
    graphql::{
        error::{InField, each},
        id::{self, GlobalId},
        loader::caller,
        object::Tag,
    },
    registry::{path::TagName, tag},
};

#[derive(Default)]
pub(super) struct TagMutation;

#[Object]
impl TagMutation {
    /// Points a tag at an image of the same container; a tag that is there moves. Errors: `INVALID` when the architecture
    /// contradicts the image; `CONFLICT` when the image is not uploaded, the tag is immutable or the container frozen.
    async fn set_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tag, and where it points.")] input: SetTagInput,
    ) -> Result<TagPayload> {
        let caller = caller(ctx);
        let container = id::container(caller, &input.container).await;
        let container = container.in_field("input.container")?;
        let name = input.name.parse().in_field("input.name")?;
        let image = id::image(&input.image).in_field("input.image")?;
        let tag = tag::set(caller, container, &name, input.arch.as_deref(), image).await;
        Ok(TagPayload {
            tag: Tag(tag.in_input()?),
        })
    }

    /// Points several tags at one image of the same container, all or none; tags that are there move. Errors: those of
    /// `setTag`; `INVALID` for no name, or more than 50.
    async fn set_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tags, and where they point.")] input: SetTagsInput,
    ) -> Result<TagsPayload> {
        let caller = caller(ctx);
        let container = id::container(caller, &input.container).await;
        let container = container.in_field("input.container")?;
        let names: Vec<TagName> = each("input.names", &input.names)?;
        let image = id::image(&input.image).in_field("input.image")?;
        let set = tag::set_all(caller, container, &names, (input.arch.as_deref(), image)).await;
        let tags = set.in_input()?.into_iter().map(Tag).collect();
        Ok(TagsPayload { tags })
    }

    /// Removes a tag of yours; the image stays. Errors: `CONFLICT` when it is immutable or the container frozen.
    async fn delete_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteTagInput,
    ) -> Result<DeletePayload> {
        let id = id::tag(&input.id).in_field("input.id")?;
        tag::delete(caller(ctx), id).await?;
        Ok(DeletePayload::of(GlobalId::Tag(id)))
    }
}

/// Which tag, and where it points.
#[derive(InputObject)]
struct SetTagInput {
    /// The container: its global id or its path, `namespace/collection/container`.
    container: ID,
    /// The name: letters, digits, `_`, `.` and `-`, not starting with `.` or `-`; up to 128 bytes.
    name: String,
    /// The architecture as Go names it. The image tells its own, so this is needed only where it does not.
    arch: Option<String>,
    /// The image: its global id.
    image: ID,
}

/// Which tags, and where they point.
#[derive(InputObject)]
struct SetTagsInput {
    /// The container: its global id or its path, `namespace/collection/container`.
    container: ID,
    /// The names, 1 to 50: letters, digits, `_`, `.` and `-`, not starting with `.` or `-`; up to 128 bytes each.
    names: Vec<String>,
    /// The architecture as Go names it. The image tells its own, so this is needed only where it does not.
    arch: Option<String>,
    /// The image: its global id.
    image: ID,
}

/// Which tag to remove.
#[derive(InputObject)]
struct DeleteTagInput {
    /// Its global id.
    id: ID,
}

/// What setting a tag answers.
#[derive(SimpleObject)]
struct TagPayload {
    /// The tag as it is now.
    tag: Tag,
}

/// What setting several tags answers.
#[derive(SimpleObject)]
struct TagsPayload {
    /// The tags as they are now, in the order of their names in the input.
    tags: Vec<Tag>,
}
