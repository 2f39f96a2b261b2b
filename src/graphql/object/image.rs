//! Images.
use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use super::{
    Container, Deprecation, ShareLink, Tag, User,
    download::Downloads,
    sif::{App, Descriptor, Pair, Partition, Sbom, Signature, pairs},
};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{InspectionOf, PathOf, TagsOf, below, load, load_present},
        page::{
            DESCRIPTORS_MAX, List, Window, cost, descriptors_cost, size, size_up_to, whole_cost,
        },
        scalar::{Bytes, Digest},
    },
    protocol::{RequestContext, download as address},
    registry::{
        about::Subject as Described,
        below::ShareLinks,
        download::{self, Total},
        image, share,
        sif::Inspection,
    },
};

/// An image that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Image(pub image::Image);

impl From<image::Image> for Image {
    fn from(row: image::Image) -> Self {
        Self(row)
    }
}

/// An image: one SIF file in a container, named by its digest. What it says about itself was read when it was pushed; its
/// signatures were listed, not checked.
#[Object]
impl Image {
    /// The global id, `image:<id>`.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Image(self.0.id).into()
    }

    /// The digest of the file.
    async fn digest(&self) -> Digest {
        Digest(self.0.digest.clone())
    }

    /// The size of the file, in bytes.
    async fn size(&self) -> Bytes {
        Bytes(self.0.size.unsigned_abs())
    }

    /// What it runs on, as Go names it, such as `amd64`; null when the file does not tell.
    async fn arch(&self) -> Option<&str> {
        self.0.arch.as_deref()
    }

    /// Free text of its owner, up to 65536 bytes; may be empty.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// Whether it carries a signature, of whomever and of whatever.
    async fn signed(&self) -> bool {
        self.0.signed
    }

    /// Whether its root file system is encrypted.
    async fn encrypted(&self) -> bool {
        self.0.encrypted
    }

    /// Whether it is an OCI-SIF image.
    async fn oci(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.inspection(ctx).await?.oci)
    }

    /// Whether its bytes have arrived. Only those who may push it see it before.
    async fn uploaded(&self) -> bool {
        self.0.blob.is_some()
    }

    /// When it was announced.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When its bytes arrived; null until then.
    async fn uploaded_at(&self) -> Option<DateTime<Utc>> {
        self.0.uploaded_at
    }

    /// Who pushed it; null unless you are signed in, and when the account is gone.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.created_by {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// The container it is in.
    async fn container(&self, ctx: &Context<'_>) -> Result<Container> {
        Ok(Container(
            load_present(ctx, self.0.container_id, "container").await?,
        ))
    }

    /// How often it was pulled.
    async fn downloads(&self) -> Downloads {
        let known = Some(Total {
            count: self.0.downloads.unsigned_abs(),
            last: self.0.last_pulled_at,
        });
        Downloads::new(download::Of::Image(self.0.id), known)
    }

    /// The links that share it, the newest first; empty unless you administer its container. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn share_links(
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
    ) -> Result<List<ShareLink>> {
        let args = Window::new(first, after, last, before)?.sorted(share::ByCreation, true);
        below(ctx, ShareLinks(self.0.id), args).await
    }

    /// The tags that point at it, by name. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<Tag>> {
        let first = size("first", first)?;
        let tags = load(ctx, TagsOf(self.0.id, first)).await?;
        Ok(tags.into_iter().flatten().map(Tag).collect())
    }

    /// What clients pull, whatever happens to tags: `library://namespace/collection/container:sha256.<digits>`.
    async fn library_uri(&self, ctx: &Context<'_>) -> Result<String> {
        let path = load_present(ctx, PathOf(self.0.container_id), "container").await?;
        Ok(format!(
            "library://{path}:{}",
            self.0.digest.replace(':', ".")
        ))
    }

    /// A command that pulls it from this server: `apptainer pull --library <url> library://…`.
    async fn pull_command(&self, ctx: &Context<'_>) -> Result<String> {
        let context: &RequestContext = ctx.data_unchecked();
        let uri = self.library_uri(ctx).await?;
        Ok(format!(
            "apptainer pull --library {} {uri}",
            context.base_url
        ))
    }

    /// Where it is downloaded as a plain file, whatever happens to tags: for browsers, `curl` and workflow engines.
    async fn download_url(&self, ctx: &Context<'_>) -> Result<String> {
        let context: &RequestContext = ctx.data_unchecked();
        let path = load_present(ctx, PathOf(self.0.container_id), "container").await?;
        Ok(address::url(&context.base_url, path, &self.0.digest))
    }

    /// The identity that the file gives itself, hyphenated; all zero for images that are built reproducibly. Null until
    /// uploaded.
    async fn uuid(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let inspection = self.inspection(ctx).await?;
        Ok(Some(inspection.uuid.clone()).filter(|uuid| !uuid.is_empty()))
    }

    /// The fingerprints of the keys that its signatures name, sorted, each once.
    async fn fingerprints(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        let inspection = self.inspection(ctx).await?;
        let fingerprints = inspection.fingerprints().into_iter();
        Ok(fingerprints.map(ToOwned::to_owned).collect())
    }

    /// Its signatures, not checked.
    #[graphql(complexity = "whole_cost(child_complexity)")]
    async fn signatures(&self, ctx: &Context<'_>) -> Result<Vec<Signature>> {
        let inspection = self.inspection(ctx).await?;
        Ok(inspection
            .signatures
            .iter()
            .cloned()
            .map(Into::into)
            .collect())
    }

    /// That it is deprecated; null when it is not.
    async fn deprecation(&self, ctx: &Context<'_>) -> Result<Option<Deprecation>> {
        let about = load(ctx, Described::Image(self.0.id)).await?;
        Ok(about.and_then(Deprecation::of))
    }

    /// Its labels, by key. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn labels(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<Pair>> {
        let first = usize::try_from(size("first", first)?)?;
        let inspection = self.inspection(ctx).await?;
        Ok(pairs(inspection.metadata.labels.iter().take(first)))
    }

    /// Shell code that sets its environment, by path in the image.
    #[graphql(complexity = "whole_cost(child_complexity)")]
    async fn environment(&self, ctx: &Context<'_>) -> Result<Vec<Pair>> {
        Ok(pairs(
            self.inspection(ctx).await?.metadata.environment.iter(),
        ))
    }

    /// The script that runs when the image is run.
    async fn runscript(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.inspection(ctx).await?.metadata.runscript.clone())
    }

    /// The script that runs when an instance starts.
    async fn startscript(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.inspection(ctx).await?.metadata.startscript.clone())
    }

    /// The script that tests the image.
    async fn test(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.inspection(ctx).await?.metadata.test.clone())
    }

    /// The help text.
    async fn help(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.inspection(ctx).await?.metadata.help.clone())
    }

    /// The definition file that it was built from.
    async fn definition(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.inspection(ctx).await?.definition.clone())
    }

    /// The apps in it, by name.
    #[graphql(complexity = "whole_cost(child_complexity)")]
    async fn apps(&self, ctx: &Context<'_>) -> Result<Vec<App>> {
        let inspection = self.inspection(ctx).await?;
        Ok(inspection.metadata.apps.iter().map(Into::into).collect())
    }

    /// Its file systems.
    #[graphql(complexity = "whole_cost(child_complexity)")]
    async fn partitions(&self, ctx: &Context<'_>) -> Result<Vec<Partition>> {
        let inspection = self.inspection(ctx).await?;
        Ok(inspection.partitions.iter().map(Into::into).collect())
    }

    /// What is in the file, in its order. Errors: `INVALID` for a number outside 1 to 4096, which no file has more of.
    #[graphql(complexity = "descriptors_cost(first, child_complexity)")]
    async fn descriptors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many: 1 to 4096.", default = 100)] first: i32,
    ) -> Result<Vec<Descriptor>> {
        let first = size_up_to(DESCRIPTORS_MAX, "first", first)?;
        let inspection = self.inspection(ctx).await?;
        let some = inspection.descriptors.iter().take(usize::try_from(first)?);
        Ok(some.map(Into::into).collect())
    }

    /// The software bills of materials in it.
    #[graphql(complexity = "whole_cost(child_complexity)")]
    async fn sboms(&self, ctx: &Context<'_>) -> Result<Vec<Sbom>> {
        let inspection = self.inspection(ctx).await?;
        Ok(inspection.sboms.iter().map(Into::into).collect())
    }

    /// What is odd about the file or was left out when it was read, in words for people.
    async fn notes(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        Ok(self.inspection(ctx).await?.notes.clone())
    }
}

impl Image {
    /// What was read out of it; empty until it is uploaded.
    async fn inspection(&self, ctx: &Context<'_>) -> Result<Arc<Inspection>> {
        Ok(load(ctx, InspectionOf(self.0.clone()))
            .await?
            .unwrap_or_default())
    }
}
