//! Changes of what is said about things.
use async_graphql::{Context, ID, InputObject, Object, Result};
use chrono::{DateTime, Utc};

use super::{NodePayload, thing};
use crate::{
    graphql::{
        error::{InField, each},
        id::{self, GlobalId, Shelf, container_path},
        loader::caller,
        scalar::ContainerPath,
    },
    registry::{
        Caller,
        about::{self, Deprecation, Description, Subject},
        topic,
    },
};

#[derive(Default)]
pub(super) struct AboutMutation;

#[Object]
impl AboutMutation {
    /// Describes a collection or a container of yours at length. Errors: `INVALID` for a licence that is no SPDX expression, a
    /// source that is no address of the web, and for what is too long.
    async fn describe(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is described, and how.")] input: DescribeInput,
    ) -> Result<NodePayload> {
        let caller = caller(ctx);
        let subject = subject(caller, &input.id).await?;
        let new = Description {
            readme: input.readme,
            licence: input.licence,
            source: input.source,
            citation: input.citation,
        };
        about::describe(caller, subject, new).await.in_input()?;
        thing(ctx, node(subject)).await
    }

    /// Says that a collection, a container or an image of yours is deprecated. Whoever pulls it by the registry protocol is
    /// warned. What was said before is forgotten. Errors: `INVALID` for a message that is empty or too long.
    async fn deprecate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is deprecated, and what to use instead.")] input: DeprecateInput,
    ) -> Result<NodePayload> {
        let caller = caller(ctx);
        let subject = subject(caller, &input.id).await?;
        let superseded_by = input.superseded_by.map(|path| container_path(&path.0));
        let new = Deprecation {
            message: input.message,
            superseded_by: superseded_by.transpose().in_field("input.supersededBy")?,
            ends_at: input.ends_at,
        };
        about::deprecate(caller, subject, new).await.in_input()?;
        thing(ctx, node(subject)).await
    }

    /// Says that a collection, a container or an image of yours is not deprecated, after all.
    async fn undeprecate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is not deprecated.")] input: UndeprecateInput,
    ) -> Result<NodePayload> {
        let caller = caller(ctx);
        let subject = subject(caller, &input.id).await?;
        about::undeprecate(caller, subject).await?;
        thing(ctx, node(subject)).await
    }

    /// Gives a container of yours these topics and no others. Errors: `INVALID` for what is no topic, and for more than 20.
    async fn set_topics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which container, and its topics.")] input: SetTopicsInput,
    ) -> Result<NodePayload> {
        let caller = caller(ctx);
        let container = id::container(caller, &input.container).await;
        let container = container.in_field("input.container")?;
        let topics = each("input.topics", &input.topics)?;
        let set = topic::set(caller, container, topics).await;
        set.in_input()?;
        thing(ctx, GlobalId::Container(container)).await
    }
}

/// The thing of an id or a path.
async fn subject(caller: &Caller, id: &ID) -> crate::error::Result<Subject> {
    if let Ok(image) = id::image(id) {
        return Ok(Subject::Image(image));
    }
    Ok(match id::shelf(caller, id).await.in_field("input.id")? {
        Shelf::Collection(id) => Subject::Collection(id),
        Shelf::Container(id) => Subject::Container(id),
    })
}

fn node(subject: Subject) -> GlobalId {
    match subject {
        Subject::Collection(id) => GlobalId::Collection(id),
        Subject::Container(id) => GlobalId::Container(id),
        Subject::Image(id) => GlobalId::Image(id),
    }
}

/// What changes of a description; what is left out or null stays, what is empty is taken away.
#[derive(InputObject)]
struct DescribeInput {
    /// A collection or a container: its global id or its path.
    id: ID,
    /// A long text in Markdown, up to 512 KiB.
    readme: Option<String>,
    /// The licence: an SPDX expression such as `Apache-2.0` or `MIT OR GPL-3.0-or-later`, up to 256 bytes.
    licence: Option<String>,
    /// Where the source is: an address that begins with `https://` or `http://`, up to 2048 bytes.
    source: Option<String>,
    /// How to cite it: a DOI or free text, up to 4096 bytes.
    citation: Option<String>,
}

/// What is deprecated.
#[derive(InputObject)]
struct DeprecateInput {
    /// A collection, a container or an image: its global id, or the path of one of the first two.
    id: ID,
    /// Why, and what to do; up to 1024 bytes.
    message: String,
    /// The path of the container to use instead, `namespace/collection/container`.
    superseded_by: Option<ContainerPath>,
    /// When it ends. Nothing happens by itself then.
    ends_at: Option<DateTime<Utc>>,
}

/// What is not deprecated.
#[derive(InputObject)]
struct UndeprecateInput {
    /// A collection, a container or an image: its global id, or the path of one of the first two.
    id: ID,
}

/// The topics of a container.
#[derive(InputObject)]
struct SetTopicsInput {
    /// The container: its global id or its path, `namespace/collection/container`.
    container: ID,
    /// Up to 20 topics of up to 50 bytes: letters and digits, joined by `-`. Upper case becomes lower case, blanks and `_`
    /// become `-`.
    topics: Vec<String>,
}
