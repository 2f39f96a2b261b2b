//! Configurations of container images.
use std::sync::Arc;

use async_graphql::{Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::sif::{Pair, pairs};
use crate::{
    graphql::{
        page::{cost, size},
        scalar::{Bytes, Digest},
    },
    registry::manifest::config::{self, Config, Layer, Run, Step},
};

/// What the configuration of a container image says. All of it is its author's word.
pub(in crate::graphql) struct ImageConfig(pub Arc<Config>);

impl ImageConfig {
    fn run(&self) -> Option<&Run> {
        self.0.run.as_ref()
    }
}

/// What the configuration of a container image says: where it runs, what it runs, and how it was made. All of it is the word of
/// whoever made the image.
#[Object]
impl ImageConfig {
    /// What it is made for.
    async fn platform(&self) -> Platform {
        self.0.platform.clone().into()
    }

    /// When the image was made; null where it does not tell, or tells no time.
    async fn created(&self) -> Option<DateTime<Utc>> {
        config::moment(self.0.created.as_ref())
    }

    /// Who made it.
    async fn author(&self) -> Option<&str> {
        self.0.author.as_deref()
    }

    /// Who runs it in the container: a name or number, perhaps with a group behind a colon.
    async fn user(&self) -> Option<&str> {
        self.run()?.user.as_deref()
    }

    /// The program that runs, with its first arguments; null where there is none. Errors: `INVALID` for a number outside 1 to
    /// 100.
    #[graphql(complexity = "cost(Some(first), None, 1)")]
    async fn entrypoint(
        &self,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Option<Vec<String>>> {
        let entrypoint = self.run().and_then(|run| run.entrypoint.as_ref());
        entrypoint.map(|words| some(words, first)).transpose()
    }

    /// What runs, or the arguments of the entry point; null where there is none. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, 1)")]
    async fn cmd(
        &self,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Option<Vec<String>>> {
        let cmd = self.run().and_then(|run| run.cmd.as_ref());
        cmd.map(|words| some(words, first)).transpose()
    }

    /// The environment that it runs in, `NAME=value` each. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, 1)")]
    async fn env(
        &self,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<String>> {
        some(
            self.run().iter().flat_map(|run| run.env.iter().flatten()),
            first,
        )
    }

    /// The folder that it runs in.
    async fn working_dir(&self) -> Option<&str> {
        self.run()?.working_dir.as_deref()
    }

    /// Its labels, by key. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn labels(
        &self,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<Pair>> {
        let first = usize::try_from(size("first", first)?)?;
        let labels = self.run().and_then(|run| run.labels.as_ref());
        Ok(pairs(labels.into_iter().flatten().take(first)))
    }

    /// The ports that it listens on, such as `8080/tcp`, in the order of their characters. Errors: `INVALID` for a number outside
    /// 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, 1)")]
    async fn exposed_ports(
        &self,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<String>> {
        some(self.run().into_iter().flat_map(Run::exposed_ports), first)
    }

    /// The folders whose content is no part of the image, in the order of their characters. Errors: `INVALID` for a number outside
    /// 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, 1)")]
    async fn volumes(
        &self,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<String>> {
        some(self.run().into_iter().flat_map(Run::volumes), first)
    }

    /// The signal that ends it, such as `SIGTERM`.
    async fn stop_signal(&self) -> Option<&str> {
        self.run()?.stop_signal.as_deref()
    }

    /// How it was made, the first step first. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn history(
        &self,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<ImageStep>> {
        let first = usize::try_from(size("first", first)?)?;
        let steps = self.0.history().iter().take(first).cloned();
        Ok(steps.map(Into::into).collect())
    }
}

/// The first of some words.
fn some<'a>(words: impl IntoIterator<Item = &'a String>, first: i32) -> Result<Vec<String>> {
    let first = usize::try_from(size("first", first)?)?;
    Ok(words.into_iter().take(first).cloned().collect())
}

/// What an image is made for, in the words of Go. Null is what it does not tell.
#[derive(SimpleObject)]
pub(in crate::graphql) struct Platform {
    /// The architecture, such as `arm64`.
    architecture: Option<String>,
    /// The operating system, such as `linux`.
    os: Option<String>,
    /// The version of the operating system.
    os_version: Option<String>,
    /// The variant of the architecture, such as `v8`.
    variant: Option<String>,
}

impl From<config::Platform> for Platform {
    fn from(platform: config::Platform) -> Self {
        Self {
            architecture: platform.architecture,
            os: platform.os,
            os_version: platform.os_version,
            variant: platform.variant,
        }
    }
}

/// A step in which a container image was made.
#[derive(SimpleObject)]
pub(in crate::graphql) struct ImageStep {
    /// When; null where it does not tell, or tells no time.
    created: Option<DateTime<Utc>>,
    /// The command that did it.
    created_by: Option<String>,
    /// Who did it.
    author: Option<String>,
    /// A note about it.
    comment: Option<String>,
    /// Whether it changed no file, and so made no layer.
    empty_layer: bool,
}

impl From<Step> for ImageStep {
    fn from(step: Step) -> Self {
        Self {
            created: config::moment(step.created.as_ref()),
            created_by: step.created_by,
            author: step.author,
            comment: step.comment,
            empty_layer: step.empty_layer,
        }
    }
}

/// A layer of a manifest, and where it comes from.
#[derive(SimpleObject)]
pub(in crate::graphql) struct ImageLayer {
    /// The digest of the blob.
    digest: Digest,
    /// What the manifest says that it is.
    media_type: String,
    /// In bytes, as the manifest says.
    size: Bytes,
    /// The digest of its content before it was compressed; null where no configuration tells.
    diff_id: Option<String>,
    /// The step that made it; null where no configuration tells.
    step: Option<ImageStep>,
}

impl From<Layer> for ImageLayer {
    fn from(layer: Layer) -> Self {
        Self {
            digest: Digest(layer.part.digest),
            media_type: layer.part.media_type,
            size: Bytes(layer.part.size),
            diff_id: layer.diff_id,
            step: layer.step.map(Into::into),
        }
    }
}
