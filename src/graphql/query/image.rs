//! Images.
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::present;
use crate::{
    graphql::{
        error::InField,
        id::{container_path, image_or_reference},
        loader::caller,
        object::{Image, ImageComparison, LabelInput, labels},
        page::{ImageOrderField, List, Order, Window, cost, list},
        scalar::ContainerPath,
    },
    registry::{
        compare,
        image::{self, ImageFilter},
        path::Reference,
    },
};

#[derive(Default)]
pub(super) struct ImageQuery;

#[Object]
impl ImageQuery {
    /// The image that a tag or digest names in a container. Errors: `INVALID` for what cannot be a path, a tag or a digest.
    async fn image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The path of the container.")] path: ContainerPath,
        #[graphql(
            desc = "A tag, or a digest such as `sha256:…`.",
            default_with = "\"latest\".to_owned()"
        )]
        reference: String,
        #[graphql(
            desc = "The architecture of the tag, as Go names it; unless you say, amd64 comes first, then whatever there is."
        )]
        arch: Option<String>,
    ) -> Result<Option<Image>> {
        let path = container_path(&path.0).in_field("path")?;
        let reference: Reference = reference.parse().in_field("reference")?;
        let found = image::find(caller(ctx), &path, &reference, arch.as_deref()).await;
        Ok(present(found)?.map(Image))
    }

    /// What two images do not have alike: labels, texts, file systems, signatures, size. They may be in different containers.
    /// Errors: `NOT_FOUND` unless you may see both; `INVALID` for what cannot be an id, or a path with a tag or a digest.
    async fn compare_images(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The global id of an image, or a path with a tag or a digest, such as `alice/tools/hello:1.0`; of several architectures amd64 comes first."
        )]
        from: ID,
        #[graphql(desc = "The image that it is compared with, named in the same ways.")] to: ID,
    ) -> Result<ImageComparison> {
        let caller = caller(ctx);
        let from = image_or_reference(caller, &from).await.in_field("from")?;
        let to = image_or_reference(caller, &to).await.in_field("to")?;
        Ok(ImageComparison(compare::images(caller, from, to).await?))
    }

    /// The uploaded images that you may see, of all containers. Errors: `INVALID` for a page size outside 1 to 100, a cursor of another order, too many labels, and an architecture that no image can have.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "Relay has four, and a filter has its own"
    )]
    async fn images(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 unless you say.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor of the same order.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many from the end: 1 to 100; not beside first.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor of the same order.")] before: Option<
            String,
        >,
        #[graphql(desc = "The order; newest first unless you say.")] order_by: Option<
            Order<ImageOrderField>,
        >,
        #[graphql(
            name = "labels",
            desc = "Only images that carry all these labels, up to 10."
        )]
        label: Option<Vec<LabelInput>>,
        #[graphql(desc = "Only images that carry a signature, or, if false, none.")] signed: Option<
            bool,
        >,
        #[graphql(desc = "Only images of this architecture, as Go names it, such as `amd64`.")]
        arch: Option<String>,
        #[graphql(desc = "Only images that a tag points at, or, if false, none does.")]
        tagged: Option<bool>,
        #[graphql(
            desc = "Only images that were there before this time and that nobody has pulled since."
        )]
        pulled_before: Option<DateTime<Utc>>,
    ) -> Result<List<Image>> {
        let caller = caller(ctx);
        let filter = ImageFilter {
            container: None,
            labels: labels(label.unwrap_or_default())?,
            signed,
            arch,
            tagged,
            pulled_before,
        };
        let args = Window::new(first, after, last, before)?.newest_first(order_by);
        let page = image::list(caller, &filter, &args);
        list(ctx, page, image::count(caller, &filter)).await
    }
}
