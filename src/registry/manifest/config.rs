//! Configurations of container images, as OCI's image-spec (config.md) and Docker write them: what runs, where, and how the
//! layers came to be. Read when the manifest comes, so that lists need not look into blobs.
use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use entity::{
    id::{ContainerId, ManifestId},
    kind::{ManifestKind, PartRole},
    manifest, manifest_config, manifest_part,
};
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait, Set,
    sea_query::OnConflict,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Manifest, Part, document::Document};
use crate::{
    access::internal,
    error::{Error, Result},
    event::Change,
    registry::{Caller, Digest, Tx, blob},
};

/// The longest configuration that is read, in bytes; those of real images have some thousand.
pub const CONFIG_MAX: u64 = 256 << 10;
/// How many configurations are found at once that were never read.
const BATCH: u64 = 100;

/// What a configuration says. All of it is its author's word.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Where it runs.
    #[serde(flatten)]
    pub platform: Platform,
    /// When the image was made, as its author wrote it.
    pub created: Option<String>,
    /// Who made it.
    pub author: Option<String>,
    /// What it runs.
    #[serde(rename = "config")]
    pub run: Option<Run>,
    rootfs: Option<RootFs>,
    history: Option<Vec<Step>>,
}

/// What an image is made for. Empty where it does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Platform {
    /// As Go names it, such as `arm64`.
    pub architecture: Option<String>,
    /// As Go names it, such as `linux`.
    pub os: Option<String>,
    /// Of the operating system.
    #[serde(rename = "os.version")]
    pub os_version: Option<String>,
    /// Of the architecture, such as `v8`.
    pub variant: Option<String>,
}

/// What runs when the image is run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Run {
    /// Who runs it: a name or number, perhaps with a group.
    pub user: Option<String>,
    /// The program, with its first arguments.
    pub entrypoint: Option<Vec<String>>,
    /// What is run, or the arguments of the entry point.
    pub cmd: Option<Vec<String>>,
    /// The environment, `NAME=value` each.
    pub env: Option<Vec<String>>,
    /// The folder it runs in.
    pub working_dir: Option<String>,
    /// Labels.
    pub labels: Option<BTreeMap<String, String>>,
    exposed_ports: Option<BTreeMap<String, Value>>,
    volumes: Option<BTreeMap<String, Value>>,
    /// The signal that ends it.
    pub stop_signal: Option<String>,
}

impl Run {
    /// The ports it listens on, `<port>/<protocol>` each.
    pub fn exposed_ports(&self) -> impl Iterator<Item = &String> {
        self.exposed_ports.iter().flat_map(BTreeMap::keys)
    }

    /// The folders whose content is no part of the image.
    pub fn volumes(&self) -> impl Iterator<Item = &String> {
        self.volumes.iter().flat_map(BTreeMap::keys)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct RootFs {
    diff_ids: Option<Vec<String>>,
}

/// One step in which an image was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Step {
    /// When, as its author wrote it.
    pub created: Option<String>,
    /// By which command.
    pub created_by: Option<String>,
    /// Who took it.
    pub author: Option<String>,
    /// A note about it.
    pub comment: Option<String>,
    /// Whether it changed no file, and so made no layer.
    pub empty_layer: bool,
}

/// A layer, and where it comes from.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The blob.
    pub part: Part,
    /// The digest of its content before it was compressed.
    pub diff_id: Option<String>,
    /// The step that made it.
    pub step: Option<Step>,
}

impl Config {
    /// What is no configuration says nothing.
    fn parse(content: &[u8]) -> Option<Self> {
        // PostgreSQL takes no NUL in JSON.
        let has_nul = content.windows(6).any(|bytes| bytes == br"\u0000");
        let object: Option<serde_json::Map<_, _>> = serde_json::from_slice(content).ok();
        let read = object.map(|object| serde_json::from_value(Value::Object(object)));
        read.filter(|_| !has_nul)?.ok()
    }

    /// How the image was made, the first step first.
    pub fn history(&self) -> &[Step] {
        self.history.as_deref().unwrap_or_default()
    }
}

/// When a configuration says that something was; `None` for what is no time.
pub fn moment(written: Option<&String>) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(written?).ok()?;
    Some(time.to_utc())
}

/// The layers among `parts`, each with what the configuration says about it: the n-th layer has the n-th of its digests, and
/// was made by the n-th step that made one.
pub fn layers(parts: Vec<Part>, config: Option<&Config>) -> Vec<Layer> {
    let steps = config.into_iter().flat_map(Config::history);
    let mut steps = steps.filter(|step| !step.empty_layer);
    let root = config.and_then(|config| config.rootfs.as_ref()?.diff_ids.as_ref());
    let mut diff_ids = root.into_iter().flatten();
    let layer = |part| Layer {
        part,
        diff_id: diff_ids.next().cloned(),
        step: steps.next().cloned(),
    };
    let layers = parts
        .into_iter()
        .filter(|part| [PartRole::Layer, PartRole::Foreign].contains(&part.role));
    layers.map(layer).collect()
}

/// What a manifest is made for: what an index says of its manifests, each once, or what a configuration or a SIF image tells.
pub fn platforms(manifest: &Manifest, parts: &[Part], config: Option<&Config>) -> Vec<Platform> {
    let told = match manifest.kind {
        ManifestKind::Index => parts.iter().filter_map(Part::platform).collect(),
        ManifestKind::Image => config
            .map(|config| config.platform.clone())
            .into_iter()
            .collect(),
        ManifestKind::Sif => manifest.arch.as_deref().map(of_sif).into_iter().collect(),
        ManifestKind::Artifact => Vec::new(),
    };
    let mut platforms: Vec<Platform> = Vec::new();
    for platform in told {
        if platform != Platform::default() && !platforms.contains(&platform) {
            platforms.push(platform);
        }
    }
    platforms
}

fn of_sif(arch: &str) -> Platform {
    Platform {
        architecture: Some(arch.to_owned()),
        os: Some("linux".into()),
        ..Platform::default()
    }
}

impl Part {
    /// Of a manifest in an index: what it is made for, as far as that can be read.
    fn platform(&self) -> Option<Platform> {
        serde_json::from_value(self.platform.clone()?).ok()
    }
}

/// What the configurations of manifests that the caller holds say. One statement.
pub async fn of(caller: &Caller, manifests: &[ManifestId]) -> Result<HashMap<ManifestId, Config>> {
    let rows = internal::<manifest_config::Entity>()
        .filter(manifest_config::Column::ManifestId.is_in(manifests.iter().copied()))
        .filter(manifest_config::Column::Content.is_not_null())
        .all(caller.db())
        .await?;
    let config = |row: manifest_config::Model| {
        let content = serde_json::from_value(row.content.unwrap_or_default());
        Ok((row.manifest_id, content.map_err(anyhow::Error::from)?))
    };
    rows.into_iter().map(config).collect()
}

/// The configuration that a container image names. `None`: it is none, is too long, or is not here, which the manifest is
/// refused for.
pub(super) async fn read(
    caller: &Caller,
    container: ContainerId,
    document: &Document,
) -> Result<Option<Config>> {
    let mut parts = document.parts.iter();
    match parts.find(|(role, _)| *role == PartRole::Config) {
        Some((_, config)) if document.kind == ManifestKind::Image => {
            read_blob(caller, container, &config.digest).await
        }
        _ => Ok(None),
    }
}

async fn read_blob(
    caller: &Caller,
    container: ContainerId,
    digest: &Digest,
) -> Result<Option<Config>> {
    let stored = match blob::find_in(caller, container, digest).await {
        Err(Error::NotFound(_)) => return Ok(None),
        found => found?,
    };
    if stored.size > CONFIG_MAX {
        return Ok(None);
    }
    let source = caller.storage().source(digest).await?;
    let length = usize::try_from(stored.size).map_err(anyhow::Error::from)?;
    let content = source.read_at(0, length).await;
    let content = content.map_err(|error| Error::Unavailable {
        what: "storage",
        source: error.into(),
    })?;
    Ok(Config::parse(&content))
}

/// Keeps what a configuration says.
pub(super) async fn keep(tx: &Tx, manifest: ManifestId, config: &Config) -> Result<()> {
    let content = serde_json::to_value(config).map_err(anyhow::Error::from)?;
    let row = manifest_config::ActiveModel {
        manifest_id: Set(manifest),
        content: Set(Some(content)),
    };
    let there = OnConflict::column(manifest_config::Column::ManifestId)
        .update_column(manifest_config::Column::Content)
        .to_owned();
    manifest_config::Entity::insert(row)
        .on_conflict(there)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Reads the configurations of manifests that came before they were read, and tells how many there were.
///
/// # Errors
/// Those of database and storage.
pub async fn backfill(caller: &Caller) -> Result<u64> {
    let (mut done, mut last) = (0, ManifestId(0));
    loop {
        let some = waiting(caller, last).await?;
        if some.is_empty() {
            return Ok(done);
        }
        for (manifest, container, digest) in some {
            let config = read_blob(caller, container, &digest.parse()?).await?;
            caller
                .change(async |tx| {
                    match &config {
                        Some(config) => keep(tx, manifest, config).await?,
                        None => forget(tx, manifest).await?,
                    }
                    Ok(Change::none(()))
                })
                .await?;
            (done, last) = (done + 1, manifest);
        }
    }
}

async fn waiting(
    caller: &Caller,
    last: ManifestId,
) -> Result<Vec<(ManifestId, ContainerId, String)>> {
    let some = internal::<manifest_part::Entity>()
        .join(JoinType::InnerJoin, manifest_part::Relation::Manifest.def())
        .join(
            JoinType::InnerJoin,
            manifest_config::Relation::Manifest.def().rev(),
        )
        .filter(manifest_config::Column::Content.is_null())
        .filter(manifest_config::Column::ManifestId.gt(last))
        .filter(manifest_part::Column::Role.eq(PartRole::Config))
        .order_by_asc(manifest_config::Column::ManifestId)
        .limit(BATCH)
        .select_only()
        .column(manifest_part::Column::ManifestId)
        .column(manifest::Column::ContainerId)
        .column(manifest_part::Column::Digest);
    Ok(some.into_tuple().all(caller.db()).await?)
}

async fn forget(tx: &Tx, manifest: ManifestId) -> Result<()> {
    manifest_config::Entity::delete_many()
        .filter(manifest_config::Column::ManifestId.eq(manifest))
        .exec(tx.db())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_configuration_says_nothing() {
        for bad in [
            "",
            "[]",
            "7",
            "{",
            r#"{"architecture": 7}"#,
            r#"{"os": "\u0000"}"#,
        ] {
            assert_eq!(Config::parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(Config::parse(b"{}"), Some(Config::default()));
    }

    #[test]
    fn what_docker_leaves_null_is_taken_as_left_out() {
        let written = r#"{"config": {"Env": null, "Cmd": null, "Labels": null}, "history": null, "rootfs": {"diff_ids": null}}"#;
        let config = Config::parse(written.as_bytes()).expect("a configuration");
        assert_eq!(config.run, Some(Run::default()));
        assert_eq!(config.history(), []);
    }
}
