//! What the build tool wrote about the container: labels, environment, scripts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bytes::printable;

/// What a container, or an app within it, says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Shell code that sets the environment, by its path in the image.
    pub environment: BTreeMap<String, String>,
    /// The script of `run`.
    pub runscript: Option<String>,
    /// The script of `instance start`.
    pub startscript: Option<String>,
    /// The script of `test`.
    pub test: Option<String>,
    /// The text of `run-help`.
    pub help: Option<String>,
    /// The apps within the container, by name; they have no apps of their own.
    pub apps: BTreeMap<String, Metadata>,
}

/// What `inspect-metadata.json` says; parts that are missing or odd are left out.
pub(super) struct Inspected {
    pub metadata: Metadata,
    pub definition: Option<String>,
}

impl Inspected {
    /// Reads the file; `None` if it is not JSON.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let file: Value = serde_json::from_slice(bytes).ok()?;
        let attributes = &file["data"]["attributes"];
        let apps = members(&attributes["apps"]).map(|(name, app)| (printable(name), section(app)));
        let metadata = Metadata {
            apps: apps.collect(),
            ..section(attributes)
        };
        Some(Self {
            metadata,
            definition: string(&attributes["deffile"]),
        })
    }
}

/// Labels, environment and scripts of a container or an app.
fn section(attributes: &Value) -> Metadata {
    Metadata {
        labels: strings(&attributes["labels"]),
        environment: strings(&attributes["environment"]),
        runscript: string(&attributes["runscript"]),
        startscript: string(&attributes["startscript"]),
        test: string(&attributes["test"]),
        help: string(&attributes["helpfile"]),
        apps: BTreeMap::new(),
    }
}

/// The members of an object, each value as text.
pub(super) fn strings(object: &Value) -> BTreeMap<String, String> {
    members(object)
        .map(|(key, value)| (printable(key), render(value)))
        .collect()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(printable)
}

/// Text as it is, nothing for `null`, and JSON for what ought to be text but is not.
fn render(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
