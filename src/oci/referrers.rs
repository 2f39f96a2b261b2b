//! The manifests that name another one as their subject (distribution-spec, "Listing Referrers").
use poem::{
    Response,
    http::{HeaderName, header},
};
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::{call::Call, error::Result};
use crate::{
    error::Error,
    registry::manifest::{self, REFERRERS_MAX, Referrer, Referring},
};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// An image index (image-spec, "Image Index").
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u8,
    media_type: &'static str,
    manifests: Vec<Descriptor>,
}

/// A descriptor (image-spec, "OCI Content Descriptors").
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    #[serde(skip_serializing_if = "is_empty")]
    annotations: Value,
}

fn is_empty(annotations: &Value) -> bool {
    annotations.as_object().is_none_or(|map| map.is_empty())
}

impl From<Referrer> for Descriptor {
    fn from(referrer: Referrer) -> Self {
        Self {
            media_type: referrer.media_type,
            digest: referrer.digest,
            size: u64::from(referrer.length.unsigned_abs()),
            artifact_type: referrer.artifact_type,
            annotations: referrer.annotations,
        }
    }
}

/// `GET /v2/<name>/referrers/<digest>`, of one kind alone with `?artifactType=`. Where nothing is, or nothing that the
/// caller may see, the list is empty; 404 would tell clients that this server has no such lists.
pub(super) async fn list(call: Call<'_>) -> Result<Response> {
    let kind = call.param("artifactType").filter(|kind| !kind.is_empty());
    let last = call.param("last").map(|text| text.parse());
    let last = last
        .transpose()
        .map_err(|_| Error::invalid("last", "go on with the address in the header Link"))?;
    let digest = call.digest()?;
    let wanted = Referring {
        subject: &digest,
        artifact_type: kind.as_deref(),
        last,
    };
    let found = manifest::referrers(call.caller, &call.path()?, wanted).await?;
    let link = next(&call, &found, kind.as_deref());
    let index = Index {
        schema_version: 2,
        media_type: INDEX,
        manifests: found.into_iter().map(Descriptor::from).collect(),
    };
    let answer = Response::builder().content_type(INDEX);
    let answer = match link {
        Some(link) => answer.header(header::LINK, link),
        None => answer,
    };
    let answer = match kind {
        Some(_) => answer.header(FILTERS_APPLIED, "artifactType"),
        None => answer,
    };
    Ok(answer.body(serde_json::to_vec(&index).expect("an index is plain data")))
}

/// The address of the rest of a list that is longer than one answer.
fn next(call: &Call<'_>, found: &[Referrer], kind: Option<&str>) -> Option<String> {
    let last = found
        .last()
        .filter(|_| found.len() as u64 == REFERRERS_MAX)?;
    let mut query = Serializer::new(String::new());
    query.append_pair("last", &last.id.to_string());
    if let Some(kind) = kind {
        query.append_pair("artifactType", kind);
    }
    let path = call.request.uri().path();
    Some(format!("<{path}?{}>; rel=\"next\"", query.finish()))
}
