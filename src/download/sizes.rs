//! What takes how much, as a table for spreadsheets.
use std::collections::HashMap;

use poem::{
    Request, Response,
    http::{HeaderValue, header},
};
use serde::{Deserialize, Serialize};

use super::error::Result;
use crate::{
    auth, error,
    registry::{
        Caller,
        size_tree::{By, Node, Place, Question, place, tree},
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    /// The namespace or collection at the top; the site unless somebody says.
    #[serde(default)]
    root: String,
    #[serde(default = "two")]
    depth: u64,
    #[serde(default = "twenty")]
    first: u64,
    #[serde(default)]
    by: Measure,
}

/// As in the graph.
fn two() -> u64 {
    2
}

/// As in the graph.
fn twenty() -> u64 {
    20
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Measure {
    #[default]
    Size,
    Stored,
}

impl From<Measure> for By {
    fn from(measure: Measure) -> Self {
        match measure {
            Measure::Size => Self::Size,
            Measure::Stored => Self::Stored,
        }
    }
}

/// A line of the table. What has no path is the site, or the rest of what is in `parent`.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    path: &'a str,
    parent: &'a str,
    bytes: u64,
    containers: u64,
    images: u64,
    manifests: u64,
    downloads: u64,
    age_days: Option<f64>,
    unsigned_share: Option<f64>,
    others: Option<u64>,
}

/// `GET /sizes.csv[?root=<path>&depth=&first=&by=]`.
pub(super) async fn get(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let query: Query = request
        .params()
        .map_err(|error| error::Error::invalid("query", error.to_string()))?;
    let question = Question {
        root: place(&caller, &query.root).await?,
        depth: query.depth,
        children: query.first,
        by: query.by.into(),
    };
    let table = table(&caller, &tree(&caller, question).await?)?;
    let mut response = Response::builder()
        .content_type("text/csv; charset=utf-8; header=present")
        .body(table);
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let name = HeaderValue::from_static("attachment; filename=\"sizes.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

fn table(caller: &Caller, nodes: &[Node]) -> error::Result<Vec<u8>> {
    let named = nodes.iter().filter(|node| node.others.is_none());
    let paths: HashMap<Place, &str> = named
        .map(|node| (node.place, node.path.as_deref().unwrap_or_default()))
        .collect();
    let mut table = csv::Writer::from_writer(Vec::new());
    for node in nodes {
        let parent = node.parent.and_then(|parent| paths.get(&parent).copied());
        let line = Line {
            kind: kind(node),
            path: node.path.as_deref().unwrap_or_default(),
            parent: parent.unwrap_or_default(),
            bytes: node.bytes,
            containers: node.containers,
            images: node.images,
            manifests: node.manifests,
            downloads: node.downloads,
            age_days: node.age(caller.now()),
            unsigned_share: node.unsigned_share(),
            others: node.others,
        };
        table.serialize(line).map_err(anyhow::Error::from)?;
    }
    Ok(table
        .into_inner()
        .map_err(|error| anyhow::anyhow!("{error}"))?)
}

fn kind(node: &Node) -> &'static str {
    match (node.others, node.place) {
        (Some(_), _) => "others",
        (None, Place::Site) => "site",
        (None, Place::Namespace(_)) => "namespace",
        (None, Place::Collection(_)) => "collection",
        (None, Place::Container(_)) => "container",
    }
}
