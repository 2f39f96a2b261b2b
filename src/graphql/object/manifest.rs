//! Manifests.
use async_graphql::{Context, Enum, ID, Json, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    Container, Image, User,
    image_config::{ImageConfig, ImageLayer, Platform},
};
use crate::{
    graphql::{
        id::GlobalId,
        loader::{ConfigOf, PartsOf, PathOf, TagNamesOf, load, load_present},
        page::{cost, size},
        scalar::{Bytes, Digest},
    },
    registry::{self, manifest},
};

/// A manifest that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Manifest(pub manifest::Manifest);

impl From<manifest::Manifest> for Manifest {
    fn from(row: manifest::Manifest) -> Self {
        Self(row)
    }
}

/// A manifest as OCI clients know it: what `docker://` and `oras://` push and pull. SIF images that came through the library
/// have one, too, which is made here.
#[Object]
impl Manifest {
    /// The global id, `manifest:<id>`.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Manifest(self.0.id).into()
    }

    /// The digest of its bytes, `sha256:…` or `sha512:…`.
    async fn digest(&self) -> Digest {
        Digest(self.0.digest.clone())
    }

    /// What it describes.
    async fn kind(&self) -> ManifestKind {
        self.0.kind.into()
    }

    /// Its media type.
    async fn media_type(&self) -> &str {
        &self.0.media_type
    }

    /// What it says it is, or the media type of its configuration; null when it tells neither.
    async fn artifact_type(&self) -> Option<&str> {
        self.0.artifact_type.as_deref()
    }

    /// Its own bytes and those of all blobs that it names, each once. Those of manifests in an index do not count.
    async fn size(&self) -> Bytes {
        Bytes(self.0.size.unsigned_abs())
    }

    /// The architecture of the SIF image as Go names it, such as `amd64`; null where there is none or it does not tell.
    async fn arch(&self) -> Option<&str> {
        self.0.arch.as_deref()
    }

    /// Its annotations: an object of texts. Those beyond 64 KiB are in the manifest alone.
    async fn annotations(&self) -> Json<serde_json::Value> {
        Json(self.0.annotations.clone())
    }

    /// The digest of the manifest that it is about, such as the image that it signs; null for most. There need not be such a
    /// manifest.
    async fn subject(&self) -> Option<Digest> {
        self.0.subject.clone().map(Digest)
    }

    /// Whether it was made here, for something that came without a manifest.
    async fn generated(&self) -> bool {
        self.0.generated
    }

    /// When it came.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Who pushed it; null unless you are signed in, and when the account is gone.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.created_by {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// The SIF image that it describes; null for anything else.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        match self.0.image_id {
            Some(id) => Ok(load(ctx, id).await?.map(Image)),
            None => Ok(None),
        }
    }

    /// The container it is in.
    async fn container(&self, ctx: &Context<'_>) -> Result<Container> {
        Ok(Container(
            load_present(ctx, self.0.container_id, "container").await?,
        ))
    }

    /// What it names, in its order, the configuration first. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn parts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<Part>> {
        let first = usize::try_from(size("first", first)?)?;
        let parts = load(ctx, PartsOf(self.0.id)).await?;
        let parts = parts.into_iter().flatten().take(first);
        Ok(parts.map(Into::into).collect())
    }

    /// What the configuration of a container image says; null for anything else, and where it is no JSON of that kind or longer
    /// than 256 KiB.
    async fn config(&self, ctx: &Context<'_>) -> Result<Option<ImageConfig>> {
        Ok(load(ctx, ConfigOf(self.0.id)).await?.map(ImageConfig))
    }

    /// Its layers, the lowest first, with what the configuration says about each. Of an index, none. Errors: `INVALID` for a
    /// number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn layers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<ImageLayer>> {
        let first = usize::try_from(size("first", first)?)?;
        let parts = load(ctx, PartsOf(self.0.id)).await?.unwrap_or_default();
        let config = load(ctx, ConfigOf(self.0.id)).await?;
        let layers = manifest::config::layers(parts, config.as_deref()).into_iter();
        Ok(layers.take(first).map(Into::into).collect())
    }

    /// What it is made for, each platform once: of an index what it says of its manifests, of a container image what its
    /// configuration says, of a SIF image its architecture. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn platforms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<Platform>> {
        let first = usize::try_from(size("first", first)?)?;
        let parts = load(ctx, PartsOf(self.0.id)).await?.unwrap_or_default();
        let config = load(ctx, ConfigOf(self.0.id)).await?;
        let all = manifest::config::platforms(&self.0, &parts, config.as_deref());
        Ok(all.into_iter().take(first).map(Into::into).collect())
    }

    /// The names that point at it for OCI clients, in the order of their bytes. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, 1)")]
    async fn tag_names(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<String>> {
        let first = usize::try_from(size("first", first)?)?;
        let names = load(ctx, TagNamesOf(self.0.id)).await?;
        Ok(names.into_iter().flatten().take(first).collect())
    }

    /// What clients pull, whatever happens to tags: `namespace/collection/container@sha256:<digits>`, behind the host of this
    /// server and, for a SIF image, `oras://`, for a container image `docker://`.
    async fn reference(&self, ctx: &Context<'_>) -> Result<String> {
        let path = load_present(ctx, PathOf(self.0.container_id), "container").await?;
        Ok(format!("{path}@{}", self.0.digest))
    }
}

/// What a manifest describes.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "registry::ManifestKind")]
pub(in crate::graphql) enum ManifestKind {
    /// A SIF image, as its only layer.
    Sif,
    /// A container image in layers.
    Image,
    /// A list of manifests, mostly one for each platform.
    Index,
    /// Anything else: a chart, a signature, a bill of materials.
    Artifact,
}

/// What a part is to its manifest.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "registry::PartRole")]
pub(in crate::graphql) enum PartRole {
    /// The configuration of an image.
    Config,
    /// One of its layers.
    Layer,
    /// A layer that is kept elsewhere and never comes here.
    Foreign,
    /// A manifest in an index.
    Manifest,
}

/// A blob or a manifest that a manifest names.
#[derive(SimpleObject)]
struct Part {
    /// What it is to the manifest.
    role: PartRole,
    /// Its digest.
    digest: Digest,
    /// What the manifest says that it is.
    media_type: String,
    /// In bytes, as the manifest says.
    size: Bytes,
    /// Of a manifest in an index: an object with `architecture`, `os` and perhaps more; null otherwise.
    platform: Option<Json<serde_json::Value>>,
}

impl From<manifest::Part> for Part {
    fn from(part: manifest::Part) -> Self {
        Self {
            role: part.role.into(),
            digest: Digest(part.digest),
            media_type: part.media_type,
            size: Bytes(part.size),
            platform: part.platform.map(Json),
        }
    }
}
